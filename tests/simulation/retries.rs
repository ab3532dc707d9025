//! When a request is tried again, how long after, and what the caller is told of it.

use crate::answer::{Reply, Thing};
use fireworks_keys::lifecycle::{
    Aborted, Call, Collection, Error, Event, Limit, Limits, Outcome, Page, Request, Service,
    TransportError, TransportErrorKind, page,
};
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// What an attempt meets.
#[derive(Clone, Copy)]
enum Fate {
    /// It takes 10 ms until the connection breaks.
    Breaks,
    /// It takes as long as it may.
    Hangs,
    /// It is answered with this status, and asked to wait for so long.
    Refused(u16, Option<&'static str>),
    /// It is answered with a page.
    Answered,
}

/// A service that does to each attempt what the script says, and to any after its end what it says last.
struct Scripted {
    script: &'static [Fate],
    now_ms: Cell<f64>,
    requests: Cell<usize>,
    waits: RefCell<Vec<f64>>,
    told: RefCell<Vec<String>>,
}

impl Service for Scripted {
    type Answer = Reply;
    type Cause = ();

    async fn exchange(&self, _: &Request<'_>, limit_ms: f64) -> Result<Reply, TransportError<()>> {
        let turn = self.requests.replace(self.requests.get() + 1);
        let fate = self.script.get(turn).or(self.script.last()).copied();
        let (ms, outcome) = match fate {
            Some(Fate::Breaks) => (10.0, Err(TransportErrorKind::Unreachable(()))),
            Some(Fate::Refused(status, None)) => (0.0, Ok(Reply::refusal(status))),
            Some(Fate::Refused(status, Some(after))) => {
                (0.0, Ok(Reply::refusal(status).after(after)))
            }
            Some(Fate::Answered) => (0.0, Ok(Reply::ok(Thing::default()))),
            Some(Fate::Hangs) | None => (limit_ms, Err(TransportErrorKind::TimedOut)),
        };
        self.now_ms.update(|now_ms| now_ms + ms);
        outcome.map_err(|kind| TransportError { sent: true, kind })
    }

    async fn sleep(&self, ms: f64) -> Result<(), Aborted> {
        self.waits.borrow_mut().push(ms);
        self.now_ms.update(|now_ms| now_ms + ms);
        Ok(())
    }

    fn elapsed_ms(&self) -> f64 {
        self.now_ms.get()
    }

    fn now_ms(&self) -> f64 {
        self.now_ms.get()
    }

    fn time_text(&self, _: f64) -> Option<String> {
        None
    }

    fn random(&self) -> f64 {
        1.0
    }

    fn resends(&self) -> bool {
        false
    }

    fn waits_for_work(&self) -> bool {
        false
    }

    fn notify(&self, event: &Event<'_>) {
        if let Event::Retry {
            attempt,
            delay_ms,
            reason,
            status,
        } = event
        {
            let status = status.map_or_else(String::new, |status| format!(" {status}"));
            let told = format!("{attempt}: {delay_ms} {reason:?}{status}");
            self.told.borrow_mut().push(told);
        }
    }
}

/// Sends one request, and returns how often it was sent, the waits, and what was told.
fn tried(script: &'static [Fate], limits: Limits) -> (usize, Vec<f64>, Vec<String>) {
    let (service, _) = sent(script, limits);
    (
        service.requests.get(),
        service.waits.take(),
        service.told.take(),
    )
}

/// Sends one request, and returns the service and the outcome.
fn sent(script: &'static [Fate], limits: Limits) -> (Scripted, Outcome<Scripted>) {
    let service = Scripted {
        script,
        now_ms: Cell::new(0.0),
        requests: Cell::new(0),
        waits: RefCell::default(),
        told: RefCell::default(),
    };
    let call = Call::new(&service, limits);
    let first = Page {
        account: "acme",
        collection: Collection::Users,
        query: &[],
    };
    let mut remember = |_: &str| true;
    let outcome = {
        let work = pin!(page(&call, &first, &mut remember));
        // Nothing of this waits for anything.
        match work.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(outcome) => outcome,
            Poll::Pending => panic!("it waits"),
        }
    };
    assert_eq!(call.attempts() as usize, service.requests.get());
    (service, outcome)
}

