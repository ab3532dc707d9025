//! Fault rules: which requests are to go wrong, and how. A rule that makes no sense is refused, as a test
//! that relied on it would prove nothing.

use crate::api_error::ApiError;
use crate::behaviour::{Behaviour, LONGEST_LAG};
use crate::clock::Clock;
use crate::extract::Object;
use crate::operation::Operation;
use axum::http::{HeaderName, HeaderValue};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Which requests get a fault, and which fault.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FaultRule {
    /// The operation that is affected; all of them if there is none.
    operation: Option<Operation>,
    /// The user whose requests (by their path) are affected; all of them if there is none.
    user: Option<String>,
    /// How many matching requests are served normally first.
    #[serde(default)]
    skip: u64,
    /// How many requests get the fault; 1 if neither this nor `share` is given.
    times: Option<u64>,
    /// How likely a request is to get the fault, from 0 to 1, until the rule is removed.
    share: Option<f64>,
    /// The seed of the random numbers for `share`.
    #[serde(default)]
    seed: u64,
    /// The fault.
    fault: Object<Fault>,
}

impl FaultRule {
    /// Refuses a rule that makes no sense.
    fn check(&self) -> Result<(), ApiError> {
        let wrong = |what: String| Err(ApiError::invalid(format!("the fault rule: {what}")));
        if self.share.is_some() && self.times.is_some() {
            return wrong("times and share cannot both be given".into());
        }
        if self.times == Some(0) {
            return wrong("times must be at least 1".into());
        }
        if self
            .share
            .is_some_and(|share| !(0.0..=1.0).contains(&share))
        {
            return wrong("share must be from 0 to 1".into());
        }
        self.check_behaviour().or_else(wrong)?;
        let Fault::Answer {
            status,
            headers,
            body,
            base64,
            ..
        } = &self.fault.0
        else {
            return Ok(());
        };
        if !(200..=599).contains(status) {
            return wrong("status must be from 200 to 599".into());
        }
        if !body.is_empty() && base64.is_some() {
            return wrong("body and base64 cannot both be given".into());
        }
        if base64
            .as_ref()
            .is_some_and(|text| STANDARD.decode(text).is_err())
        {
            return wrong("base64 must be base64".into());
        }
        let mut names = BTreeSet::new();
        for (name, value) in headers {
            // These two say how long the body is; a wrong length would break the connection.
            let framing = ["content-length", "transfer-encoding"];
            match (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
                (Ok(known), Ok(_))
                    if !framing.contains(&known.as_str())
                        && names.insert(known.as_str().to_owned()) => {}
                _ => return wrong(format!("the header {name:?} cannot be sent")),
            }
        }
        Ok(())
    }

    /// Refuses a fault that changes how the service behaves, but not for this operation or not so far.
    fn check_behaviour(&self) -> Result<(), String> {
        use Operation::{Accounts, Create, List, Users};
        let (name, operations): (_, &[Operation]) = match &self.fault.0 {
            Fault::StripAnnotations {} => ("strip-annotations", &[Create]),
            Fault::LongestAnnotation { .. } => ("longest-annotation", &[Create]),
            Fault::ListLag { .. } => ("list-lag", &[List]),
            Fault::NoPaging {} => ("no-paging", &[List, Users, Accounts]),
            _ => ("", &[]),
        };
        if !operations.is_empty() && !self.operation.is_some_and(|own| operations.contains(&own)) {
            let names = serde_json::to_string(operations).unwrap_or_default();
            return Err(format!("{name} needs an operation, one of {names}"));
        }
        match self.fault.0 {
            Fault::ListLag { ms } | Fault::KeyLag { ms }
                if Duration::from_millis(ms) > LONGEST_LAG =>
            {
                Err(format!("ms must be at most {}", LONGEST_LAG.as_millis()))
            }
            Fault::Clock { ms } if Clock::ahead(ms).is_none() => {
                Err("ms must be within 50 years".into())
            }
            _ => Ok(()),
        }
    }
}

