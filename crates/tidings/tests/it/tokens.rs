//! Tokens: which are believed, how long, and what becomes of a connection whose token ends or changes.

use jsonwebtoken::{Algorithm, EncodingKey, Header, jwk::Jwk};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::harness::{KeyPair, Server, claims, sign, token, token_with};

const RSA: &[&str] = &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"];
const P256: &[&str] = &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"];
const ED25519: &[&str] = &["-algorithm", "ED25519"];

/// Refused with this error and 4001, however it is brought.
async fn is_refused(server: &Server, token: &str, code: &str) -> Value {
    let mut early = server.dial().bearer(token).open().await;
    let error = early.refused(code, 4001).await;
    let mut late = server.dial().open().await;
    late.say(json!({ "type": "authenticate", "id": 9, "token": token })).await;
    let again = late.refused(code, 4001).await;
    assert_eq!((&again["reply_to"], &again["message"]), (&json!(9), &error["message"]));
    error
}

fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text)
}

#[tokio::test]
async fn a1_every_kind_of_key() {
    type Read = fn(&[u8]) -> jsonwebtoken::errors::Result<EncodingKey>;
    let kinds: [(&[&str], Algorithm, Read); 3] = [
        (RSA, Algorithm::RS256, EncodingKey::from_rsa_pem),
        (P256, Algorithm::ES256, EncodingKey::from_ec_pem),
        (ED25519, Algorithm::EdDSA, EncodingKey::from_ed_pem),
    ];
    for (kind, algorithm, read) in kinds {
        let pair = KeyPair::new(kind);
        let server = Server::with(&[("auth.jwt_public_key", &pair.public_path())]);
        let key = read(&pair.private_pem()).unwrap();
        let good = sign(&Header::new(algorithm), &claims("ada", json!({})), &key);
        server.connect_with(&good).await.leave().await;
        // The secret of the same server still opens too.
        server.connect("bob").await.leave().await;

        let other = read(&KeyPair::new(kind).private_pem()).unwrap();
        let forged = sign(&Header::new(algorithm), &claims("ada", json!({})), &other);
        is_refused(&server, &forged, "unauthorized").await;
        // The public key is public: as an HMAC secret it must be worth nothing.
        for public in [pair.public_pem(), pair.public_pem().trim_ascii_end().to_vec()] {
            let key = EncodingKey::from_secret(&public);
            let confused = sign(&Header::new(Algorithm::HS256), &claims("ada", json!({})), &key);
            is_refused(&server, &confused, "unauthorized").await;
        }
    }
}

#[tokio::test]
async fn a1_tokens_that_prove_nothing() {
    let server = Server::with(&[("limits.attempts_per_minute", "0")]);
    let good = token(&server, "ada");
    let [header, payload, signature] = good.split('.').collect::<Vec<_>>()[..] else { panic!("{good}") };
    for algorithm in ["none", "None", "NONE", "nOnE"] {
        let none = base64(&json!({ "alg": algorithm, "typ": "JWT" }).to_string());
        is_refused(&server, &format!("{none}.{payload}."), "unauthorized").await;
        is_refused(&server, &format!("{none}.{payload}.{signature}"), "unauthorized").await;
    }
    let admin = base64(&claims("admin", json!({})).to_string());
    is_refused(&server, &format!("{header}.{admin}.{signature}"), "unauthorized").await;
    is_refused(&server, &format!("{header}.{payload}."), "unauthorized").await;
    is_refused(&server, &format!("{header}.{payload}"), "unauthorized").await;
    is_refused(&server, "x", "unauthorized").await;
    is_refused(&server, "..", "unauthorized").await;
    is_refused(&server, &format!("{header}.{}.{signature}", "A".repeat(9 * 1024)), "unauthorized").await;
    let stranger = EncodingKey::from_secret(b"a secret that this server has never heard of");
    for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
        let forged = sign(&Header::new(algorithm), &claims("ada", json!({})), &stranger);
        is_refused(&server, &forged, "unauthorized").await;
    }
}

