//! What attempts may have left at the service: the one place that says so.

use super::service::Body;

/// What is known of the effect of one attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It had the effect that was asked for: the service answered with success.
    Done,
    /// It had none: it was never sent, or the service refused it for its form, its path or its
    /// credential, which it would have refused a moment before as well.
    None,
    /// It had none itself. But the service may have refused it only because the transport had sent the
    /// same request a moment before, unseen, and that one was done.
    Refused,
    /// It may have had the effect or not: no whole answer came, or one that does not tell.
    Ambiguous,
    /// The same, but something on the way answered, such as a gateway. That may have sent the request to the
    /// service several times, so that it may have had the effect more than once.
    Uncounted,
}

impl Effect {
    /// What an answer with this status and body tells. A success counts unless its body says otherwise;
    /// whether it has the shape that was asked for is for the operation to say.
    pub fn of_answer(status: u16, body: Body) -> Self {
        match status {
            200..=299 if matches!(body, Body::Fault | Body::ForeignRefusal) => Self::Uncounted,
            200..=299 if body.is_refusal() => Self::Ambiguous,
            200..=299 => Self::Done,
            // Only the API itself can say that it did nothing.
            _ if !body.is_refusal() => Self::Uncounted,
            408 | 500.. if body == Body::Fault => Self::Uncounted,
            408 | 500.. => Self::Ambiguous,
            400 | 401 | 404 | 405 | 413 | 422 => Self::None,
            _ => Self::Refused,
        }
    }

    /// What an attempt may have done that brought no answer.
    pub fn of_unanswered(sent: bool) -> Self {
        if sent { Self::Ambiguous } else { Self::None }
    }
}

/// What all attempts of one request may have left.
#[derive(Debug, Default)]
pub struct Effects {
    ambiguous: u32,
    uncounted: bool,
    refused: bool,
}

impl Effects {
    /// Adds another attempt.
    pub fn add(&mut self, effect: Effect) {
        match effect {
            Effect::Ambiguous => self.ambiguous += 1,
            Effect::Uncounted => {
                self.ambiguous += 1;
                self.uncounted = true;
            }
            Effect::Refused => self.refused = true,
            Effect::Done | Effect::None => {}
        }
    }

    /// How many attempts may have had an effect that no answer tells of.
    pub fn ambiguous(&self) -> u32 {
        self.ambiguous
    }

    /// Adds the attempts of another request.
    pub fn append(&mut self, others: &Self) {
        self.ambiguous += others.ambiguous;
        self.uncounted |= others.uncounted;
        self.refused |= others.refused;
    }

    /// Whether one of those attempts may have had its effect more than once.
    pub fn uncounted(&self) -> bool {
        self.uncounted
    }

    /// Whether an attempt was refused as [`Effect::Refused`] says.
    pub fn refused(&self) -> bool {
        self.refused
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_tells_what_an_attempt_may_have_done() {
        for (effect, statuses) in [
            (Effect::Done, &[200, 204, 299][..]),
            (Effect::None, &[400, 401, 404, 405, 413, 422]),
            (Effect::Refused, &[307, 402, 403, 409, 412, 429, 451]),
            (Effect::Ambiguous, &[408, 500, 502, 503, 599]),
        ] {
            let body = match effect {
                Effect::Done => Body::Resource,
                _ => Body::Refusal,
            };
            for status in statuses {
                assert_eq!(Effect::of_answer(*status, body), effect, "{status}");
            }
        }
    }

    #[test]
    fn only_the_api_can_say_that_it_did_nothing() {
        for status in [0, 302, 400, 401, 403, 404, 408, 413, 429, 500, 504] {
            for body in [
                Body::Foreign,
                Body::ForeignRefusal,
                Body::Resource,
                Body::Empty,
            ] {
                let told = Effect::of_answer(status, body);
                assert_eq!(told, Effect::Uncounted, "{status} {body:?}");
            }
        }
    }

    #[test]
    fn a_gateway_that_gives_up_may_have_asked_twice() {
        for (status, effect) in [
            (404, Effect::None),
            (429, Effect::Refused),
            (200, Effect::Uncounted),
            (408, Effect::Uncounted),
            (504, Effect::Uncounted),
        ] {
            assert_eq!(Effect::of_answer(status, Body::Fault), effect, "{status}");
        }
    }

    #[test]
    fn a_refusal_is_no_success_whatever_its_status() {
        for (body, effect) in [
            (Body::Refusal, Effect::Ambiguous),
            (Body::NotFound, Effect::Ambiguous),
            (Body::Denied, Effect::Ambiguous),
            (Body::Fault, Effect::Uncounted),
            (Body::ForeignRefusal, Effect::Uncounted),
            (Body::Foreign, Effect::Done),
            (Body::Empty, Effect::Done),
        ] {
            assert_eq!(Effect::of_answer(200, body), effect, "{body:?}");
        }
    }

    #[test]
    fn what_was_never_sent_had_no_effect() {
        assert_eq!(Effect::of_unanswered(false), Effect::None);
        assert_eq!(Effect::of_unanswered(true), Effect::Ambiguous);
    }

    #[test]
    fn effects_add_up() {
        let mut effects = Effects::default();
        for effect in [Effect::Done, Effect::None] {
            effects.add(effect);
            assert!(effects.ambiguous() == 0 && !effects.refused());
        }
        effects.add(Effect::Ambiguous);
        effects.add(Effect::Refused);
        effects.add(Effect::Ambiguous);
        assert!(effects.ambiguous() == 2 && effects.refused() && !effects.uncounted());
        let mut all = Effects::default();
        all.add(Effect::Uncounted);
        assert!(all.ambiguous() == 1 && all.uncounted() && !all.refused());
        all.append(&effects);
        assert!(all.ambiguous() == 3 && all.uncounted() && all.refused());
    }
}
