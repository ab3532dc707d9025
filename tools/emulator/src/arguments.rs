//! The command line. Its error messages must not repeat the token, and no argument is guessed.

use crate::behaviour::{Behaviour, LONGEST_LAG};
use crate::clock::Clock;
use crate::cors::Cors;
use crate::rate::Rate;
use crate::{duration, origin};
use clap::Parser;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

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
    /// The account's id. A file that holds another account's keys is refused.
    #[arg(long, value_name = "ID", default_value = "local")]
    pub account: String,
    /// Another account that every caller can see in the list of accounts, but not manage. May be given
    /// several times.
    #[arg(long = "other-account", value_name = "ID")]
    pub other_accounts: Vec<String>,
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
    /// Puts 25 keys of different ages, owners, ends and uses into the database, unless a key was ever
    /// created in it.
    #[arg(long)]
    pub seed: bool,
    /// A folder of files to serve next to the API. Links that lead out of it are not followed.
    #[arg(long, value_name = "DIR")]
    pub www: Option<PathBuf>,
    /// Lets tests inject faults through /_emulator/: see docs/emulator.md.
    #[arg(long)]
    pub faults: bool,
    /// A name, without a port, by which containers or a forwarder reach the emulator: the Host of their
    /// requests. Those of this machine (localhost, 127.0.0.1, ::1) need no option; requests for any
    /// other are answered 421. May be given several times.
    #[arg(long = "host", value_name = "NAME")]
    pub hosts: Vec<String>,
    /// How long the body of a request may take to arrive, before it is answered 408.
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration::parse)]
    pub body_timeout: Duration,
    /// How far lists of keys lag behind what was created and deleted, at most 1h.
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = lag, help_heading = UNKNOWN)]
    pub list_lag: Duration,
    /// How long a new key is not yet accepted and a deleted one still is, at most 1h.
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = lag, help_heading = UNKNOWN)]
    pub key_lag: Duration,
    /// How many requests to the API may be sent in which time, such as 600/1m. More are answered 429 with
    /// Retry-After. Without it, there is no limit.
    #[arg(long, value_name = "COUNT/TIME", help_heading = UNKNOWN)]
    pub rate: Option<Rate>,
    /// Which pages of other origins may use the API: any, none, or a list such as
    /// `https://app.example,https://admin.example`.
    #[arg(long, value_name = "ORIGINS", default_value = "any", help_heading = UNKNOWN)]
    pub cors: Cors,
    /// How many characters the value of an annotation may have. A create with a longer one is answered
    /// 400. Without it, there is no limit.
    #[arg(long, value_name = "CHARACTERS", help_heading = UNKNOWN)]
    pub longest_annotation: Option<usize>,
    /// How far the service's clock is ahead (+1h) or behind (-5m): keys are created and end by it, and
    /// the Date of answers tells it.
    #[arg(
        long,
        value_name = "TIME",
        default_value = "+0s",
        allow_hyphen_values = true,
        help_heading = UNKNOWN
    )]
    pub clock: Clock,
    /// Whether lists come page by page. If it is off, pageSize and pageToken are ignored, and the whole
    /// list comes at once.
    #[arg(long, default_value = "on", help_heading = UNKNOWN)]
    pub paging: Paging,
    /// What becomes of the keys of a user who is removed, with DELETE /_emulator/users/{id} or by a
    /// restart without their --user. They are always listed for the user "-".
    #[arg(long, default_value = "refused", help_heading = UNKNOWN)]
    pub keys_of_removed_users: RemovedUsersKeys,
}

/// The heading of the options that choose what is unknown of the real service.
const UNKNOWN: &str = "What is unknown of the real service";

/// Whether lists come page by page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Paging {
    /// They do.
    On,
    /// They come whole.
    Off,
}

/// What becomes of the keys of a removed user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum RemovedUsersKeys {
    /// They no longer work.
    Refused,
    /// They still work.
    Accepted,
}

/// Reads how far something lags.
fn lag(text: &str) -> Result<Duration, String> {
    let lag = duration::parse(text)?;
    match lag <= LONGEST_LAG {
        true => Ok(lag),
        false => Err("it can be 1h at most".into()),
    }
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

    /// The account and the others.
    pub fn accounts(&self) -> impl Iterator<Item = &str> {
        let others = self.other_accounts.iter().map(String::as_str);
        std::iter::once(self.account.as_str()).chain(others)
    }

    /// How the service behaves.
    pub fn behaviour(&self) -> Behaviour {
        Behaviour {
            clock: self.clock,
            list_lag: self.list_lag,
            key_lag: self.key_lag,
            longest_annotation: self.longest_annotation,
            paging: self.paging == Paging::On,
            removed_users_keys: self.keys_of_removed_users == RemovedUsersKeys::Accepted,
            annotations: true,
            cors: true,
        }
    }

    fn check(&self) -> Result<(), String> {
        if !is_segment(&self.account) {
            return Err(format!("--account: {NOT_A_SEGMENT}"));
        }
        if !self.other_accounts.iter().all(|id| is_segment(id)) {
            return Err(format!("--other-account: {NOT_A_SEGMENT}"));
        }
        let mut accounts = BTreeSet::new();
        if let Some(twice) = self.accounts().find(|id| !accounts.insert(*id)) {
            return Err(format!("--other-account: {twice:?} is given twice"));
        }
        if let Some(host) = self.hosts.iter().find(|host| !origin::is_host_name(host)) {
            return Err(format!(
                "--host: {host:?} is not a host name without a port"
            ));
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
            &["--other-account", "a/b"],
            &["--other-account", "local"],
            &["--other-account", "a", "--other-account", "a"],
            &["--host", ""],
            &["--host", "emulator:8787"],
            &["--host", "http://emulator"],
            &["--host", "[::g]"],
        ] {
            assert!(check(wrong).is_err(), "{wrong:?}");
        }
        let said = check(&["--token", "fw secret"]).unwrap_err();
        assert!(!said.contains("secret"), "{said}");
    }
}
