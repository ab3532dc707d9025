//! What happens to a key, with no JavaScript type in it: which requests are made, and what their
//! answers mean. It reaches the world only through [`Service`], so that it runs natively under
//! test; it must never see a token or the secret of a key.

mod audit;
mod call;
mod create;
mod delete;
pub mod duration;
mod effect;
mod error;
mod event;
mod lifetime;
mod lineage;
mod list;
mod mark;
mod names;
mod new_key;
pub mod number;
mod path;
pub mod retry;
mod rotate;
mod service;
mod sweep;
pub mod time;

pub use audit::{Audited, Counts, Finding, Thresholds, audit};
pub use call::{Call, Limits};
pub use create::{Create, Created, Orphans};
pub use delete::Deletion;
pub use error::{
    Error, ErrorOf, InvalidOption, Limit, Outcome, TransportError, TransportErrorKind,
};
pub use event::{Event, RetryReason, Stage};
pub use lifetime::End;
pub use lineage::Successor;
pub use list::{Collection, Page, page};
pub use mark::{ATTEMPT, CALL, LIFETIME, Mark, RESERVED, REVOKES, ROTATES};
pub use new_key::{KeyFields, NewKey};
pub use rotate::{Aftermath, Pending, Rotate, Rotated, Rotation, RotationError, RotationErrorKind};
pub use service::{
    Aborted, Answer, Body, Item, KeyStore, Payload, Persisted, Request, Rotator, Service,
};
pub use sweep::{Horizon, Sweep, Unfinished};
