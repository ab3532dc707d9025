//! The access log: a line of JSON on standard error for each request. It must never hold a secret, so
//! neither query nor headers are in it.

use crate::server::Who;
use axum::extract::Request;
use percent_encoding::percent_decode_str;
use serde_json::json;
use std::io::Write;
use std::time::Instant;

/// What is logged of a request, written when it is dropped: also where the caller went away and
/// nobody is left to answer.
pub struct Line {
    started: Instant,
    method: String,
    path: String,
    request_id: String,
    who: Who,
    status: Option<u16>,
}

impl Line {
    /// Begins the line of a request that was made with this token.
    pub fn begin(request: &Request, token: &str, request_id: &str, who: &Who) -> Self {
        Self {
            started: Instant::now(),
            method: request.method().to_string(),
            path: without_secrets(request.uri().path(), token),
            request_id: request_id.into(),
            who: who.clone(),
            status: None,
        }
    }

    /// Notes what is answered; a connection that is closed instead has no status.
    pub fn answered(&mut self, status: u16) {
        self.status = Some(status);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let line = json!({
            "time": crate::store::rfc3339(crate::store::now_us()),
            "method": self.method,
            "path": self.path,
            "status": self.status,
            "ms": self.started.elapsed().as_micros() as f64 / 1_000.0,
            "requestId": self.request_id,
            "user": self.who.name(),
        });
        // In one piece, as lines of several threads must not mix; who closed standard error wants
        // no log.
        let _ = std::io::stderr().write_all(format!("{line}\n").as_bytes());
    }
}

/// The path, with what is or may be a secret left out of its segments.
fn without_secrets(path: &str, token: &str) -> String {
    let segments = path.split('/').map(|segment| {
        let plain = percent_decode_str(segment).decode_utf8_lossy();
        match plain.find("fw_") {
            Some(at) => format!("{}fw_…", &plain[..at]),
            None if !token.is_empty() && plain.contains(token) => "…".into(),
            None => segment.into(),
        }
    });
    segments.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_in_a_path_is_not_logged() {
        for (path, logged) in [
            ("/v1/a/b%20c", "/v1/a/b%20c"),
            ("/v1/xfw_secret/users", "/v1/xfw_…/users"),
            ("/v1/f%77%5fsecret", "/v1/fw_…"),
            ("/v1/un%75sual", "/v1/…"),
        ] {
            assert_eq!(without_secrets(path, "unusual"), logged);
        }
        assert_eq!(without_secrets("/v1/a", ""), "/v1/a");
    }
}
