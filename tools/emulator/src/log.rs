//! The access log: a line of JSON on standard error for each request, without secrets.

use serde_json::json;
use std::io::Write;
use std::time::Duration;

/// What is logged of a request. Neither its query nor its headers: they may hold secrets.
pub struct Access<'a> {
    /// The method.
    pub method: &'a str,
    /// The path.
    pub path: &'a str,
    /// The status; none where the connection was closed instead.
    pub status: Option<u16>,
    /// How long it took.
    pub duration: Duration,
    /// The id that the answer carries.
    pub request_id: &'a str,
    /// Who called, where that was found out.
    pub user: Option<&'a str>,
}

/// Writes the line.
pub fn access(access: &Access<'_>) {
    let line = json!({
        "time": crate::store::rfc3339(crate::store::now_us()),
        "method": access.method,
        "path": without_keys(access.path),
        "status": access.status,
        "ms": access.duration.as_micros() as f64 / 1_000.0,
        "requestId": access.request_id,
        "user": access.user,
    });
    // Who closed standard error wants no log.
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// The path, with the rest of a segment left out from where something like a key begins.
fn without_keys(path: &str) -> String {
    let segments = path.split('/').map(|segment| match segment.find("fw_") {
        Some(at) => format!("{}fw_…", &segment[..at]),
        None => segment.into(),
    });
    segments.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_in_a_path_is_not_logged() {
        assert_eq!(without_keys("/v1/xfw_secret/users"), "/v1/xfw_…/users");
        assert_eq!(without_keys("/v1/a/b"), "/v1/a/b");
    }
}
