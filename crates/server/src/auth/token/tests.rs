use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::json;
use tidings_settings::Settings;

use super::*;

const SECRET: &str = "an-hmac-secret-of-more-than-32-bytes!";
const NOW: u64 = 1_700_000_000;

fn tokens(change: impl FnOnce(&mut Auth)) -> Tokens {
    let mut auth = Settings::default().auth;
    auth.jwt_secret = tidings_settings::Secret::new(SECRET);
    change(&mut auth);
    Tokens::new(&auth).unwrap()
}

fn sign(claims: &Value) -> String {
    sign_with(&Header::default(), claims)
}

fn sign_with(header: &Header, claims: &Value) -> String {
    encode(header, claims, &EncodingKey::from_secret(SECRET.as_bytes())).unwrap()
}

fn verify(tokens: &Tokens, token: &str) -> Result<Identity, Fault> {
    tokens.verify(token, Timestamp::from_millis(NOW * 1000))
}

#[test]
fn a1_claims_become_an_identity() {
    let claims = json!({"sub": "ada", "exp": NOW + 60, "roles": ["admin", "support"], "rooms": ["order_7", "quote_*"]});
    let identity = verify(&tokens(|_| {}), &sign(&claims)).unwrap();
    assert_eq!(identity.user.as_str(), "ada");
    assert!(identity.has_role("admin") && !identity.has_role("root"));
    assert!(
        identity.is_granted(&"quote_9".parse().unwrap())
            && !identity.is_granted(&"order_70".parse().unwrap())
    );
    assert_eq!(identity.expires_at, Some(Timestamp::from_millis((NOW + 60) * 1000)));
}

#[test]
fn a1_claims_may_have_other_names_and_a_role_may_be_a_text() {
    let tokens = tokens(|auth| {
        auth.user_claim = "uid".into();
        auth.roles_claim = "role".into();
    });
    let identity = verify(&tokens, &sign(&json!({"uid": "ada", "role": "admin", "exp": NOW + 60}))).unwrap();
    assert!(identity.has_role("admin"));
}

#[test]
fn a4_a_token_ends_after_the_leeway() {
    let tokens = tokens(|_| {});
    let token = |exp: u64| sign(&json!({"sub": "ada", "exp": exp}));
    assert!(verify(&tokens, &token(NOW - 30)).is_ok());
    assert_eq!(verify(&tokens, &token(NOW - 31)).unwrap_err().code, ErrorCode::TokenExpired);
}

#[test]
fn what_does_not_verify_is_refused_without_repeating_it() {
    let tokens = tokens(|auth| {
        auth.audience = "tidings".into();
        auth.issuer = "login".into();
    });
    let good = json!({"sub": "ada", "exp": NOW + 60, "aud": "tidings", "iss": "login"});
    assert!(verify(&tokens, &sign(&good)).is_ok());
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        sign(&claims)
    };
    let header = |change: fn(&mut Header)| {
        let mut header = Header::default();
        change(&mut header);
        sign_with(&header, &good)
    };
    let stranger =
        encode(&Header::default(), &good, &EncodingKey::from_secret(b"somebody else's secret")).unwrap();
    let [_, body, _] = sign(&good).split('.').map(str::to_owned).collect::<Vec<_>>().try_into().unwrap();
    let none = format!("eyJhbGciOiJub25lIn0.{body}.");
    for (what, token) in [
        ("no token", "nonsense".to_owned()),
        ("alg none", none),
        ("too long", "x".repeat(9_000)),
        ("another key", stranger),
        ("another algorithm", sign_with(&Header::new(Algorithm::HS512), &good)),
        ("no user", with("sub", Value::Null)),
        ("a user of another type", with("sub", json!(7))),
        ("no end", with("exp", Value::Null)),
        ("not yet", with("nbf", json!(NOW + 60))),
        ("another audience", with("aud", json!("others"))),
        ("another issuer", with("iss", json!("others"))),
        ("roles of another type", with("roles", json!({"admin": true}))),
        ("too many roles", with("roles", json!(vec!["x"; 101]))),
        ("a room that is none", with("rooms", json!(["a b"]))),
        ("extensions", header(|header| header.crit = Some(vec!["b64".into()]))),
        ("a key from elsewhere", header(|header| header.jku = Some("https://evil.example".into()))),
    ] {
        let fault = verify(&tokens, &token).expect_err(what);
        assert_eq!(fault.code, ErrorCode::Unauthorized, "{what}");
        assert!(!fault.message.contains(&token[..8]), "{what}: {fault}");
    }
}

#[test]
fn without_keys_no_token_verifies() {
    let tokens = tokens(|auth| auth.jwt_secret = tidings_settings::Secret::new(""));
    assert!(verify(&tokens, &sign(&json!({"sub": "ada", "exp": NOW + 60}))).is_err());
}

#[test]
fn a_key_file_that_is_no_key_is_refused_at_the_start() {
    let mut auth = Settings::default().auth;
    auth.jwt_public_key = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n".into();
    assert!(Tokens::new(&auth).is_err());
}
