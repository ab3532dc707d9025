//! The access log: a line of JSON on standard error for each request. It must not contain secrets, so it
//! leaves out queries and headers, and a request must not have to wait for it.

use crate::clock::{machine_us, rfc3339};
use axum::extract::Request;
use axum::http::Method;
use percent_encoding::percent_decode_str;
use serde_json::json;
use std::borrow::Cow;
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// How many lines may wait to be written. If standard error is not read, later lines are lost.
const WAITING: usize = 1_024;

/// How long to wait for the last lines to be written at shutdown.
const LAST: Duration = Duration::from_secs(1);

/// What every key begins with.
const KEY: &str = "fw_";

/// What is logged in place of a secret.
const HIDDEN: &str = "…";

/// The log. A thread of its own writes it.
#[derive(Clone)]
pub struct Log {
    messages: SyncSender<Message>,
    lost: Arc<AtomicU64>,
    bootstrap: Arc<str>,
}

/// The name of the caller, which becomes known while the request is served.
#[derive(Clone, Default)]
pub struct CallerName(Arc<OnceLock<String>>);

impl CallerName {
    /// Notes the name.
    pub fn set(&self, name: &str) {
        // If it is set already, then to the same name.
        let _ = self.0.set(name.into());
    }

    /// The name, if it is known.
    pub fn get(&self) -> Option<&str> {
        self.0.get().map(String::as_str)
    }
}

enum Message {
    Line(String),
    /// Asks for a reply once all earlier lines are written.
    Written(Sender<()>),
}

impl Log {
    /// Starts the log. It will hide this token, and everything that looks like a key.
    pub fn start(bootstrap: &str) -> Self {
        let (messages, received) = mpsc::sync_channel(WAITING);
        let lost = Arc::<AtomicU64>::default();
        let count = Arc::clone(&lost);
        std::thread::spawn(move || write(&received, &count));
        Self {
            messages,
            lost,
            bootstrap: bootstrap.into(),
        }
    }

    /// Begins the line for a request. The request's token is hidden, should it be in the path.
    pub fn begin(
        &self,
        request: &Request,
        token: &str,
        request_id: &str,
        caller: &CallerName,
    ) -> Line {
        Line {
            log: self.clone(),
            started: Instant::now(),
            method: known(request.method()),
            path: without_secrets(request.uri().path(), &[token, &self.bootstrap]),
            request_id: request_id.into(),
            caller: caller.clone(),
            status: None,
        }
    }

    /// Waits until all lines so far are written, or for a second at most.
    pub fn finish(&self) {
        let (tell, written) = mpsc::channel();
        let messages = self.messages.clone();
        std::thread::spawn(move || messages.send(Message::Written(tell)));
        let _ = written.recv_timeout(LAST);
    }
}

fn write(messages: &Receiver<Message>, lost: &AtomicU64) {
    // If standard error is closed, there is nowhere to report that.
    let print = |line: &str| {
        let _ = std::io::stderr().write_all(line.as_bytes());
    };
    for message in messages {
        match message {
            Message::Line(line) => print(&line),
            Message::Written(tell) => {
                let _ = tell.send(());
            }
        }
        match lost.swap(0, Ordering::Relaxed) {
            0 => {}
            lines => print(&format!("{}\n", json!({ "lostLines": lines }))),
        }
    }
}

/// A request's line in the log. It is written when this is dropped, so that a request whose caller has
/// disconnected is logged too.
pub struct Line {
    log: Log,
    started: Instant,
    method: &'static str,
    path: String,
    request_id: String,
    caller: CallerName,
    status: Option<u16>,
}

impl Line {
    /// Notes the status of the answer. There is none if the connection is closed without an answer.
    pub fn answered(&mut self, status: u16) {
        self.status = Some(status);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let line = json!({
            "time": rfc3339(machine_us()),
            "method": self.method,
            "path": self.path,
            "status": self.status,
            "ms": self.started.elapsed().as_micros() as f64 / 1_000.0,
            "requestId": self.request_id,
            "user": self.caller.get(),
        });
        if (self.log.messages)
            .try_send(Message::Line(format!("{line}\n")))
            .is_err()
        {
            self.log.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// The method's name. An unknown method is hidden, as its name could be a secret.
fn known(method: &Method) -> &'static str {
    const KNOWN: [Method; 7] = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
    ];
    const NAMES: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    let position = KNOWN.iter().position(|known| known == method);
    position
        .and_then(|position| NAMES.get(position).copied())
        .unwrap_or(HIDDEN)
}

/// The path, with everything hidden that is or may be a secret.
fn without_secrets(path: &str, tokens: &[&str]) -> String {
    let segments = path.split('/').map(|segment| {
        let plain = decoded(segment);
        match plain.to_ascii_lowercase().find(KEY) {
            Some(at) => format!("{}{KEY}{HIDDEN}", plain.get(..at).unwrap_or_default()),
            None if tokens
                .iter()
                .any(|token| !token.is_empty() && plain.contains(token)) =>
            {
                HIDDEN.into()
            }
            None => segment.into(),
        }
    });
    segments.collect::<Vec<_>>().join("/")
}

/// Percent-decodes a segment as often as possible, as a reader of the log could do the same.
fn decoded(segment: &str) -> Cow<'_, str> {
    let mut plain = Cow::Borrowed(segment);
    loop {
        let next = percent_decode_str(&plain).decode_utf8_lossy().into_owned();
        if next == plain {
            return plain;
        }
        plain = Cow::Owned(next);
    }
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
            ("/v1/fw%25255fsecret", "/v1/fw_…"),
            ("/v1/FW_secret", "/v1/fw_…"),
            ("/v1/un%75sual", "/v1/…"),
            ("/v1/xtheirsx", "/v1/…"),
        ] {
            assert_eq!(without_secrets(path, &["unusual", "theirs"]), logged);
        }
        assert_eq!(without_secrets("/v1/a", &[""]), "/v1/a");
    }

    #[test]
    fn an_unknown_method_is_not_logged() {
        assert_eq!(known(&Method::DELETE), "DELETE");
        assert_eq!(known(&Method::from_bytes(b"FW_SECRET").unwrap()), HIDDEN);
    }
}
