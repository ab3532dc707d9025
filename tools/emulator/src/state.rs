//! What the handlers share: the account, its database, how the service behaves, and the access log.

use crate::api_error::ApiError;
use crate::behaviour::Behaviour;
use crate::fault::Faults;
use crate::log::Log;
use crate::rate::RateLimit;
use crate::store::Store;
use std::sync::Arc;

/// The state that every request is served with.
#[derive(Clone)]
pub struct App {
    /// The account's id.
    pub account: Arc<str>,
    /// Other accounts, which callers can see but not manage.
    pub other_accounts: Arc<[String]>,
    /// The ids of the users that the command line gives.
    pub users: Arc<[String]>,
    /// The hash of the bootstrap token.
    pub bootstrap: [u8; 32],
    /// The users and keys.
    pub store: Store,
    /// How the service behaves unless a fault rule changes it.
    pub behaviour: Behaviour,
    /// How many requests are served in a time.
    pub rate: Option<Arc<RateLimit>>,
    /// The fault rules that tests have added.
    pub faults: Arc<Faults>,
    /// The access log.
    pub log: Log,
}

impl App {
    /// Fails unless this is the account whose users and keys the emulator has.
    pub fn check_account(&self, account: &str) -> Result<(), ApiError> {
        if *account == *self.account {
            Ok(())
        } else if self.other_accounts.iter().any(|other| other == account) {
            Err(ApiError::denied("this API key is of another account"))
        } else {
            Err(ApiError::no_account())
        }
    }
}
