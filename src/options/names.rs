//! The options' names, and what a caller may have meant by another.

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

// What belongs to one call: two creates with one tag, say, could not be told apart.
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
/// What a client's defaults may hold: each operation takes of them what it knows.
pub const DEFAULTS: &[&[&str]] = &[
    COMMON,
    OF_CREATES,
    LIFETIME,
    OF_DELETES,
    OF_LISTS,
    OF_AUDITS,
    OF_ROTATIONS,
];

/// Whether any operation takes an option of this name.
pub fn is_option(name: &str) -> bool {
    let operations = [CREATE, DELETE, DELETE_ORPHANS, LIST, AUDIT, ROTATE];
    let mut names = operations.iter().copied().flatten().copied().flatten();
    names.any(|known| *known == name)
}

/// What other SDKs call our options.
const ELSEWHERE: &[(&str, &str)] = &[
    ("apiKey", "token"),
    ("apiToken", "token"),
    ("timeout", "timeoutMs"),
    ("baseURL", "baseUrl"),
    ("expiresAt", "expireTime"),
    ("name", "displayName"),
    ("account", "accountId"),
    ("user", "userId"),
    ("retries", "maxRetries"),
];

/// The end of a sentence that says which known name comes nearest; empty where none is near.
pub fn hint(name: &str, known: &[&[&str]]) -> String {
    let known = || known.iter().flat_map(|names| names.iter().copied());
    let elsewhere = ELSEWHERE.iter().find(|(other, _)| *other == name);
    let meant = match elsewhere {
        Some((_, ours)) => known().find(|known| known == ours),
        None => known()
            .map(|known| (distance(name, known), known))
            .filter(|(distance, known)| *distance <= known.len().div_ceil(3))
            .min()
            .map(|(_, known)| known),
    };
    meant.map_or_else(String::new, |meant| {
        String::from("; did you mean ") + meant + "?"
    })
}

/// How many letters must change to turn one name into the other, whichever their case.
fn distance(name: &str, known: &str) -> usize {
    // Longer by more than the name itself is nobody's slip, and a stranger's name may be huge.
    if name.len() > 2 * known.len() {
        return usize::MAX;
    }
    strsim::levenshtein(&name.to_ascii_lowercase(), &known.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_answered_with_the_nearest_name() {
        for (name, meant) in [
            ("expireTme", "expireTime"),
            ("expiretime", "expireTime"),
            ("expires", "expiresIn"),
            ("annotation", "annotations"),
            ("displayname", "displayName"),
            ("display_name", "displayName"),
            ("acountId", "accountId"),
            ("apiKey", "token"),
            ("timeout", "timeoutMs"),
            ("baseURL", "baseUrl"),
            ("expiresAt", "expireTime"),
        ] {
            assert_eq!(
                hint(name, CREATE),
                format!("; did you mean {meant}?"),
                "{name}"
            );
        }
    }

    #[test]
    fn each_option_of_an_operation_has_a_bit() {
        for known in [CREATE, DELETE, DELETE_ORPHANS, LIST, AUDIT, ROTATE] {
            assert!(known.concat().len() <= u32::BITS as usize);
        }
    }

    #[test]
    fn a_name_that_is_near_to_nothing_gets_no_hint() {
        for name in ["", "x", "colour", "ĂĄĆ", &"x".repeat(1 << 20)] {
            assert_eq!(hint(name, CREATE), "");
        }
        // A hint must be an option of the operation that was called.
        assert_eq!(hint("expiresAt", LIST), "");
    }
}
