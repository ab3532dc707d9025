//! Finds out who is calling, and what they may do.

use crate::api_error::ApiError;
use crate::behaviour::Behaviour;
use crate::log::CallerName;
use crate::state::App;
use crate::{queries, secret};
use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use rusqlite::Connection;

/// The owner of a valid credential.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The user's id. The bootstrap token belongs to no user.
    user: Option<String>,
    admin: bool,
}

impl Caller {
    /// Fails with 403 unless they may manage this user's keys.
    pub fn may_manage(&self, user: &str) -> Result<(), ApiError> {
        if self.admin || self.user.as_deref() == Some(user) {
            Ok(())
        } else {
            Err(ApiError::denied(
                "only an administrator may manage another user's keys",
            ))
        }
    }

    /// Fails with 403 unless they may list the keys of all users.
    pub fn may_list_all(&self) -> Result<(), ApiError> {
        if self.admin {
            Ok(())
        } else {
            Err(ApiError::denied(
                "only an administrator may list the keys of all users",
            ))
        }
    }

    /// Looks up the owner of a token.
    fn find(
        connection: &Connection,
        token: &str,
        bootstrap: &[u8; 32],
        behaviour: &Behaviour,
    ) -> Result<Self, ApiError> {
        let hash = secret::hash(token);
        if hash == *bootstrap {
            return Ok(Self {
                user: None,
                admin: true,
            });
        }
        let (user, role) = queries::owner_of(connection, &hash, behaviour)?
            .ok_or_else(ApiError::unauthenticated)?;
        Ok(Self {
            user: Some(user),
            admin: role == "admin",
        })
    }
}

/// The bearer token of a request.
pub fn bearer(headers: &axum::http::HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

impl FromRequestParts<App> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let token = bearer(&parts.headers)
            .ok_or_else(ApiError::unauthenticated)?
            .to_owned();
        let bootstrap = app.bootstrap;
        let behaviour = parts.extensions.get().copied().unwrap_or(app.behaviour);
        let find = move |connection: &mut Connection| {
            Self::find(connection, &token, &bootstrap, &behaviour)
        };
        let caller = app.store.run(find).await?;
        if let Some(name) = parts.extensions.get::<CallerName>() {
            name.set(caller.user.as_deref().unwrap_or("bootstrap"));
        }
        Ok(caller)
    }
}
