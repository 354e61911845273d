//! `/docs` and `/openapi.json`: the description, for people and for programs.
//!
//! The page is one document with its style and script inside, and a policy that lets nothing else run in it: exactly these two, by
//! their digests. It fetches the description from its neighbour, so it works under whatever path the router is nested.

use std::sync::{Arc, LazyLock};

use aws_lc_rs::digest;
use axum::{body::Body, extract::Request, response::Response};
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{HeaderValue, header};

use super::{endpoint::Outcome, openapi};
use crate::App;

const STYLE: &str = include_str!("docs/style.css");
const SCRIPT: &str = include_str!("docs/script.js");
const FRAME: &str = include_str!("docs/page.html");

static PAGE: LazyLock<Bytes> =
    LazyLock::new(|| FRAME.replace("/*style*/", STYLE).replace("/*script*/", SCRIPT).into());

static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let sha256 = |text: &str| BASE64_STANDARD.encode(digest::digest(&digest::SHA256, text.as_bytes()));
    let policy = format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; connect-src 'self'; img-src data:; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        sha256(SCRIPT),
        sha256(STYLE),
    );
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
});

static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| openapi().to_string().into());

/// The page that shows the description and lets one try it.
pub(crate) async fn page(_: Arc<App>, _: Request) -> Outcome {
    let mut response = whole("text/html; charset=utf-8", &PAGE);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY.clone());
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    Ok(response)
}

/// The description itself.
pub(crate) async fn openapi_json(_: Arc<App>, _: Request) -> Outcome {
    Ok(whole("application/json", &DOCUMENT))
}

fn whole(media_type: &'static str, bytes: &Bytes) -> Response {
    let mut response = Response::new(Body::from(bytes.clone()));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // It changes with the server's version, at no address of its own.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}
