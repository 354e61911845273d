//! The opening handshake (RFC 6455 section 4.2): which requests become sockets, and what comes with them.

use std::sync::Arc;

use axum::extract::{Request, State};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use hyper::upgrade::OnUpgrade;
use tidings_core::{Format, Origin};
use tidings_protocol::{Encoding, ErrorCode, Fault, ResumeCursor};
use tidings_websocket::handshake;

use super::opening::{Arrival, open};
use crate::{App, auth::bearer, origin, problem::HttpFault};

const JSON: &str = "tidings.v1";
const MESSAGE_PACK: &str = "tidings.v1.msgpack";
const TOKEN_PREFIX: &str = "tidings.token.";
/// Longest value of `client_type` and its like that is kept.
const LABEL_MAX: usize = 64;

/// Answers 101 and lets a task of its own serve the socket.
///
/// # Errors
/// `unavailable` while draining, `forbidden` for a foreign origin, `rate_limited` for too many attempts, `invalid_request` for what is
/// no WebSocket handshake. What is wrong with the token is told after the upgrade: a browser cannot read a refused one.
pub(super) async fn upgrade(
    State(app): State<Arc<App>>,
    request: Request,
) -> Result<(StatusCode, HeaderMap), HttpFault> {
    shake_hands(app, request, open)
}

/// The same, for whatever opens the socket then.
pub(super) fn shake_hands<Opening: Future<Output = ()> + Send + 'static>(
    app: Arc<App>,
    mut request: Request,
    open: impl FnOnce(Arc<App>, OnUpgrade, Box<Arrival>) -> Opening,
) -> Result<(StatusCode, HeaderMap), HttpFault> {
    let now = app.tidings.clock().now();
    let ip = origin::ip(request.headers(), request.extensions(), &app.settings.server.trusted_proxies);
    admit(&app, request.headers(), ip)?;
    let accept = accept_key(request.headers())?;

    let deflate = app.settings.live.compression.then(|| negotiate_deflate(request.headers())).flatten();
    let (encoding, protocol, mut token) = protocols(request.headers());
    let mut query = Query::parse(request.uri().query().unwrap_or_default());
    token = authorization(request.headers()).or(token).or(query.token.take());

    let mut headers = HeaderMap::with_capacity(5);
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    if let Some(protocol) = protocol {
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(protocol));
    }
    if let Some(agreed) = deflate {
        headers.insert(header::SEC_WEBSOCKET_EXTENSIONS, HeaderValue::from_static(agreed));
    }

    let arrival = Box::new(Arrival {
        token,
        resume: query.resume,
        format: Format { encoding, deflate: deflate.is_some() },
        origin: Origin {
            client_type: query.client_type,
            client_version: query.client_version,
            device_id: query.device_id,
            ip,
            connected_at: now,
        },
    });
    let Some(socket) = request.extensions_mut().remove::<OnUpgrade>() else {
        return Err(HttpFault::new(
            ErrorCode::InvalidRequest,
            "this request cannot be upgraded: WebSockets need HTTP/1.1",
        ));
    };
    tokio::spawn(open(app, socket, arrival));
    Ok((StatusCode::SWITCHING_PROTOCOLS, headers))
}

fn admit(app: &App, headers: &HeaderMap, ip: std::net::IpAddr) -> Result<(), HttpFault> {
    let counters = &app.edge_metrics;
    if app.is_draining() {
        let fault = Fault::new(ErrorCode::Unavailable, "the server is about to stop");
        return Err(Fault { retry_after_ms: Some(1_000), ..fault }.into());
    }
    if !origin::page_is_allowed(headers, &app.settings.server.allowed_origins) {
        counters.handshake("foreign_origin");
        return Err(HttpFault::new(
            ErrorCode::Forbidden,
            "pages of this origin may not connect: see server.allowed_origins",
        ));
    }
    app.admission.attempt(ip, app.tidings.clock().monotonic()).map_err(|fault| {
        counters.handshake("rate_limited");
        HttpFault(fault)
    })
}

fn accept_key(headers: &HeaderMap) -> Result<HeaderValue, HttpFault> {
    let wrong = |message| HttpFault::new(ErrorCode::InvalidRequest, message);
    if !has_token(headers, header::UPGRADE, "websocket") || !has_token(headers, header::CONNECTION, "upgrade")
    {
        return Err(wrong("this path speaks WebSocket: expected Upgrade: websocket and Connection: Upgrade"));
    }
    if headers.get(header::SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
        return Err(wrong("expected Sec-WebSocket-Version: 13"));
    }
    let key = text(headers, header::SEC_WEBSOCKET_KEY).filter(|key| handshake::is_valid_key(key));
    let key = key.ok_or_else(|| wrong("expected Sec-WebSocket-Key: the base64 of 16 bytes"))?;
    HeaderValue::try_from(handshake::accept_key(key)).map_err(|_| wrong("expected Sec-WebSocket-Key"))
}

fn negotiate_deflate(headers: &HeaderMap) -> Option<&'static str> {
    handshake::negotiate_deflate(texts(headers, header::SEC_WEBSOCKET_EXTENSIONS))
}

/// The encoding asked for, the subprotocol to answer with, and a token among the offers.
fn protocols(headers: &HeaderMap) -> (Encoding, Option<&'static str>, Option<String>) {
    let (mut encoding, mut protocol, mut token) = (Encoding::Json, None, None);
    for offer in handshake::protocols(texts(headers, header::SEC_WEBSOCKET_PROTOCOL)) {
        match offer {
            JSON if protocol.is_none() => protocol = Some(JSON),
            MESSAGE_PACK if protocol.is_none() => {
                (encoding, protocol) = (Encoding::MessagePack, Some(MESSAGE_PACK))
            }
            offer => token = offer.strip_prefix(TOKEN_PREFIX).map(str::to_owned).or(token),
        }
    }
    (encoding, protocol, token)
}

fn authorization(headers: &HeaderMap) -> Option<String> {
    text(headers, header::AUTHORIZATION).and_then(bearer).map(str::to_owned)
}

#[derive(Default)]
struct Query {
    token: Option<String>,
    resume: Option<ResumeCursor>,
    client_type: Option<Box<str>>,
    client_version: Option<Box<str>>,
    device_id: Option<Box<str>>,
}

impl Query {
    /// What is not understood is passed over: a link with more in it should still open.
    fn parse(query: &str) -> Self {
        let mut parsed = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "token" if !value.is_empty() => parsed.token = Some(value.into_owned()),
                "resume" => parsed.resume = value.parse().ok(),
                "client_type" => parsed.client_type = label(&value),
                "client_version" => parsed.client_version = label(&value),
                "device_id" => parsed.device_id = label(&value),
                _ => {}
            }
        }
        parsed
    }
}

fn label(value: &str) -> Option<Box<str>> {
    let label: String = value.chars().filter(|c| !c.is_control()).take(LABEL_MAX).collect();
    (!label.is_empty()).then(|| label.into())
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn texts(headers: &HeaderMap, name: header::HeaderName) -> impl Iterator<Item = &str> {
    headers.get_all(name).iter().filter_map(|value| value.to_str().ok())
}

fn has_token(headers: &HeaderMap, name: header::HeaderName, token: &str) -> bool {
    texts(headers, name).flat_map(|value| value.split(',')).any(|one| one.trim().eq_ignore_ascii_case(token))
}