/// One key, one algorithm (RFC 8725 section 3.1).
#[tokio::test]
async fn a1_a_secret_is_for_hs256_alone() {
    let server = Server::start();
    let key = EncodingKey::from_secret(server.jwt_secret.as_bytes());
    for algorithm in [Algorithm::HS384, Algorithm::HS512] {
        is_refused(&server, &sign(&Header::new(algorithm), &claims("ada", json!({})), &key), "unauthorized")
            .await;
    }
}

#[tokio::test]
async fn a1_claims_that_must_be_right() {
    let server = Server::with(&[("limits.attempts_per_minute", "0"), ("auth.leeway", "0s")]);
    let now = claims("ada", json!({}))["iat"].as_u64().unwrap();
    let check = async |more: Value, code: &str| {
        is_refused(&server, &token_with(&server, "ada", more), code).await;
    };
    check(json!({ "exp": now - 1 }), "token_expired").await;
    check(json!({ "exp": 0 }), "token_expired").await;
    check(json!({ "exp": null }), "unauthorized").await;
    check(json!({ "exp": "tomorrow" }), "unauthorized").await;
    check(json!({ "exp": -1 }), "unauthorized").await;
    check(json!({ "nbf": now + 600 }), "unauthorized").await;
    check(json!({ "sub": null }), "unauthorized").await;
    check(json!({ "sub": "" }), "unauthorized").await;
    check(json!({ "sub": 7 }), "unauthorized").await;
    check(json!({ "sub": "a\u{0}b" }), "unauthorized").await;
    check(json!({ "sub": "x".repeat(129) }), "unauthorized").await;
    check(json!({ "roles": [1] }), "unauthorized").await;
    check(json!({ "roles": vec!["r"; 101] }), "unauthorized").await;
    check(json!({ "rooms": ["a b"] }), "unauthorized").await;
    check(json!({ "rooms": { "a": 1 } }), "unauthorized").await;
    let good = json!({ "nbf": now - 1, "roles": "admin", "rooms": ["order_*"], "aud": "anything", "iss": "anybody" });
    server.connect_with(&token_with(&server, "ada", good)).await;
}

#[tokio::test]
async fn a1_headers_that_ask_to_be_trusted() {
    let server = Server::start();
    let key = EncodingKey::from_secret(server.jwt_secret.as_bytes());
    let jwk: Jwk =
        serde_json::from_value(json!({ "kty": "oct", "k": base64("anything at all"), "alg": "HS256" }))
            .unwrap();
    let with = |change: &dyn Fn(&mut Header)| {
        let mut header = Header::new(Algorithm::HS256);
        change(&mut header);
        sign(&header, &claims("ada", json!({})), &key)
    };
    is_refused(&server, &with(&|header| header.jwk = Some(jwk.clone())), "unauthorized").await;
    is_refused(&server, &with(&|header| header.jku = Some("http://127.0.0.1:1/keys".into())), "unauthorized")
        .await;
    is_refused(&server, &with(&|header| header.x5u = Some("http://127.0.0.1:1/x".into())), "unauthorized")
        .await;
    is_refused(&server, &with(&|header| header.crit = Some(vec!["exp".into()])), "unauthorized").await;
    server.connect_with(&with(&|header| header.kid = Some("any".into()))).await;
}

#[tokio::test]
async fn a1_issuer_audience_and_claims_by_setting() {
    let server = Server::with(&[
        ("auth.issuer", "https://login.example.com"),
        ("auth.audience", "tidings"),
        ("auth.user_claim", "uid"),
        ("auth.roles_claim", "groups"),
    ]);
    let full = json!({ "iss": "https://login.example.com", "aud": ["other", "tidings"], "uid": "ada", "sub": "x", "groups": ["support"] });
    let without = |name: &str| {
        let mut claims = full.clone();
        claims[name] = Value::Null;
        token_with(&server, "x", claims)
    };
    let mut ada = server.dial().bearer(&token_with(&server, "x", full.clone())).open().await;
    assert_eq!(ada.expect("connection_established").await["user"], "ada");
    ada.join("support_1").await;
    for name in ["iss", "aud", "uid"] {
        is_refused(&server, &without(name), "unauthorized").await;
    }
    let mut other = full.clone();
    other["iss"] = json!("https://login.example.com.evil.org");
    is_refused(&server, &token_with(&server, "x", other), "unauthorized").await;
}

