//! The command line. Its error messages must not repeat the token, and no argument is guessed.

use clap::Parser;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::str::FromStr;

/// A local Fireworks AI API-keys service, for tests and demos. It listens on 127.0.0.1 only.
// Not Debug, which would show the token.
#[derive(Parser)]
#[command(name = "fireworks-emulator", version)]
pub struct Arguments {
    /// The port to listen on; 0 picks a free one.
    #[arg(long, default_value_t = 8787)]
    pub port: u16,
    /// The SQLite file, created if it is missing. Without it, everything is kept in memory.
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
    /// A token with the rights of an administrator. It is not a key and is never listed.
    #[arg(long, default_value = "fw_local_admin")]
    pub token: String,
    /// A folder of files to serve next to the API.
    #[arg(long, value_name = "DIR")]
    pub www: Option<PathBuf>,
    /// Lets tests inject faults through /_emulator/: see the README.
    #[arg(long)]
    pub faults: bool,
}

impl Arguments {
    /// Reads the command line. An error is a single line. Exits if only help or the version was asked
    /// for.
    pub fn read() -> Result<Self, String> {
        let arguments = Self::try_parse().map_err(|error| {
            if !error.use_stderr() {
                error.exit();
            }
            let text = error.to_string();
            let line = text.lines().next().unwrap_or_default();
            line.trim_start_matches("error: ").to_owned()
        })?;
        arguments.check()?;
        Ok(arguments)
    }

    fn check(&self) -> Result<(), String> {
        if !is_segment(&self.account) {
            return Err(format!("--account: {NOT_A_SEGMENT}"));
        }
        let can_be_sent = |byte: u8| byte.is_ascii_graphic();
        if self.token.is_empty() || !self.token.bytes().all(can_be_sent) {
            return Err("--token: a token must consist of visible ASCII characters".into());
        }
        let mut ids = BTreeSet::new();
        match self.users.iter().find(|user| !ids.insert(&user.id)) {
            Some(user) => Err(format!("--user: {:?} is given twice", user.id)),
            None => Ok(()),
        }
    }
}

const NOT_A_SEGMENT: &str = "an id must be one path segment, and not \"-\"";

fn is_segment(id: &str) -> bool {
    !matches!(id, "" | "." | ".." | "-") && !id.contains('/')
}

/// A user or service account of the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The id, one path segment.
    pub id: String,
    /// What the user may do.
    pub role: Role,
    /// Whether it is a service account.
    pub service_account: bool,
}

/// What a user may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Role {
    /// Manage the keys of all users.
    Admin,
    /// Manage their own keys.
    User,
    /// Manage their own keys.
    Contributor,
    /// Manage their own keys.
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
        if !is_segment(id) {
            return Err(NOT_A_SEGMENT.into());
        }
        let role = match parts.next() {
            None => Role::User,
            Some(role) => <Role as clap::ValueEnum>::from_str(role, false).map_err(
                |_| "the role must be one of admin, user, contributor and inference-user",
            )?,
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
    fn a_user_is_an_id_a_role_and_whether_it_is_a_service_account() {
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

    #[test]
    fn invalid_accounts_tokens_and_repeated_users_are_refused() {
        let check = |words: &[&str]| {
            let words = ["fireworks-emulator"].iter().chain(words);
            Arguments::try_parse_from(words).unwrap().check()
        };
        assert_eq!(check(&[]), Ok(()));
        for wrong in [
            ["--account", "a/b"].as_slice(),
            &["--account", ""],
            &["--token", ""],
            &["--token", "fw_ü"],
            &["--token", "fw a"],
            &["--user", "me:admin", "--user", "me"],
        ] {
            assert!(check(wrong).is_err(), "{wrong:?}");
        }
        let said = check(&["--token", "fw secret"]).unwrap_err();
        assert!(!said.contains("secret"), "{said}");
    }
}
