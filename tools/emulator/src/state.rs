//! What the handlers share: the account, its database, the fault rules and the access log.

use crate::api_error::ApiError;
use crate::fault::Faults;
use crate::log::Log;
use crate::store::Store;
use std::sync::Arc;

/// The state that every request is served with.
#[derive(Clone)]
pub struct App {
    /// The account's id.
    pub account: Arc<str>,
    /// The hash of the bootstrap token.
    pub bootstrap: [u8; 32],
    /// The users and keys.
    pub store: Store,
    /// The fault rules that tests have added.
    pub faults: Arc<Faults>,
    /// The access log.
    pub log: Log,
}

impl App {
    /// Fails with 404 unless this is the account that the emulator serves.
    pub fn check_account(&self, account: &str) -> Result<(), ApiError> {
        if *account == *self.account {
            Ok(())
        } else {
            Err(ApiError::missing("there is no such account"))
        }
    }
}