#[tokio::test]
async fn a4_an_expired_token_ends_the_connection_and_a_refreshed_one_does_not() {
    let server = Server::with(&[("auth.leeway", "0s")]);
    let began = Instant::now();
    let now = claims("ada", json!({}))["iat"].as_u64().unwrap();
    let short = |user: &str| token_with(&server, user, json!({ "exp": now + 3 }));
    let mut left = server.connect_with(&short("ada")).await;
    let mut kept = server.connect_with(&short("bob")).await;
    let answer = kept.ask(json!({ "type": "refresh_token", "token": token(&server, "bob") })).await;
    assert_eq!((&answer["type"], &answer["user"]), (&json!("authenticated"), &json!("bob")));
    assert_eq!(left.closed().await, (4001, "token expired".into()));
    assert!((2..13).contains(&began.elapsed().as_secs()), "closed after {:?}", began.elapsed());
    let heard = kept.so_far().await;
    assert!(heard.is_empty(), "{heard:?}");
}

#[tokio::test]
async fn a4_a_refresh_to_a_shorter_token_counts_too() {
    let server = Server::with(&[("auth.leeway", "0s")]);
    let mut ada = server.connect("ada").await;
    // The end of another one shows that the server has planned when to look after ada next: in 25 s.
    let now = claims("ada", json!({}))["iat"].as_u64().unwrap();
    server.connect_with(&token_with(&server, "bob", json!({ "exp": now + 3 }))).await.closed().await;
    let began = Instant::now();
    let now = claims("ada", json!({}))["iat"].as_u64().unwrap();
    let short = token_with(&server, "ada", json!({ "exp": now + 2 }));
    ada.ask(json!({ "type": "refresh_token", "token": short })).await;
    assert_eq!(ada.closed().await, (4001, "token expired".into()));
    assert!(began.elapsed().as_secs() < 12, "within 10 s of its end, not {:?}", began.elapsed());
}

#[tokio::test]
async fn a4_a_bad_refresh_changes_nothing() {
    let server = Server::with(&[("auth.leeway", "0s")]);
    let mut ada = server.connect("ada").await;
    ada.join("orders").await;
    let refresh = async |ada: &mut crate::harness::Client, token: String| {
        ada.ask(json!({ "type": "refresh_token", "token": token })).await
    };
    let other = refresh(&mut ada, token(&server, "bob")).await;
    assert_eq!((&other["code"], &other["path"]), (&json!("forbidden"), &json!("token")));
    assert_eq!(refresh(&mut ada, "nonsense".into()).await["code"], "unauthorized");
    let old = token_with(&server, "ada", json!({ "exp": 1_000 }));
    assert_eq!(refresh(&mut ada, old).await["code"], "token_expired");
    server.publish(json!({ "room": "orders" }), "order_created", json!(1)).await;
    server.publish(json!({ "user": "ada" }), "notification", json!(2)).await;
    ada.event("order_created").await;
    ada.event("notification").await;
}

#[tokio::test]
async fn a4_a_refresh_moves_role_rooms() {
    let server = Server::start();
    let with = |role: &str| token_with(&server, "ada", json!({ "roles": [role, "all"] }));
    let mut ada = server.connect_with(&with("admin")).await;
    let reached = async |role: &str| {
        server.publish(json!({ "role": role }), role, json!(null)).await["reached"].clone()
    };
    let (one, none) = (json!({ "users": 1, "connections": 1 }), json!({ "users": 0, "connections": 0 }));
    assert_eq!(
        [reached("admin").await, reached("support").await, reached("all").await],
        [one.clone(), none.clone(), one.clone()]
    );
    ada.ask(json!({ "type": "refresh_token", "token": with("support") })).await;
    assert_eq!(
        [reached("admin").await, reached("support").await, reached("all").await],
        [none, one.clone(), one]
    );
    let heard: Vec<_> = ada.so_far().await.iter().map(|entry| entry["type"].clone()).collect();
    assert_eq!(heard, ["admin", "all", "support", "all"]);
    ada.join("support_1").await;
}
