//! Limits how many requests are served in a time, as a gateway does.

use std::str::FromStr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How many requests may be sent in which time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    most: u64,
    window: Duration,
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let rate = text.split_once('/').and_then(|(most, window)| {
            let is_number = most.bytes().all(|byte| byte.is_ascii_digit());
            let most = most.parse().ok().filter(|most| is_number && *most > 0)?;
            let window = crate::duration::parse(window).ok()?;
            (!window.is_zero()).then_some(Self { most, window })
        });
        rate.ok_or_else(|| "a rate is a number of requests and a time, such as 600/1m".into())
    }
}

/// Counts the requests of the current window, which starts with its first request.
#[derive(Debug)]
pub struct RateLimit {
    rate: Rate,
    window: Mutex<Option<(Instant, u64)>>,
}

impl RateLimit {
    /// A limit that no request has counted towards yet.
    pub fn new(rate: Rate) -> Self {
        Self {
            rate,
            window: Mutex::default(),
        }
    }

    /// Counts a request. If it is one too many, fails with how long the window lasts from now.
    pub fn admit(&self, now: Instant) -> Result<(), Duration> {
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        let (start, count) = window
            .filter(|(start, _)| now.duration_since(*start) < self.rate.window)
            .unwrap_or((now, 0));
        if count == self.rate.most {
            return Err(self.rate.window - now.duration_since(start));
        }
        *window = Some((start, count + 1));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_admits_its_number_of_requests_and_then_says_how_long_it_lasts() {
        let limit = RateLimit::new("2/10s".parse().unwrap());
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(limit.admit(at(0)), Ok(()));
        assert_eq!(limit.admit(at(4)), Ok(()));
        assert_eq!(limit.admit(at(4)), Err(Duration::from_secs(6)));
        assert_eq!(limit.admit(at(9)), Err(Duration::from_secs(1)));
        assert_eq!(limit.admit(at(10)), Ok(()));
        assert_eq!(limit.admit(at(19)), Ok(()));
        assert_eq!(limit.admit(at(19)), Err(Duration::from_secs(1)));
    }

    #[test]
    fn a_rate_is_a_number_and_a_time() {
        for wrong in [
            "", "2", "/1s", "2/", "0/1s", "2/0s", "-2/1s", "+2/1s", "2/1s/1s", "many/1s",
        ] {
            assert!(wrong.parse::<Rate>().is_err(), "{wrong}");
        }
    }
}
