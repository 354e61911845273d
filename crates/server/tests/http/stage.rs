//! A server without a listener, people who are connected to nothing, and requests in one line.

use std::{
    io::{self, IoSlice},
    net::SocketAddr,
    sync::Arc,
};

use axum::{Router, body::Body, extract::ConnectInfo};
use http::{Method, Request, StatusCode, header::HeaderMap, request::Builder};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tidings_core::{Connection, Format, Identity, MemoryStore, Origin, Outlet, RoomKey, Store};
use tidings_protocol::{Reply, ResumeCursor, RoomName};
use tidings_server::App;
use tidings_settings::{Secret, Settings};
use tower::ServiceExt;

/// The back end's key on every stage.
pub(crate) const KEY: &str = "key-of-the-back-end";

/// A server.
pub(crate) struct Stage {
    pub(crate) app: Arc<App>,
    router: Router,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reaction {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

/// Somebody's socket that takes everything.
#[derive(Debug)]
pub(crate) struct Void;

impl Outlet for Void {
    fn write(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        Ok(pieces.iter().map(|piece| piece.len()).sum())
    }

    fn poll_writable(&self, _: &mut std::task::Context<'_>) -> std::task::Poll<()> {
        std::task::Poll::Ready(())
    }
}

/// A server with the default settings.
pub(crate) fn stage() -> Stage {
    stage_with(|_| {})
}

/// A server with some settings changed.
pub(crate) fn stage_with(change: impl FnOnce(&mut Settings)) -> Stage {
    stage_on(Box::new(MemoryStore::default()), change)
}

/// A server on a store, with some settings changed.
pub(crate) fn stage_on(store: Box<dyn Store>, change: impl FnOnce(&mut Settings)) -> Stage {
    let mut settings = Settings::default();
    settings.auth.api_keys = vec![Secret::new(KEY)];
    change(&mut settings);
    let app = App::new(settings, store).unwrap();
    Stage { router: tidings_server::router(app.clone()), app }
}

impl Stage {
    /// A request with whatever it has.
    pub(crate) async fn send(&self, request: Request<Body>) -> Reaction {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        Reaction { status: parts.status, headers: parts.headers, text }
    }

    /// A GET with the API key.
    pub(crate) async fn get(&self, uri: &str) -> Reaction {
        self.send(keyed(Method::GET, uri).body(Body::empty()).unwrap()).await
    }

    /// A GET without a key, from an address, with some headers.
    pub(crate) async fn look(&self, uri: &str, peer: &str, headers: &[(&str, &str)]) -> Reaction {
        let mut request = Request::get(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let peer = ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 5000));
        self.send(request.extension(peer).body(Body::empty()).unwrap()).await
    }

    /// A POST with the API key.
    pub(crate) async fn post(&self, uri: &str, body: impl ToString) -> Reaction {
        self.send(keyed(Method::POST, uri).body(Body::from(body.to_string())).unwrap()).await
    }

    /// A POST with the API key and an idempotency key.
    pub(crate) async fn post_once(&self, uri: &str, key: &str, body: impl ToString) -> Reaction {
        let request = keyed(Method::POST, uri).header("Idempotency-Key", key);
        self.send(request.body(Body::from(body.to_string())).unwrap()).await
    }

    /// Somebody connects and joins rooms.
    pub(crate) async fn connect(&self, user: &str, rooms: &[&str]) -> Arc<Connection<Void>> {
        let identity = Arc::new(Identity {
            user: user.parse().unwrap(),
            roles: vec!["staff".parse().unwrap()],
            grants: Vec::new(),
            anonymous: false,
            issued_at: None,
            expires_at: None,
        });
        let origin = Origin {
            client_type: Some("web".into()),
            client_version: None,
            device_id: None,
            ip: [10, 0, 0, 7].into(),
            connected_at: self.app.tidings.clock().now(),
        };
        let tidings = &self.app.tidings;
        let connection = tidings.hub.connect(identity.clone(), Format::default(), origin, Void).unwrap();
        let shared: Arc<Connection> = connection.clone();
        let answer = |_| Reply::Goodbye { retry_after_ms: 0, spread_ms: 0 };
        let greeting = |joined, _| answer(joined);
        tidings.welcome(&shared, &identity, &ResumeCursor::default(), &greeting).await.unwrap();
        for room in rooms {
            let room: RoomName = room.parse().unwrap();
            tidings.join(&shared, &identity, room.clone(), None, &answer).await.unwrap();
            assert!(shared.follows(&RoomKey::Named(room)));
        }
        connection
    }
}

/// A request with the API key.
pub(crate) fn keyed(method: Method, uri: &str) -> Builder {
    Request::builder().method(method).uri(uri).header("Authorization", format!("Bearer {KEY}"))
}

impl Reaction {
    /// The body, which has to be JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// Asserts success and gives the body.
    #[track_caller]
    pub(crate) fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self.json()
    }

    /// Asserts a problem with this status, code and field, in the form that RFC 9457 asks for.
    #[track_caller]
    pub(crate) fn expect_problem(&self, status: u16, code: &str, path: Option<&str>) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        let problem = self.json();
        assert_eq!((&problem["status"], &problem["code"]), (&json!(status), &json!(code)));
        assert_eq!(problem["errors"][0]["path"], json!(path), "{problem}");
        assert!(problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()));
        problem
    }

    /// A header's text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}
