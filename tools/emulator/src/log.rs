//! The access log: a line of JSON on standard error for each request. It must never hold a secret, so
//! neither query nor headers are in it; nor must a request ever wait for it.

use crate::server::Who;
use axum::extract::Request;
use axum::http::Method;
use percent_encoding::percent_decode_str;
use serde_json::json;
use std::borrow::Cow;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::time::{Duration, Instant};

/// How many lines may wait to be written. Where nobody reads standard error, later ones are lost.
const WAITING: usize = 1_024;

/// How long the last lines may take at the end.
const LAST: Duration = Duration::from_secs(1);

/// How every key begins.
const KEY: &str = "fw_";

/// What stands for what must not be read.
const HIDDEN: &str = "…";

/// The log, written by a thread of its own.
#[derive(Clone)]
pub struct Log {
    messages: SyncSender<Message>,
    lost: Arc<AtomicU64>,
    bootstrap: Arc<str>,
}

enum Message {
    Line(String),
    /// Everything before this is written.
    Written(Sender<()>),
}

impl Log {
    /// Starts it; what it must not repeat is this token, and whatever looks like a key.
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

    /// Begins the line of a request that was made with this token.
    pub fn begin(&self, request: &Request, token: &str, request_id: &str, who: &Who) -> Line {
        Line {
            log: self.clone(),
            started: Instant::now(),
            method: known(request.method()),
            path: without_secrets(request.uri().path(), &[token, &self.bootstrap]),
            request_id: request_id.into(),
            who: who.clone(),
            status: None,
        }
    }

    /// Waits until the lines so far are written, where somebody reads them.
    pub fn finish(&self) {
        let (tell, written) = mpsc::channel();
        let messages = self.messages.clone();
        std::thread::spawn(move || messages.send(Message::Written(tell)));
        let _ = written.recv_timeout(LAST);
    }
}

fn write(messages: &Receiver<Message>, lost: &AtomicU64) {
    // Who closed standard error wants no log.
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

/// What is logged of a request, when it is dropped: also where the caller went away and nobody is
/// left to answer.
pub struct Line {
    log: Log,
    started: Instant,
    method: &'static str,
    path: String,
    request_id: String,
    who: Who,
    status: Option<u16>,
}

impl Line {
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
        if (self.log.messages)
            .try_send(Message::Line(format!("{line}\n")))
            .is_err()
        {
            self.log.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// The method's name; one that nobody knows may be anything.
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

/// The path, with what is or may be a secret left out of its segments.
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

/// A segment, percent-decoded until there is nothing to decode: whoever reads the log could do so.
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
    fn a_method_that_nobody_knows_is_not_logged() {
        assert_eq!(known(&Method::DELETE), "DELETE");
        assert_eq!(known(&Method::from_bytes(b"FW_SECRET").unwrap()), HIDDEN);
    }
}
