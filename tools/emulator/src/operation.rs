//! Recognises the operation of the API that a request asks for.

use axum::http::{Method, Uri};
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};

/// An operation of the API reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Operation {
    /// Create API Key.
    Create,
    /// List API Keys.
    List,
    /// Delete API Key.
    Delete,
    /// List Users.
    Users,
    /// Get Account.
    Account,
    /// List Accounts.
    Accounts,
}

impl Operation {
    /// The operation that a request asks for, and the user in its path.
    pub fn of(method: &Method, uri: &Uri) -> Option<(Self, Option<String>)> {
        let segments: Vec<String> = uri
            .path()
            .split('/')
            .skip(1)
            .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
            .collect();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let get = matches!(*method, Method::GET | Method::HEAD);
        let post = method == Method::POST;
        match segments.as_slice() {
            ["v1", "accounts"] if get => Some((Self::Accounts, None)),
            ["v1", "accounts", _] if get => Some((Self::Account, None)),
            ["v1", "accounts", _, "users"] if get => Some((Self::Users, None)),
            ["v1", "accounts", _, "users", user, action] => {
                let operation = match *action {
                    "apiKeys" if get => Self::List,
                    "apiKeys" if post => Self::Create,
                    "apiKeys:delete" if post => Self::Delete,
                    _ => return None,
                };
                Some((operation, Some((*user).into())))
            }
            _ => None,
        }
    }
}
