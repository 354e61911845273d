//! What holds for all paths: credentials, methods, sizes, times.

use std::{
    collections::{BTreeSet, VecDeque},
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use axum::body::Body;
use bytes::Bytes;
use http::{Method, Request};
use hyper::body::Frame;
use serde_json::Value;

use crate::stage::{KEY, keyed, stage, stage_with};

/// Every path and method of the description.
async fn operations() -> Vec<(Method, String, Value)> {
    let document = stage().get("/openapi.json").await.expect(200);
    let paths = document["paths"].as_object().unwrap();
    let operations = paths.iter().flat_map(|(path, methods)| {
        methods.as_object().unwrap().iter().map(move |(method, operation)| {
            let method = method.to_ascii_uppercase().parse().unwrap();
            (method, path.replace("{user}", "ada").replace("{room}", "orders"), operation.clone())
        })
    });
    operations.collect()
}

#[tokio::test]
async fn a_key_is_asked_for_where_the_description_says_so() {
    for (method, path, operation) in operations().await {
        let request = |key: &str| {
            let request = Request::builder().method(method.clone()).uri(&path).header("X-API-Key", key);
            request.body(Body::empty()).unwrap()
        };
        let stage = stage();
        let open = stage.send(request("wrong")).await;
        let security = operation["security"].as_array().unwrap();
        let is_open = security.is_empty() || path == "/readyz";
        assert_eq!(open.status.is_success(), is_open, "{path}");
        if !is_open {
            let problem = open.expect_problem(401, "unauthorized", None);
            assert!(!problem.to_string().contains("wrong\""), "the key is not repeated");
            assert_eq!(open.header("www-authenticate"), Some("Bearer"));
            let bare = Request::builder().method(method.clone()).uri(&path).body(Body::empty()).unwrap();
            stage.send(bare).await.expect_problem(401, "unauthorized", None);
        }
        let with_key = stage.send(request(KEY)).await;
        let is_for_users = security.iter().any(|way| way.get("user").is_some());
        assert_eq!(with_key.status.as_u16() == 401, is_for_users, "{path}: an API key is no user's token");
    }
}

#[tokio::test]
async fn what_is_not_known_is_refused_and_not_passed_over() {
    let stage = stage();
    for (uri, name) in [
        ("/v1/presence?users=ada&user=bob", "user"),
        ("/v1/rooms/orders/access?user=ada&role=support", "role"),
        ("/v1/audit?after=1", "after"),
        ("/v1/stats?x", "x"),
    ] {
        let problem = stage.get(uri).await.expect_problem(400, "invalid_request", Some(name));
        assert!(problem["detail"].as_str().unwrap().contains("expected"), "{problem}");
    }
    stage.get("/livez?probe=1").await;
    for (uri, body, word) in [
        ("/v1/publish", r#"{"to":{"user":"ada"},"type":"x","excpet":1}"#, "to, type, data, except"),
        ("/v1/publish", r#"{"to":{"user":"ada"},"type":"goodbye"}"#, "answer of the server"),
        ("/v1/publish/batch", r#"{"entries":[],"x":1}"#, "entries"),
        ("/v1/users/ada/disconnect", r#"{"raeson":"x"}"#, "reason"),
    ] {
        let problem = stage.post(uri, body).await;
        assert_eq!(problem.status, 400, "{uri} {body}");
        let problem = problem.json();
        assert!(problem.to_string().contains(word), "{problem}");
    }
}

#[tokio::test]
async fn too_many_wrong_keys_are_slowed_down() {
    let stage = stage();
    let mut last = None;
    for _ in 0..11 {
        let request = Request::get("/v1/stats").header("X-API-Key", "wrong").body(Body::empty()).unwrap();
        last = Some(stage.send(request).await);
    }
    let last = last.unwrap();
    let problem = last.expect_problem(429, "rate_limited", None);
    assert!(problem["retry_after_ms"].as_u64().is_some_and(|wait| wait > 0));
    assert!(last.header("retry-after").is_some());
    stage.get("/v1/stats").await.expect(200);
}

#[tokio::test]
async fn methods_and_paths_that_are_not_there() {
    let stage = stage();
    stage.get("/v1/nothing").await.expect_problem(404, "not_found", None);
    let operations = operations().await;
    for (_, path, _) in &operations {
        let other = stage.send(keyed(Method::TRACE, path).body(Body::empty()).unwrap()).await;
        other.expect_problem(405, "invalid_request", None);
        let methods =
            operations.iter().filter(|(_, same, _)| same == path).map(|(method, ..)| method.as_str());
        let mut expected: BTreeSet<&str> = methods.collect();
        if expected.contains("GET") {
            expected.insert("HEAD");
        }
        let allow = other.header("allow").unwrap();
        assert_eq!(allow.split(',').collect::<BTreeSet<_>>(), expected, "{path}");

        let options =
            Request::options(path).header("origin", "https://evil.example").body(Body::empty()).unwrap();
        let options = stage.send(options).await;
        assert_eq!((options.status.as_u16(), options.header("allow")), (204, Some(allow)));
        assert!(options.headers.keys().all(|name| !name.as_str().starts_with("access-control-")));
    }
}

#[tokio::test]
async fn head_is_get_without_its_body() {
    let stage = stage();
    for path in ["/v1/stats", "/livez", "/openapi.json", "/docs"] {
        let head = stage.send(keyed(Method::HEAD, path).body(Body::empty()).unwrap()).await;
        assert_eq!((head.status.as_u16(), head.text.as_str()), (200, ""), "{path}");
        assert!(head.header("content-length").is_some(), "{path}");
    }
}

#[tokio::test]
async fn a_body_has_a_largest_size_announced_or_not() {
    let stage = stage_with(|settings| settings.limits.body_bytes = 1024);
    let body =
        |bytes: usize| format!(r#"{{"to":{{"user":"ada"}},"type":"x","data":"{}"}}"#, "d".repeat(bytes - 42));
    assert_eq!(body(1024).len(), 1024);
    stage.post("/v1/publish", body(1024)).await.expect(202);
    for path in ["/v1/publish", "/v1/publish/batch", "/v1/users/ada/disconnect"] {
        stage.post(path, body(1025)).await.expect_problem(413, "payload_too_large", None);
        let pieces = ["a".repeat(1000), "b".repeat(25)];
        let streamed = Body::new(Pieces { pieces: pieces.into(), ends: true });
        let request = keyed(Method::POST, path).body(streamed).unwrap();
        stage.send(request).await.expect_problem(413, "payload_too_large", None);
    }
}

/// A body of unknown length: some pieces, and then the end or nothing at all.
struct Pieces {
    pieces: VecDeque<String>,
    ends: bool,
}

impl hyper::body::Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.pieces.pop_front() {
            Some(piece) => Poll::Ready(Some(Ok(Frame::data(piece.into())))),
            None if self.ends => Poll::Ready(None),
            None => Poll::Pending,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_never_comes_is_not_waited_for() {
    let stage = stage();
    let began = tokio::time::Instant::now();
    let stuck = Body::new(Pieces { pieces: ["{".to_owned()].into(), ends: false });
    let answer = stage.send(keyed(Method::POST, "/v1/publish").body(stuck).unwrap()).await;
    let problem = answer.expect_problem(400, "invalid_request", None);
    assert_eq!(problem["detail"], "the body did not arrive within 30 s");
    assert_eq!(began.elapsed().as_secs(), 30);
}
