//! Health and metrics, and who may see them.

use serde_json::json;

use crate::stage::{Stage, stage, stage_with};

#[tokio::test]
async fn health_is_for_everybody() {
    let stage = stage();
    for path in ["/livez", "/readyz"] {
        let answer = stage.look(path, "203.0.113.9", &[]).await;
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, "ok\n"), "{path}");
    }
}

#[tokio::test]
async fn checks_are_listed_for_operators() {
    let stage = stage();
    let lines = "[+]listening ok\n[+]store ok\n[+]fan-out ok\n";
    assert_eq!(stage.get("/readyz?verbose").await.text, lines);
    assert_eq!(stage.look("/readyz?verbose", "127.0.0.1", &[]).await.text, lines);
    let stranger = stage.look("/readyz?verbose=1", "203.0.113.9", &[]).await;
    stranger.expect_problem(401, "unauthorized", None);
}

#[tokio::test]
async fn metrics_tell_what_happened() {
    let stage = stage();
    let _ada = stage.connect("ada", &["orders"]).await;
    stage.post("/v1/publish", json!({ "to": { "user": "ada" }, "type": "x" })).await.expect(202);
    stage.post("/v1/publish", "{").await.expect_problem(400, "invalid_request", None);
    let metrics = stage.get("/metrics").await;
    assert_eq!(
        metrics.header("content-type"),
        Some("application/openmetrics-text; version=1.0.0; charset=utf-8")
    );
    for line in [
        "tidings_http_requests_total{endpoint=\"publish\",status=\"2xx\"} 1",
        "tidings_http_requests_total{endpoint=\"publish\",status=\"4xx\"} 1",
        "tidings_http_requests_total{endpoint=\"stats\",status=\"2xx\"} 0",
        "tidings_publish_seconds_count 1",
        "tidings_handshakes_total{result=\"accepted\"} 0",
        "tidings_entries_total 1",
        "tidings_connections 1",
        "tidings_subscriptions 1",
        "# EOF",
    ] {
        assert!(metrics.text.lines().any(|one| one == line), "{line} is not in\n{}", metrics.text);
    }
    if cfg!(target_os = "linux") {
        assert!(metrics.text.contains("\nprocess_resident_memory_bytes "));
        assert!(metrics.text.contains("\nprocess_open_fds "));
    }
}

async fn sees_metrics(stage: &Stage, peer: &str, headers: &[(&str, &str)]) -> bool {
    let answer = stage.look("/metrics", peer, headers).await;
    if answer.status.as_u16() != 200 {
        answer.expect_problem(401, "unauthorized", None);
    }
    answer.status.as_u16() == 200
}

#[tokio::test]
async fn an_address_is_believed_only_without_a_proxy_before_it() {
    let stage = stage();
    assert!(sees_metrics(&stage, "127.0.0.1", &[]).await);
    assert!(sees_metrics(&stage, "::1", &[]).await);
    assert!(sees_metrics(&stage, "::ffff:127.0.0.1", &[]).await);
    assert!(!sees_metrics(&stage, "203.0.113.9", &[]).await);
    assert!(!sees_metrics(&stage, "203.0.113.9", &[("x-forwarded-for", "127.0.0.1")]).await);
    for trace in ["x-forwarded-for", "forwarded", "x-real-ip", "via"] {
        assert!(!sees_metrics(&stage, "127.0.0.1", &[(trace, "127.0.0.1")]).await, "{trace}");
    }
    assert!(
        !sees_metrics(&stage, "127.0.0.1", &[("x-api-key", "wrong")]).await,
        "a wrong key is not passed over"
    );
}

#[tokio::test]
async fn a_trusted_proxy_says_whom_it_speaks_for() {
    let stage = stage_with(|settings| {
        settings.server.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
        settings.security.admin_allow = vec!["127.0.0.0/8".parse().unwrap(), "10.0.0.0/8".parse().unwrap()];
    });
    let forwarded =
        async |value: &str| sees_metrics(&stage, "127.0.0.1", &[("x-forwarded-for", value)]).await;
    assert!(forwarded("10.1.2.3").await);
    assert!(forwarded("203.0.113.9, 10.1.2.3").await);
    assert!(!forwarded("203.0.113.9").await);
    assert!(!forwarded("10.1.2.3, 203.0.113.9").await, "the left is the client's own word");
    assert!(!forwarded("unknown").await, "the chain ends at the proxy");
    assert!(!forwarded("127.0.0.1").await, "the chain ends at a proxy");
    assert!(!sees_metrics(&stage, "127.0.0.1", &[]).await, "it does not say for whom");
    assert!(!sees_metrics(&stage, "127.0.0.1", &[("forwarded", "for=10.1.2.3")]).await);
    assert!(sees_metrics(&stage, "10.1.2.3", &[]).await);
}
