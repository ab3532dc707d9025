//! The options' names.

/// The options of every operation.
const COMMON: &[&str] = &[
    "token",
    "accountId",
    "userId",
    "baseUrl",
    "allowHttp",
    "fetch",
    "headers",
    "timeoutMs",
    "totalTimeoutMs",
    "maxRetries",
    "signal",
    "waitUntil",
    "onEvent",
];
const OF_CREATES: &[&str] = &["displayName", "annotations", "orphanProtection"];
const OF_DELETES: &[&str] = &["missingOk"];
const OF_LISTS: &[&str] = &["pageSize", "filter", "orderBy", "readMask"];
const OF_AUDITS: &[&str] = &["pageSize", "filter", "staleAfter", "expiringWithin"];

const OF_ROTATIONS: &[&str] = &["persist", "verify", "keep", "onUnfinished"];
const LIFETIME: &[&str] = &["expireTime", "expiresIn"];

// These belong to one call. If two creates shared a default tag, `deleteOrphans` could not tell them apart.
const OF_ONE_CREATE: &[&str] = &["attemptTag"];
const OF_ONE_KEY: &[&str] = &["keyId"];
const OF_ONE_SWEEP: &[&str] = &["attemptTag", "keepKeyId"];
const OF_ONE_LIST: &[&str] = &["pageToken"];

/// What `createApiKey` takes.
pub const CREATE: &[&[&str]] = &[COMMON, OF_CREATES, LIFETIME, OF_ONE_CREATE];
/// What `deleteApiKey` takes.
pub const DELETE: &[&[&str]] = &[COMMON, OF_DELETES, OF_ONE_KEY];
/// What `deleteOrphans` takes.
pub const DELETE_ORPHANS: &[&[&str]] = &[COMMON, OF_ONE_SWEEP];
/// What `listApiKeys` and `listUsers` take.
pub const LIST: &[&[&str]] = &[COMMON, OF_LISTS, OF_ONE_LIST];
/// What `auditApiKeys` takes.
pub const AUDIT: &[&[&str]] = &[COMMON, OF_AUDITS];
/// What `rotateApiKey` takes.
pub const ROTATE: &[&[&str]] = &[COMMON, OF_ROTATIONS, LIFETIME, OF_ONE_KEY];
/// What a client's defaults may hold. Each operation uses the ones that it takes.
pub const DEFAULTS: &[&[&str]] = &[
    COMMON,
    OF_CREATES,
    LIFETIME,
    OF_DELETES,
    OF_LISTS,
    OF_AUDITS,
    OF_ROTATIONS,
];

/// Whether this option belongs to one call, so that a client cannot have a default for it.
pub fn is_of_one_call(name: &str) -> bool {
    let of_one_call = [OF_ONE_CREATE, OF_ONE_KEY, OF_ONE_SWEEP, OF_ONE_LIST];
    of_one_call.iter().any(|names| names.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_option_of_an_operation_has_a_bit() {
        for known in [CREATE, DELETE, DELETE_ORPHANS, LIST, AUDIT, ROTATE] {
            assert!(known.concat().len() <= u32::BITS as usize);
        }
    }
}
