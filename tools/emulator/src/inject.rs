//! Serves requests with the faults that were asked for. A request that no fault rule applies to must not be
//! affected.

use crate::auth;
use crate::fault::{Fault, StripAnnotations, When};
use crate::operation::Operation;
use crate::state::App;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::Response;
use futures_util::stream;
use std::convert::Infallible;
use std::io;
use std::time::Duration;
use tower::ServiceExt;

/// Marks a response that is not to be sent: the connection is closed instead.
#[derive(Debug, Clone, Copy)]
struct Dropped;

/// Serves a request through the router, with a fault if a rule applies to it.
pub async fn serve(app: &App, router: Router, request: Request<Bytes>) -> Response {
    let (mut parts, body) = request.into_parts();
    let token = auth::bearer(&parts.headers).unwrap_or_default().to_owned();
    let operation = Operation::of(&parts.method, &parts.uri);
    let fault = operation.and_then(|(operation, user)| app.faults.next(operation, user.as_deref()));
    if let Some(Fault::StripAnnotations {}) = fault {
        parts.extensions.insert(StripAnnotations);
    }
    let run = async move || -> Response {
        let request = Request::from_parts(parts, Body::from(body));
        let served: Result<Response, Infallible> = router.oneshot(request).await;
        served.unwrap_or_else(|never| match never {})
    };
    match fault {
        None | Some(Fault::StripAnnotations {}) => run().await,
        Some(Fault::Drop { when }) => {
            if when == When::After {
                run().await;
            }
            dropped()
        }
        Some(Fault::Answer {
            status,
            headers,
            body,
            when,
        }) => {
            let key = match when {
                When::After => key_of(run().await).await,
                When::Before => None,
            };
            let body = body.replace("{{token}}", &token);
            let body = body.replace("{{key}}", key.as_deref().unwrap_or_default());
            replacement(status, headers, body)
        }
        Some(Fault::Delay { ms, when }) => {
            let wait = tokio::time::sleep(Duration::from_millis(ms));
            // A slow service carries out a request even if the caller has stopped waiting.
            detached(async move {
                if when == When::Before {
                    wait.await;
                    return run().await;
                }
                let response = run().await;
                wait.await;
                response
            })
            .await
        }
        Some(Fault::Cut { bytes }) => cut(run().await, bytes).await,
        Some(Fault::Garbage {}) => {
            run().await;
            replacement(200, [], "<!doctype html><title>not JSON</title>".into())
        }
        Some(Fault::Late { ms }) => {
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(ms)).await;
                run().await;
            });
            dropped()
        }
    }
}

/// Runs the work to its end even if the caller disconnects.
async fn detached(work: impl Future<Output = Response> + Send + 'static) -> Response {
    let done = tokio::spawn(work).await;
    done.unwrap_or_else(|_| dropped())
}

/// Whether a response is not to be sent, and the connection closed instead.
pub fn is_dropped(response: &Response) -> bool {
    response.extensions().get::<Dropped>().is_some()
}

/// A response that is not sent.
fn dropped() -> Response {
    let mut response = Response::new(Body::empty());
    response.extensions_mut().insert(Dropped);
    response
}

/// A response that is sent in place of the real one.
fn replacement(
    status: u16,
    headers: impl IntoIterator<Item = (String, String)>,
    body: String,
) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::IM_A_TEAPOT);
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse()) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// The head of a response and its whole body.
async fn collected(response: Response) -> (axum::http::response::Parts, Bytes) {
    let (parts, body) = response.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await;
    (parts, body.unwrap_or_default())
}

/// The key in the answer to a create.
async fn key_of(response: Response) -> Option<String> {
    let (_, body) = collected(response).await;
    let body: serde_json::Value = serde_json::from_slice(&body).ok()?;
    Some(body.get("key")?.as_str()?.into())
}

/// A response that breaks off after the first bytes of its body.
async fn cut(response: Response, bytes: usize) -> Response {
    let (mut parts, body) = collected(response).await;
    parts
        .headers
        .insert(header::CONTENT_LENGTH, body.len().into());
    let first = body.slice(..bytes.min(body.len().saturating_sub(1)));
    let pieces = stream::unfold(Some(first), async |piece| match piece {
        Some(piece) => Some((Ok(piece), None)),
        None => {
            // Gives the first bytes time to be sent before the connection is closed.
            tokio::time::sleep(Duration::from_millis(20)).await;
            Some((Err(io::Error::other("cut off by a fault rule")), None))
        }
    });
    Response::from_parts(parts, Body::from_stream(pieces))
}
