//! Reads paths, queries and bodies strictly. What is malformed is refused with an [`ApiError`], where axum's
//! own extractors would answer in plain text.

use crate::api_error::ApiError;
use crate::clock;
use axum::extract::{FromRequestParts, Path, Query};
use axum::http::Uri;
use axum::http::request::Parts;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::marker::PhantomData;

/// A value that is written as a JSON object. Serde alone would also accept an array of its fields.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Object)
    }
}

/// Parses a body, which must be a JSON object.
pub fn body<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, ApiError> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    // The error names the path of what is wrong.
    let Object(value) = serde_path_to_error::deserialize(&mut deserializer)
        .map_err(|error| ApiError::invalid(format!("the body: {error}")))?;
    match deserializer.end() {
        Ok(()) => Ok(value),
        Err(error) => Err(ApiError::invalid(format!("the body: {error}"))),
    }
}

/// A time in a body, in microseconds since 1970.
#[derive(Debug, Clone, Copy)]
pub struct Timestamp(pub i64);

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wrong = || D::Error::custom("expected an RFC 3339 time, such as 2030-01-31T12:00:00Z");
        clock::parse_rfc3339(&text).map(Self).ok_or_else(wrong)
    }
}

/// The parameters in the query of a request. Unknown ones are refused.
pub fn query<T: DeserializeOwned>(uri: &Uri) -> Result<T, ApiError> {
    match Query::try_from_uri(uri) {
        Ok(Query(query)) => Ok(query),
        Err(error) => {
            let text = error.body_text();
            let (_, what) = text.rsplit_once("query string: ").unwrap_or(("", &text));
            Err(ApiError::invalid(format!("the query: {what}")))
        }
    }
}

/// Fails if a request has parameters in its query.
pub fn no_query(uri: &Uri) -> Result<(), ApiError> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Nothing {}
    query(uri).map(|Nothing {}| ())
}

/// The parameters in the path, percent-decoded.
pub struct Segments<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Segments<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(segments)) => Ok(Self(segments)),
            Err(_) => Err(ApiError::invalid("the path is not UTF-8")),
        }
    }
}
