//! Accepts connections and serves their requests: logs them, injects faults, routes them to the handlers,
//! and adds the headers that every answer has. Shutting down must not wait forever for a request.

use crate::api_error::ApiError;
use crate::arguments::Arguments;
use crate::log::{CallerName, Log};
use crate::state::App;
use crate::store::Store;
use crate::{auth, control, inject, keys, openapi, secret, users, www};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use futures_util::StreamExt;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

/// The largest body that is accepted, in bytes.
const LARGEST_BODY: usize = 1 << 20;

/// How much of a body that is too large is read before it is refused, in bytes.
const LARGEST_DRAINED: usize = 64 << 20;

/// How long to wait for running requests at shutdown.
const GRACE: Duration = Duration::from_secs(3);

/// Serves until `stop` resolves.
pub async fn serve(
    listener: TcpListener,
    arguments: &Arguments,
    store: Store,
    stop: impl Future<Output = ()>,
) {
    let app = App {
        account: arguments.account.as_str().into(),
        bootstrap: secret::hash(&arguments.token),
        store: store.clone(),
        faults: Arc::default(),
        log: Log::start(&arguments.token),
    };
    let router = router(&app, arguments);
    let graceful = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                // The caller has disconnected or too many files are open, which will pass.
                Err(_) => {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                    continue;
                }
            },
            () = &mut stop => break,
        };
        // Answers are small, and should not wait to be sent together.
        let _ = stream.set_nodelay(true);
        let (app, router) = (app.clone(), router.clone());
        let service = service_fn(move |request: Request<Incoming>| {
            let (app, router) = (app.clone(), router.clone());
            async move {
                let response = answer(&app, router, request.map(Body::new)).await;
                // On an error, hyper closes the connection without sending anything.
                match inject::is_dropped(&response) {
                    true => Err(io::Error::other("dropped by a fault rule")),
                    false => Ok(response),
                }
            }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .serve_connection(TokioIo::new(stream), service);
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            // A connection that breaks off needs no handling.
            let _ = connection.await;
        });
    }
    // From now on connections are refused, so that callers know that nothing was carried out.
    drop(listener);
    let _ = tokio::time::timeout(GRACE, graceful.shutdown()).await;
    app.log.finish();
    store.checkpoint().await;
}

/// Starts to catch the signals that ask the process to stop. The future resolves when one arrives.
#[cfg(unix)]
pub fn stop() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Starts to catch the signals that ask the process to stop. The future resolves when one arrives.
#[cfg(windows)]
pub fn stop() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        interrupt.recv().await;
    })
}

/// The routes of the API, of `/_emulator` and of the files.
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
            .route("/_emulator", axum::routing::delete(control::reset))
            .route("/_emulator/keys", get(control::keys))
            .route("/_emulator/stats", get(control::stats))
            .route(
                "/_emulator/faults",
                post(control::add_fault)
                    .get(control::list_faults)
                    .delete(control::clear_faults),
            );
    }
    let router = router.method_not_allowed_fallback(async || ApiError::method());
    let router = match arguments.www.clone() {
        Some(folder) => router.fallback(move |request: Request| www::file(folder.clone(), request)),
        None => router.fallback(async || ApiError::missing("there is no such path")),
    };
    router.with_state(app.clone())
}

/// Answers a request and logs it. Adds the headers that every answer has.
async fn answer(app: &App, router: Router, request: Request) -> Response {
    let caller = CallerName::default();
    let id = secret::id().unwrap_or_default();
    let token = auth::bearer(request.headers()).unwrap_or_default();
    let mut line = app.log.begin(&request, token, &id, &caller);
    let mut response = if request.method() == Method::OPTIONS {
        preflight()
    } else {
        match read_body(request).await {
            Ok(mut request) => {
                request.extensions_mut().insert(caller);
                inject::serve(app, router, request).await
            }
            Err(error) => error.into_response(),
        }
    };
    // A fault may have set these headers to something else.
    let headers = response.headers_mut();
    headers
        .entry(header::ACCESS_CONTROL_ALLOW_ORIGIN)
        .or_insert(HeaderValue::from_static("*"));
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.entry("x-request-id").or_insert(id);
    }
    if !inject::is_dropped(&response) {
        line.answered(response.status().as_u16());
    }
    response
}

/// Reads the whole body of a request. A body that is too large is read too, up to a limit, as a caller
/// that is still sending would see a broken connection instead of the error.
async fn read_body(request: Request) -> Result<Request<Bytes>, ApiError> {
    let (parts, body) = request.into_parts();
    let mut pieces = body.into_data_stream();
    let (mut body, mut size) = (Vec::new(), 0);
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|_| ApiError::invalid("the body is incomplete"))?;
        size += piece.len();
        if size > LARGEST_DRAINED {
            break;
        }
        if size <= LARGEST_BODY {
            body.extend_from_slice(&piece);
        }
    }
    match size <= LARGEST_BODY {
        true => Ok(Request::from_parts(parts, body.into())),
        false => Err(ApiError::too_large()),
    }
}

/// The answer to a CORS preflight request.
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