/// How a request goes wrong.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Fault {
    /// Closes the connection without sending any part of an answer.
    Drop {
        /// Whether the request is lost before it is carried out, or only its answer.
        #[serde(default)]
        when: When,
    },
    /// Sends another answer.
    Answer {
        /// The status of the answer.
        status: u16,
        /// The headers of the answer.
        #[serde(default)]
        headers: BTreeMap<String, String>,
        /// The body of the answer. `{{token}}` and `{{key}}` in it are replaced by the request's token and
        /// the key that was created.
        #[serde(default)]
        body: String,
        /// The bytes of the answer's body in base64, in place of `body`.
        base64: Option<String>,
        /// Whether the request is not carried out, or carried out before the answer is sent.
        #[serde(default)]
        when: When,
    },
    /// Waits, and then answers normally.
    Delay {
        /// How many milliseconds to wait.
        ms: u64,
        /// Whether to wait before or after the request is carried out.
        #[serde(default)]
        when: When,
    },
    /// Carries out the request, but sends only the first bytes of the answer's body.
    Cut {
        /// How many bytes are sent.
        bytes: usize,
    },
    /// Carries out the request, but answers 200 with a body that is not JSON.
    // The braces make serde refuse unknown fields, which it would accept for a unit variant.
    Garbage {},
    /// Closes the connection, and carries out the request later.
    Late {
        /// How many milliseconds later.
        ms: u64,
    },
    /// Creates the key without its annotations.
    StripAnnotations {},
    /// Refuses a key with an annotation whose value is longer.
    LongestAnnotation {
        /// How many characters the value may have.
        characters: usize,
    },
    /// Lists the keys as they were some time ago.
    ListLag {
        /// How many milliseconds ago.
        ms: u64,
    },
    /// Accepts those keys that were accepted some time ago.
    KeyLag {
        /// How many milliseconds ago.
        ms: u64,
    },
    /// Answers with the whole list, whatever page was asked for.
    NoPaging {},
    /// Serves the request by another clock.
    Clock {
        /// How many milliseconds it is ahead; behind if negative.
        ms: i64,
    },
    /// Carries out the request, but does not let a page of another origin read the answer.
    NoCors {},
}

impl Fault {
    /// Changes how the service behaves for the request. Returns whether that is all this fault does.
    pub fn change(&self, behaviour: &mut Behaviour) -> bool {
        match *self {
            Self::StripAnnotations {} => behaviour.annotations = false,
            Self::LongestAnnotation { characters } => {
                behaviour.longest_annotation = Some(characters)
            }
            Self::ListLag { ms } => behaviour.list_lag = Duration::from_millis(ms),
            Self::KeyLag { ms } => behaviour.key_lag = Duration::from_millis(ms),
            Self::NoPaging {} => behaviour.paging = false,
            Self::Clock { ms } => behaviour.clock = Clock::ahead(ms).unwrap_or_default(),
            Self::NoCors {} => behaviour.cors = false,
            Self::Drop { .. }
            | Self::Answer { .. }
            | Self::Delay { .. }
            | Self::Cut { .. }
            | Self::Garbage {}
            | Self::Late { .. } => return false,
        }
        true
    }
}

/// When a fault happens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum When {
    /// Before the request is carried out.
    #[default]
    Before,
    /// After the request was carried out.
    After,
}

/// A rule that a test has added, and how often it was used.
#[derive(Debug, Clone, Serialize)]
pub struct ActiveRule {
    id: u64,
    /// How many requests got the fault.
    hits: u64,
    /// How many requests matched.
    #[serde(skip)]
    seen: u64,
    #[serde(skip)]
    random: fastrand::Rng,
    #[serde(flatten)]
    rule: FaultRule,
}

#[derive(Debug, Default)]
struct Inner {
    last_id: u64,
    active: Vec<ActiveRule>,
    requests: BTreeMap<Operation, u64>,
}

/// The active fault rules, and how many requests of each operation there were.
#[derive(Debug, Default)]
pub struct Faults(Mutex<Inner>);

impl Faults {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a rule and returns its id. Refuses a rule that makes no sense.
    pub fn add(&self, rule: FaultRule) -> Result<u64, ApiError> {
        rule.check()?;
        let mut inner = self.inner();
        inner.last_id += 1;
        let id = inner.last_id;
        inner.active.push(ActiveRule {
            id,
            hits: 0,
            seen: 0,
            random: fastrand::Rng::with_seed(rule.seed),
            rule,
        });
        Ok(id)
    }

    /// The rules, oldest first.
    pub fn active(&self) -> Vec<ActiveRule> {
        self.inner().active.clone()
    }

    /// Removes every rule.
    pub fn clear(&self) {
        self.inner().active.clear();
    }

    /// How many requests of each operation there were.
    pub fn requests(&self) -> BTreeMap<Operation, u64> {
        self.inner().requests.clone()
    }

    /// Removes every rule, and starts ids and counts from zero.
    pub fn reset(&self) {
        *self.inner() = Inner::default();
    }

    /// Counts a request.
    pub fn count(&self, operation: Operation) {
        *self.inner().requests.entry(operation).or_default() += 1;
    }

    /// The fault for a request: that of the first rule that applies.
    pub fn next(&self, operation: Operation, user: Option<&str>) -> Option<Fault> {
        self.inner()
            .active
            .iter_mut()
            .find_map(|active| active.apply(operation, user))
    }
}

impl ActiveRule {
    /// The rule's fault, if this request gets it.
    fn apply(&mut self, operation: Operation, user: Option<&str>) -> Option<Fault> {
        let rule = &self.rule;
        let matches = rule.operation.is_none_or(|wanted| wanted == operation)
            && (rule.user.as_deref()).is_none_or(|wanted| Some(wanted) == user);
        if !matches {
            return None;
        }
        self.seen += 1;
        let hit = self.seen > rule.skip
            && match rule.share {
                Some(share) => self.random.f64() < share,
                None => self.hits < rule.times.unwrap_or(1),
            };
        hit.then(|| {
            self.hits += 1;
            rule.fault.0.clone()
        })
    }
}
