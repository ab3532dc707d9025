//! Accepts connections and serves their requests: logs them, injects faults, routes them to the handlers,
//! and adds the headers that every answer has. Shutting down must not wait forever for a request.

use crate::api_error::ApiError;
use crate::arguments::Arguments;
use crate::cors::Cors;
use crate::log::{CallerName, Log};
use crate::rate::RateLimit;
use crate::state::App;
use crate::store::Store;
use crate::{
    accounts, auth, body, control, inject, keys, openapi, origin, policy, secret, users, www,
};
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, delete, get, post};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

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
        other_accounts: arguments.other_accounts.clone().into(),
        users: arguments.users.iter().map(|user| user.id.clone()).collect(),
        behaviour: arguments.behaviour(),
        rate: arguments.rate.map(RateLimit::new).map(Arc::new),
        bootstrap: secret::hash(&arguments.token),
        store: store.clone(),
        faults: Arc::default(),
        log: Log::start(&arguments.token),
    };
    let server = Server {
        router: router(&app, arguments),
        app: app.clone(),
        hosts: arguments.hosts.clone().into(),
        cors: Arc::new(arguments.cors.clone()),
        body_timeout: arguments.body_timeout,
        has_control: arguments.faults,
    };
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
        let server = server.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            let server = server.clone();
            async move {
                let response = server.answer(request.map(Body::new)).await;
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
        .route("/v1/accounts", get(accounts::list))
        .route("/v1/accounts/{account}", get(accounts::get))
        .route("/v1/accounts/{account}/users", get(users::list))
        .route(
            "/v1/accounts/{account}/users/{user}/{action}",
            any(keys::dispatch),
        )
        .route("/openapi.json", get(openapi::document));
    if arguments.faults {
        router = router
            .route("/_emulator", delete(control::reset))
            .route("/_emulator/keys", get(control::keys))
            .route("/_emulator/stats", get(control::stats))
            .route("/_emulator/users/{user}", delete(control::remove_user))
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

/// What every request is answered with.
#[derive(Clone)]
struct Server {
    app: App,
    router: Router,
    hosts: Arc<[String]>,
    cors: Arc<Cors>,
    body_timeout: Duration,
    has_control: bool,
}

impl Server {
    /// Fails unless the request may be served.
    fn admit(&self, request: &Parts) -> Result<(), ApiError> {
        origin::admit(request, &self.hosts)?;
        if self.has_control && origin::is_control(request.uri.path()) {
            origin::admit_control(request)?;
        }
        Ok(())
    }

    /// Answers a request and logs it. Adds the headers that every answer has.
    async fn answer(&self, request: Request) -> Response {
        let caller = CallerName::default();
        let id = secret::id().unwrap_or_default();
        let token = auth::bearer(request.headers()).unwrap_or_default();
        let mut line = self.app.log.begin(&request, token, &id, &caller);
        let (mut parts, body) = request.into_parts();
        let sent = parts.headers.clone();
        let is_api = !origin::is_control(parts.uri.path());
        let is_preflight = is_api && parts.method == Method::OPTIONS;
        let admitted = self.admit(&parts);
        let may_be_read = is_api && admitted.is_ok();
        parts.extensions.insert(caller);
        let mut response = match admitted {
            Err(refusal) => refusal.into_response(),
            Ok(()) if is_preflight => StatusCode::NO_CONTENT.into_response(),
            Ok(()) => match body::read(body, self.body_timeout).await {
                Ok(body) => {
                    let request = Request::from_parts(parts, body);
                    inject::serve(&self.app, self.router.clone(), request).await
                }
                // The rest of the body would be taken for the next request.
                Err(error) => ([(header::CONNECTION, "close")], error).into_response(),
            },
        };
        let is_unreadable = inject::is_unreadable(&response);
        let headers = response.headers_mut();
        if may_be_read && !is_unreadable {
            self.cors.apply(&sent, is_preflight, headers);
        }
        policy::protect(headers);
        // A fault may have set this header to something else.
        if let Ok(id) = HeaderValue::from_str(&id) {
            headers.entry("x-request-id").or_insert(id);
        }
        if !inject::is_dropped(&response) {
            line.answered(response.status().as_u16());
        }
        response
    }
}
