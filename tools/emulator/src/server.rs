//! Listens, and serves each request: trouble first, then the router, then what every answer carries.

use crate::arguments::Arguments;
use crate::failure::Failure;
use crate::fault::{Fault, Faults, StripAnnotations, When};
use crate::operation::Operation;
use crate::store::Store;
use crate::{auth, fault, keys, log, openapi, secret, users, www};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use futures_util::stream;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use std::convert::Infallible;
use std::io;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tower::ServiceExt;

/// The largest body that is read, in bytes.
const LARGEST_BODY: usize = 1 << 20;

/// How long requests under way may take to end, once the service is asked to stop.
const GRACE: Duration = Duration::from_secs(3);

/// What every request needs.
#[derive(Clone)]
pub struct App {
    /// The account's id.
    pub account: Arc<str>,
    /// The hash of the bootstrap token.
    pub bootstrap: [u8; 32],
    /// Users and keys.
    pub store: Store,
    /// The trouble that was asked for.
    pub faults: Arc<Faults>,
}

impl App {
    /// Whether this is the account that is served.
    pub fn is_account(&self, account: &str) -> Result<(), Failure> {
        if *account == *self.account {
            Ok(())
        } else {
            Err(Failure::missing("there is no such account"))
        }
    }
}

/// Who was found to be calling, for the log.
#[derive(Clone, Default)]
pub struct Who(Arc<OnceLock<String>>);

impl Who {
    /// Notes who it is.
    pub fn is(&self, name: &str) {
        // The first extractor says it; another would say the same.
        let _ = self.0.set(name.into());
    }

    /// Who it is, if anybody found out.
    pub fn name(&self) -> Option<&str> {
        self.0.get().map(String::as_str)
    }
}

/// Marks a response that is never sent: its connection is closed instead.
#[derive(Debug, Clone, Copy)]
struct Dropped;

/// Serves until it is asked to stop.
pub async fn serve(listener: TcpListener, arguments: &Arguments, store: Store) -> io::Result<()> {
    let app = App {
        account: arguments.account.as_str().into(),
        bootstrap: secret::hash(&arguments.token),
        store: store.clone(),
        faults: Arc::default(),
    };
    let router = router(&app, arguments);
    let graceful = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop());
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                // The caller has gone, or there are too many files open: the next may do better.
                Err(_) => {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                    continue;
                }
            },
            () = &mut stop => break,
        };
        // Answers are small, and nobody should wait for more of them.
        let _ = stream.set_nodelay(true);
        let (app, router) = (app.clone(), router.clone());
        let service = service_fn(move |request: Request<Incoming>| {
            let (app, router) = (app.clone(), router.clone());
            async move {
                let response = answer(&app, router, request.map(Body::new)).await;
                match response.extensions().get::<Dropped>() {
                    Some(Dropped) => Err(io::Error::other("dropped, as was asked for")),
                    None => Ok(response),
                }
            }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .serve_connection(TokioIo::new(stream), service);
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            // That a connection ended early is its caller's affair.
            let _ = connection.await;
        });
    }
    let _ = tokio::time::timeout(GRACE, graceful.shutdown()).await;
    store.checkpoint().await;
    Ok(())
}

async fn stop() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let Ok(mut terminate) = signal(SignalKind::terminate()) else {
            let _ = interrupt.await;
            return;
        };
        tokio::select! {
            _ = interrupt => {}
            _ = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    let _ = interrupt.await;
}

fn router(app: &App, arguments: &Arguments) -> Router {
    let mut router = Router::new()
        .route("/v1/accounts/{account}", get(users::account))
        .route("/v1/accounts/{account}/users", get(users::list))
        .route(
            "/v1/accounts/{account}/users/{user}/{action}",
            any(keys::dispatch),
        )
        .route("/openapi.json", get(openapi::document));
    if arguments.faults {
        router = router
            .route("/_emulator", axum::routing::delete(fault::reset))
            .route("/_emulator/keys", get(fault::keys))
            .route("/_emulator/stats", get(fault::stats))
            .route(
                "/_emulator/faults",
                post(fault::add).get(fault::list).delete(fault::clear),
            );
    }
    let router = router.method_not_allowed_fallback(async || Failure::method());
    let router = match arguments.www.clone() {
        Some(folder) => router.fallback(move |request: Request| www::file(folder.clone(), request)),
        None => router.fallback(async || Failure::missing("there is no such path")),
    };
    router.with_state(app.clone())
}

