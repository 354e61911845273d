//! The demo's page: `/`, `/demo` and the files they load.

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use axum::routing::get;
use http::{HeaderValue, StatusCode, header};
use rust_embed::RustEmbed;

/// What `packages/demo` built. Debug builds read it from disk at each request.
#[derive(RustEmbed)]
#[folder = "$TIDINGS_DEMO"]
struct Files;

const INDEX: &str = "index.html";

/// The page may load from and talk to this server only, and nobody may put it into a frame.
const POLICY: &str = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// A route for each file, so that no request names a path on disk.
pub(super) fn routes() -> Router {
    let index = || get(|| async { file(INDEX) });
    let routes = Router::new().route("/", index()).route("/demo", index());
    Files::iter().filter(|name| name != INDEX).fold(routes, |routes, name| {
        routes.route(&format!("/{name}"), get(move || async move { file(&name) }))
    })
}

fn file(name: &str) -> Response {
    let (status, body) = match Files::get(name) {
        Some(file) => (StatusCode::OK, Body::from(file.data.into_owned())),
        // Only in debug builds, when the page is built anew while the server runs.
        None => (StatusCode::NOT_FOUND, Body::empty()),
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(name)));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json" | "map") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
