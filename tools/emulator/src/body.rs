//! Reads the bodies of requests, up to a limit in size and in time.

use crate::api_error::ApiError;
use axum::body::{Body, Bytes};
use futures_util::StreamExt;
use std::time::Duration;

/// The largest body that is accepted, in bytes.
const LARGEST: usize = 1 << 20;

/// How much of a body that is too large is read before it is refused, in bytes.
const LARGEST_DRAINED: usize = 64 << 20;

/// Reads a whole body. Fails if it is too large, or has not ended after this time.
pub async fn read(body: Body, longest: Duration) -> Result<Bytes, ApiError> {
    match tokio::time::timeout(longest, read_all(body)).await {
        Ok(read) => read,
        Err(_) => Err(ApiError::timeout()),
    }
}

/// Reads a whole body. A body that is too large is read too, up to a limit, as a caller that is still
/// sending would see a broken connection instead of the error.
async fn read_all(body: Body) -> Result<Bytes, ApiError> {
    let mut pieces = body.into_data_stream();
    let (mut body, mut size) = (Vec::new(), 0);
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|_| ApiError::invalid("the body is incomplete"))?;
        size += piece.len();
        if size > LARGEST_DRAINED {
            break;
        }
        if size <= LARGEST {
            body.extend_from_slice(&piece);
        }
    }
    match size <= LARGEST {
        true => Ok(body.into()),
        false => Err(ApiError::too_large()),
    }
}