/// What a request comes to, with what every answer carries.
async fn answer(app: &App, router: Router, request: Request) -> Response {
    let started = Instant::now();
    let who = Who::default();
    let id = secret::id().unwrap_or_default();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let mut response = if method == Method::OPTIONS {
        preflight()
    } else {
        troubled(app, router, request, &who).await
    };
    let headers = response.headers_mut();
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        HeaderValue::from_static("*"),
    );
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(HeaderName::from_static("x-request-id"), id);
    }
    let dropped = response.extensions().get::<Dropped>().is_some();
    log::access(&log::Access {
        method: method.as_str(),
        path: &path,
        status: (!dropped).then(|| response.status().as_u16()),
        duration: started.elapsed(),
        request_id: &id,
        user: who.name(),
    });
    response
}

fn preflight() -> Response {
    let headers = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, DELETE"),
        (
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "Authorization, Content-Type",
        ),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

/// Sends the request through the router, and into the trouble that was asked for.
async fn troubled(app: &App, router: Router, request: Request, who: &Who) -> Response {
    let (mut parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, LARGEST_BODY).await else {
        return Failure::too_large().into_response();
    };
    parts.extensions.insert(who.clone());
    let token = auth::bearer(&parts.headers).unwrap_or_default().to_owned();
    let operation = Operation::of(&parts.method, &parts.uri);
    let fault = operation.and_then(|(operation, user)| app.faults.next(operation, user.as_deref()));
    if let Some(Fault::StripAnnotations) = fault {
        parts.extensions.insert(StripAnnotations);
    }
    let run = async move || -> Response {
        let request = Request::from_parts(parts, Body::from(body));
        let served: Result<Response, Infallible> = router.oneshot(request).await;
        served.unwrap_or_else(|never| match never {})
    };
    match fault {
        None | Some(Fault::StripAnnotations) => run().await,
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
            instead(status, headers, body)
        }
        Some(Fault::Delay { ms, when }) => {
            let wait = tokio::time::sleep(Duration::from_millis(ms));
            if when == When::Before {
                wait.await;
                return run().await;
            }
            let response = run().await;
            wait.await;
            response
        }
        Some(Fault::Cut { bytes }) => cut(run().await, bytes).await,
        Some(Fault::Garbage) => {
            run().await;
            instead(200, [], "<!doctype html><title>not JSON</title>".into())
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

fn dropped() -> Response {
    let mut response = Response::new(Body::empty());
    response.extensions_mut().insert(Dropped);
    response
}

fn instead(
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

async fn whole(response: Response) -> (axum::http::response::Parts, Bytes) {
    let (parts, body) = response.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await;
    (parts, body.unwrap_or_default())
}

async fn key_of(response: Response) -> Option<String> {
    let (_, body) = whole(response).await;
    let body: serde_json::Value = serde_json::from_slice(&body).ok()?;
    Some(body.get("key")?.as_str()?.into())
}

/// The head of a response and the first bytes of its body; then the connection breaks.
async fn cut(response: Response, bytes: usize) -> Response {
    let (mut parts, body) = whole(response).await;
    parts
        .headers
        .insert(header::CONTENT_LENGTH, body.len().into());
    let first = body.slice(..bytes.min(body.len()));
    let pieces = stream::unfold(Some(first), async |piece| match piece {
        Some(piece) => Some((Ok(piece), None)),
        None => {
            // What was written should be on its way before the connection goes.
            tokio::time::sleep(Duration::from_millis(20)).await;
            Some((Err(io::Error::other("cut, as was asked for")), None))
        }
    });
    Response::from_parts(parts, Body::from_stream(pieces))
}
