//! When a key ends: what was asked for, and whether the service has made it so.

use super::lineage::created_ms;
use super::{Answer, Item, Service, time};

/// By how much a key may end later than was asked for, in milliseconds: the service may write both of its
/// times in whole seconds.
const ROUNDING_MS: f64 = 2_000.0;

/// When a key is to end.
#[derive(Debug, Clone, Default)]
pub enum End {
    /// Never.
    #[default]
    Never,
    /// At a time.
    At {
        /// The time in RFC 3339, as the caller wrote it.
        text: String,
        /// The same in milliseconds since 1970.
        ms: f64,
    },
    /// This many milliseconds after its creation.
    After(f64),
}

/// The time of day, by one of two clocks.
#[derive(Debug, Clone, Copy)]
pub enum Clock {
    /// Our own.
    Ours,
    /// The service's, as an answer showed it.
    Theirs {
        /// The time that it showed, in milliseconds since 1970.
        time_ms: f64,
        /// When that was, by [`Service::elapsed_ms`].
        seen_ms: f64,
    },
}

impl Clock {
    /// The service's clock at the time of this answer, if the answer shows it.
    pub fn of(service: &impl Service, answer: &impl Answer) -> Option<Self> {
        Some(Self::Theirs {
            time_ms: made_ms(answer)?,
            seen_ms: service.elapsed_ms(),
        })
    }

    /// The time in milliseconds since 1970.
    pub fn now_ms(self, service: &impl Service) -> f64 {
        match self {
            Self::Ours => service.now_ms(),
            Self::Theirs { time_ms, seen_ms } => time_ms + service.elapsed_ms() - seen_ms,
        }
    }
}

/// A key's end beside the one that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compared {
    /// It is what was asked for.
    Same,
    /// It is later, so that the key lives longer than it should, or it cannot be read.
    Later,
    /// It is earlier.
    Earlier,
    /// The answer tells the end, but not of any beginning that a lifetime could count from.
    Unknown,
}

impl End {
    /// Compares the end of the key that an answer holds. The request took this many milliseconds, by which a
    /// lifetime may be shorter than was asked for.
    pub fn compare(&self, answer: &impl Answer, took_ms: f64) -> Compared {
        let Some(key) = answer.item() else {
            return Compared::Unknown;
        };
        let is_endless = key.is_blank("expireTime");
        let (wanted_ms, since_ms, excuse_ms) = match self {
            Self::Never if is_endless => return Compared::Same,
            Self::Never => return Compared::Earlier,
            Self::At { ms, .. } => (*ms, Some(0.0), 0.0),
            Self::After(ms) => (*ms, made_ms(answer), took_ms),
        };
        let ends = key.text("expireTime");
        let ends_ms = ends.as_deref().and_then(time::parse_rfc3339);
        // A time before its beginning stands for none: some services write that as the year 1, or 1970.
        let Some(ends_ms) = ends_ms.filter(|ms| *ms > made_ms(answer).unwrap_or_default()) else {
            return Compared::Later;
        };
        let Some(since_ms) = since_ms else {
            return Compared::Unknown;
        };
        match ends_ms - since_ms - wanted_ms {
            late_ms if late_ms > ROUNDING_MS => Compared::Later,
            late_ms if late_ms < -ROUNDING_MS - excuse_ms => Compared::Earlier,
            _ => Compared::Same,
        }
    }
}

/// When the service made the key of this answer, by the service's own clock.
pub fn made_ms(answer: &impl Answer) -> Option<f64> {
    answer
        .item()
        .as_ref()
        .and_then(created_ms)
        .or_else(|| answer.date_ms())
}