const LIMITS: Limits = Limits {
    timeout_ms: 1_000.0,
    total_timeout_ms: 600_000.0,
    max_retries: 2,
};

#[test]
fn what_may_pass_is_tried_again_and_told() {
    for (fate, why) in [
        (&[Fate::Breaks], "Connection"),
        (&[Fate::Hangs], "Timeout"),
        (&[Fate::Refused(503, None)], "Status 503"),
        (&[Fate::Refused(429, None)], "Status 429"),
    ] {
        let (requests, waits, told) = tried(fate, LIMITS);
        assert_eq!((requests, waits), (3, vec![500.0, 1_000.0]), "{why}");
        assert_eq!(told, [format!("1: 500 {why}"), format!("2: 1000 {why}")]);
    }
}

#[test]
fn what_does_not_pass_is_not_tried_again() {
    for status in [400, 401, 403, 404, 307] {
        let script: &[Fate] = match status {
            400 => &[Fate::Refused(400, None)],
            401 => &[Fate::Refused(401, None)],
            403 => &[Fate::Refused(403, None)],
            404 => &[Fate::Refused(404, None)],
            _ => &[Fate::Refused(307, None)],
        };
        assert_eq!(tried(script, LIMITS), (1, vec![], vec![]), "{status}");
    }
}

#[test]
fn an_answer_ends_the_tries() {
    let script = &[Fate::Breaks, Fate::Answered];
    assert_eq!(tried(script, LIMITS).0, 2);
    assert_eq!(tried(&[Fate::Answered], LIMITS).0, 1);
}

#[test]
fn the_caller_says_how_often() {
    for max_retries in [0, 1, 3] {
        let limits = Limits {
            max_retries,
            ..LIMITS
        };
        let (requests, ..) = tried(&[Fate::Breaks], limits);
        assert_eq!(requests, 1 + max_retries as usize);
    }
}

#[test]
fn a_server_is_obeyed_for_a_minute() {
    let (_, waits, _) = tried(&[Fate::Refused(429, Some("7")), Fate::Answered], LIMITS);
    assert_eq!(waits, [7_000.0]);
    let (_, waits, _) = tried(&[Fate::Refused(429, Some("60")), Fate::Answered], LIMITS);
    assert_eq!(waits, [60_000.0]);
    let (requests, waits, _) = tried(&[Fate::Refused(429, Some("61"))], LIMITS);
    assert_eq!((requests, waits), (1, vec![]));
}

#[test]
fn no_retry_begins_when_the_time_is_up() {
    // The attempt takes 10 ms, and the first wait half a second.
    for (total_timeout_ms, requests) in [(509.0, 1), (510.0, 1), (511.0, 2)] {
        let limits = Limits {
            total_timeout_ms,
            max_retries: 1,
            ..LIMITS
        };
        let (sent, ..) = tried(&[Fate::Breaks], limits);
        assert_eq!(sent, requests, "{total_timeout_ms}");
    }
    // The last attempt had what was left of the whole time, so there is none for another.
    let limits = Limits {
        total_timeout_ms: 900.0,
        ..LIMITS
    };
    assert_eq!(tried(&[Fate::Hangs], limits), (1, vec![], vec![]));
}

#[test]
fn a_timeout_says_which_limit_has_passed() {
    for (timeout_ms, total_timeout_ms, expected) in [
        (1.0, 600_000.0, Limit::Attempt),
        (600_000.0, 1.0, Limit::Total),
    ] {
        let limits = Limits {
            timeout_ms,
            total_timeout_ms,
            max_retries: 0,
        };
        let (_, outcome) = sent(&[Fate::Hangs], limits);
        let Err(error) = outcome else {
            panic!("it was never answered");
        };
        assert!(
            matches!(*error, Error::TimedOut { limit, limit_ms } if limit == expected && limit_ms == 1.0),
            "{expected:?}"
        );
    }
}
