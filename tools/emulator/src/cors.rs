//! Which pages of other origins may use the API (CORS). Control paths have no part in it.

use axum::http::{HeaderMap, HeaderValue, header};
use std::str::FromStr;

/// The origins whose pages may send requests and read the answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cors {
    /// All of them, as seen on the real service's inference host.
    Any,
    /// These alone; with an empty list, none.
    Origins(Vec<String>),
}

impl Cors {
    /// Adds the headers of an answer to a request with these headers, unless the answer has its own. The
    /// answer to a preflight also says what may be sent.
    pub fn apply(&self, request: &HeaderMap, is_preflight: bool, answer: &mut HeaderMap) {
        let origin = request.get(header::ORIGIN);
        let allowed = match self {
            Self::Any => Some(HeaderValue::from_static("*")),
            Self::Origins(origins) => {
                if !origins.is_empty() {
                    answer.append(header::VARY, HeaderValue::from_static("origin"));
                }
                let is_known =
                    |origin: &&HeaderValue| origins.iter().any(|known| *known == **origin);
                origin.filter(is_known).cloned()
            }
        };
        let Some(allowed) = allowed else {
            return;
        };
        answer
            .entry(header::ACCESS_CONTROL_ALLOW_ORIGIN)
            .or_insert(allowed);
        if is_preflight {
            let methods = HeaderValue::from_static("GET, POST, DELETE");
            answer.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
            let headers = HeaderValue::from_static("Authorization, Content-Type");
            answer.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, headers);
        }
    }
}

impl FromStr for Cors {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "any" => return Ok(Self::Any),
            "none" => return Ok(Self::Origins(Vec::new())),
            _ => {}
        }
        let origins: Vec<String> = text
            .split(',')
            .map(|origin| origin.trim().to_owned())
            .collect();
        if origins.iter().all(|origin| is_origin(origin)) {
            Ok(Self::Origins(origins))
        } else {
            Err(
                "give any, none, or origins such as https://app.example, separated by commas"
                    .into(),
            )
        }
    }
}

/// Whether a browser could send this as its `Origin`.
fn is_origin(text: &str) -> bool {
    let host = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    let is_host =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.:[]".contains(&byte);
    host.is_some_and(|host| !host.is_empty() && host.bytes().all(is_host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_written_as_a_browser_sends_them() {
        let cors = |text: &str| text.parse::<Cors>();
        assert_eq!(cors("any"), Ok(Cors::Any));
        assert_eq!(cors("none"), Ok(Cors::Origins(Vec::new())));
        let two = vec![
            "https://a.example".to_owned(),
            "http://[::1]:8080".to_owned(),
        ];
        assert_eq!(
            cors("https://a.example, http://[::1]:8080"),
            Ok(Cors::Origins(two))
        );
        for wrong in [
            "",
            "*",
            "a.example",
            "https://",
            "https://a.example/",
            "https://A.example",
            "none,any",
        ] {
            assert!(cors(wrong).is_err(), "{wrong}");
        }
    }
}
