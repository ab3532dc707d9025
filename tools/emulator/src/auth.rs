//! Who calls, and what they may do.

use crate::failure::Failure;
use crate::server::{App, Who};
use crate::{secret, store};
use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use rusqlite::Connection;

/// Somebody with a credential that is good.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The user's id; none for the bootstrap token, which is nobody's.
    user: Option<String>,
    admin: bool,
}

impl Caller {
    /// Whether they may manage this user's keys.
    pub fn may_manage(&self, user: &str) -> Result<(), Failure> {
        if self.admin || self.user.as_deref() == Some(user) {
            Ok(())
        } else {
            Err(Failure::denied(
                "only an administrator manages somebody else's keys",
            ))
        }
    }

    /// Whether they may see everybody's keys.
    pub fn may_list_all(&self) -> Result<(), Failure> {
        if self.admin {
            Ok(())
        } else {
            Err(Failure::denied(
                "only an administrator lists everybody's keys",
            ))
        }
    }

    fn find(connection: &Connection, token: &str, bootstrap: &[u8; 32]) -> Result<Self, Failure> {
        let hash = secret::hash(token);
        if hash == *bootstrap {
            return Ok(Self {
                user: None,
                admin: true,
            });
        }
        let user = store::owner_of(connection, &hash)?.ok_or_else(Failure::unauthenticated)?;
        // A key whose user is gone is nobody's.
        let role = store::role_of(connection, &user)?.ok_or_else(Failure::unauthenticated)?;
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
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        let token = bearer(&parts.headers)
            .ok_or_else(Failure::unauthenticated)?
            .to_owned();
        let bootstrap = app.bootstrap;
        let find = move |connection: &mut Connection| Self::find(connection, &token, &bootstrap);
        let caller = app.store.run(find).await?;
        if let Some(who) = parts.extensions.get::<Who>() {
            who.is(caller.user.as_deref().unwrap_or("bootstrap"));
        }
        Ok(caller)
    }
}
