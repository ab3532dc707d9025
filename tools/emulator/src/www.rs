//! Serves static files next to the API, and none that lie outside the folder.

use crate::api_error::ApiError;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::fs::Metadata;
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use tower::ServiceExt;
use tower_http::services::ServeDir;
use tower_http::services::fs::{Backend, TokioBackend, TokioFile};

/// The headers of every file, besides those of every answer.
const HEADERS: [(HeaderName, &str); 2] = [
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-cache"),
];

/// Serves a file of the folder.
pub async fn file(folder: PathBuf, request: Request) -> Response {
    let missing = || ApiError::missing("there is no such path").into_response();
    // ServeDir could redirect a path that begins with two slashes to another host.
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    if !is_read || request.uri().path().starts_with("//") {
        return missing();
    }
    let inside = Inside(folder.as_path().into());
    let Ok(response) = ServeDir::with_backend(folder, inside)
        .oneshot(request)
        .await;
    // ServeDir fails with 500 if a name is too long or a file cannot be read.
    let status = response.status();
    if status == StatusCode::NOT_FOUND || status.is_server_error() {
        return missing();
    }
    let mut response = response.into_response();
    for (name, value) in HEADERS {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}

/// The files of a folder. Where a link leads out of it, there is nothing.
#[derive(Clone)]
struct Inside(Arc<std::path::Path>);

type Pending<T> = Pin<Box<dyn Future<Output = io::Result<T>> + Send>>;

impl Inside {
    /// The place where a path leads to, if that is in the folder.
    async fn resolve(self, path: PathBuf) -> io::Result<PathBuf> {
        let folder = tokio::fs::canonicalize(&self.0).await?;
        let path = tokio::fs::canonicalize(path).await?;
        match path.starts_with(folder) {
            true => Ok(path),
            false => Err(io::ErrorKind::NotFound.into()),
        }
    }
}

impl Backend for Inside {
    type File = TokioFile;
    type Metadata = Metadata;
    type OpenFuture = Pending<TokioFile>;
    type MetadataFuture = Pending<Metadata>;

    fn open(&self, path: PathBuf) -> Self::OpenFuture {
        let inside = self.clone();
        Box::pin(async move { TokioBackend.open(inside.resolve(path).await?).await })
    }

    fn metadata(&self, path: PathBuf) -> Self::MetadataFuture {
        let inside = self.clone();
        Box::pin(async move { TokioBackend.metadata(inside.resolve(path).await?).await })
    }
}
