//! Listens, and serves each request: trouble first, then the router, then what every answer carries.
//! It must never listen on anything but what it is given, nor hold a request for ever at the end.

use crate::arguments::Arguments;
use crate::failure::Failure;
use crate::fault::Faults;
use crate::log::Log;
use crate::store::Store;
use crate::{auth, fault, keys, openapi, secret, trouble, users, www};
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
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::net::TcpListener;

/// The largest body that is read, in bytes.
const LARGEST_BODY: usize = 1 << 20;

/// The largest body that is read to its end only to refuse it, in bytes.
const LARGEST_DRAINED: usize = 64 << 20;

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
    /// The access log.
    pub log: Log,
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

/// Serves until it is asked to stop.
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
                // hyper closes a connection without a byte where there is no answer to send.
                match trouble::is_dropped(&response) {
                    true => Err(io::Error::other("dropped, as was asked for")),
                    false => Ok(response),
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
    // Who comes now is refused at once, and knows that nothing was done.
    drop(listener);
    let _ = tokio::time::timeout(GRACE, graceful.shutdown()).await;
    app.log.finish();
    store.checkpoint().await;
}

/// Catches the signals that ask to stop, from now on, and resolves when one has come.
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

/// Catches the signals that ask to stop, from now on, and resolves when one has come.
#[cfg(windows)]
pub fn stop() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        interrupt.recv().await;
    })
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
    let who = Who::default();
    let id = secret::id().unwrap_or_default();
    let token = auth::bearer(request.headers()).unwrap_or_default();
    let mut line = app.log.begin(&request, token, &id, &who);
    let mut response = if request.method() == Method::OPTIONS {
        preflight()
    } else {
        match whole(request).await {
            Ok(mut request) => {
                request.extensions_mut().insert(who);
                trouble::serve(app, router, request).await
            }
            Err(failure) => failure.into_response(),
        }
    };
    // An order of trouble may have said something else.
    let headers = response.headers_mut();
    headers
        .entry(header::ACCESS_CONTROL_ALLOW_ORIGIN)
        .or_insert(HeaderValue::from_static("*"));
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.entry("x-request-id").or_insert(id);
    }
    if !trouble::is_dropped(&response) {
        line.answered(response.status().as_u16());
    }
    response
}

/// The request with its whole body. What is too large is read all the same, up to a point: whoever
/// still sends would see a broken connection in place of the answer.
async fn whole(request: Request) -> Result<Request<Bytes>, Failure> {
    let (parts, body) = request.into_parts();
    let mut pieces = body.into_data_stream();
    let (mut body, mut size) = (Vec::new(), 0);
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|_| Failure::invalid("the body broke off"))?;
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
        false => Err(Failure::too_large()),
    }
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
