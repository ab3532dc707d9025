//! The command line.

use clap::Parser;
use std::path::PathBuf;
use std::str::FromStr;

/// A local Fireworks AI API-keys service, for tests and demos. It listens on 127.0.0.1 only.
#[derive(Debug, Parser)]
#[command(name = "fireworks-emulator", version)]
pub struct Arguments {
    /// Where to listen; 0 picks a free port.
    #[arg(long, default_value_t = 8787)]
    pub port: u16,
    /// The SQLite file, created where it is missing; without it, everything is kept in memory.
    #[arg(long, value_name = "FILE")]
    pub db: Option<PathBuf>,
    /// The account's id.
    #[arg(long, value_name = "ID", default_value = "local")]
    pub account: String,
    /// A user: an id, then a role (admin, user, contributor, inference-user), then
    /// `service-account`. May be given several times.
    #[arg(
        long = "user",
        value_name = "ID[:ROLE[:service-account]]",
        default_values = ["me:admin", "ci-bot:user:service-account"]
    )]
    pub users: Vec<User>,
    /// A credential that is an administrator and no listed key.
    #[arg(long, default_value = "fw_local_admin", hide_default_value = true)]
    pub token: String,
    /// A folder to serve beside the API.
    #[arg(long, value_name = "DIR")]
    pub www: Option<PathBuf>,
    /// Lets tests ask for trouble at /_emulator/.
    #[arg(long)]
    pub faults: bool,
}

/// A user or service account of the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The id, one path segment.
    pub id: String,
    /// What they may do.
    pub role: Role,
    /// Whether it is no person.
    pub service_account: bool,
}

/// What a user may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Role {
    /// Everything, for everybody.
    Admin,
    /// Their own keys.
    User,
    /// Their own keys.
    Contributor,
    /// Their own keys.
    InferenceUser,
}

impl Role {
    /// The role's name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::User => "user",
            Self::Contributor => "contributor",
            Self::InferenceUser => "inference-user",
        }
    }
}

impl FromStr for User {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = text.split(':');
        let id = parts.next().unwrap_or_default();
        if matches!(id, "" | "." | ".." | "-") || id.contains('/') {
            return Err("the id must be one path segment, and not \"-\"".into());
        }
        let role = match parts.next() {
            None => Role::User,
            Some(role) => <Role as clap::ValueEnum>::from_str(role, false)?,
        };
        let service_account = match parts.next() {
            None => false,
            Some("service-account") => true,
            Some(_) => return Err("the third part can only be service-account".into()),
        };
        match parts.next() {
            None => Ok(Self {
                id: id.into(),
                role,
                service_account,
            }),
            Some(_) => Err("there are more than three parts".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_an_id_a_role_and_whether_it_is_a_person() {
        let user = |text: &str| text.parse::<User>();
        let expected = |id: &str, role, service_account| {
            Ok(User {
                id: id.into(),
                role,
                service_account,
            })
        };
        assert_eq!(user("me:admin"), expected("me", Role::Admin, false));
        assert_eq!(user("me"), expected("me", Role::User, false));
        assert_eq!(
            user("bot:inference-user:service-account"),
            expected("bot", Role::InferenceUser, true)
        );
        for wrong in [
            "",
            "-",
            "a/b",
            ":admin",
            "me:owner",
            "me:admin:person",
            "me:admin:service-account:x",
        ] {
            assert!(user(wrong).is_err(), "{wrong}");
        }
    }
}
