//! Serves requests with the faults that were asked for. A request that no fault rule applies to must not be
//! affected.

use crate::api_error::ApiError;
use crate::auth;
use crate::fault::{Fault, When};
use crate::operation::Operation;
use crate::policy;
use crate::state::App;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::stream;
use std::convert::Infallible;
use std::io;
use std::time::{Duration, Instant};
use tower::ServiceExt;

/// Marks a response that is not to be sent: the connection is closed instead.
#[derive(Debug, Clone, Copy)]
struct Dropped;

/// Marks a response that pages of other origins must not be able to read.
#[derive(Debug, Clone, Copy)]
struct Unreadable;

/// Serves a request through the router, with a fault if a rule applies to it.
pub async fn serve(app: &App, router: Router, request: Request<Bytes>) -> Response {
    let (mut parts, body) = request.into_parts();
    let mut behaviour = app.behaviour;
    let mut fault = None;
    if let Some((operation, user)) = Operation::of(&parts.method, &parts.uri) {
        app.faults.count(operation);
        if let Some(limit) = &app.rate
            && let Err(wait) = limit.admit(Instant::now())
        {
            return too_many(wait);
        }
        fault = app.faults.next(operation, user.as_deref());
    }
    fault.take_if(|fault| fault.change(&mut behaviour));
    let token = auth::bearer(&parts.headers).unwrap_or_default().to_owned();
    parts.extensions.insert(behaviour);
    let mut response = faulty(fault, token, async move || -> Response {
        let request = Request::from_parts(parts, Body::from(body));
        let served: Result<Response, Infallible> = router.oneshot(request).await;
        served.unwrap_or_else(|never| match never {})
    })
    .await;
    if !behaviour.cors {
        response.extensions_mut().insert(Unreadable);
    }
    if let Some(date) = behaviour
        .clock
        .http_date()
        .and_then(|date| date.parse().ok())
    {
        response.headers_mut().entry(header::DATE).or_insert(date);
    }
    response
}

/// Carries out a request as the fault wants it.
async fn faulty<Run>(
    fault: Option<Fault>,
    token: String,
    run: impl FnOnce() -> Run + Send + 'static,
) -> Response
where
    Run: Future<Output = Response> + Send,
{
    match fault {
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
            base64,
            when,
        }) => {
            let key = match when {
                When::After => key_of(run().await).await,
                When::Before => None,
            };
            let body = body.replace("{{token}}", &token);
            let body = body.replace("{{key}}", key.as_deref().unwrap_or_default());
            let body = match base64 {
                Some(text) => STANDARD.decode(text).unwrap_or_default(),
                None => body.into_bytes(),
            };
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
            replacement(200, [], "<!doctype html><title>not JSON</title>")
        }
        Some(Fault::Late { ms }) => {
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(ms)).await;
                run().await;
            });
            dropped()
        }
        // The other faults have changed how the service behaves.
        Some(_) | None => run().await,
    }
}

/// The answer to a request beyond the rate limit.
fn too_many(wait: Duration) -> Response {
    let seconds = wait.as_millis().div_ceil(1_000).to_string();
    ([(header::RETRY_AFTER, seconds)], ApiError::too_many()).into_response()
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

/// Whether pages of other origins must not be able to read a response.
pub fn is_unreadable(response: &Response) -> bool {
    response.extensions().get::<Unreadable>().is_some()
}

/// A response that is not sent.
fn dropped() -> Response {
    let mut response = Response::new(Body::empty());
    response.extensions_mut().insert(Dropped);
    response
}

/// A response that is sent in place of the real one. Whatever it holds, it is no document of this origin.
fn replacement(
    status: u16,
    headers: impl IntoIterator<Item = (String, String)>,
    body: impl Into<Body>,
) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::IM_A_TEAPOT);
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse()) {
            response.headers_mut().insert(name, value);
        }
    }
    policy::sandbox(response.headers_mut());
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
