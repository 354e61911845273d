//! `/openapi.json` and `/docs`.

use aws_lc_rs::digest;
use base64::{Engine, prelude::BASE64_STANDARD};

use crate::stage::stage;

#[tokio::test]
async fn the_description_is_served_as_it_is_committed() {
    let served = stage().look("/openapi.json", "203.0.113.9", &[]).await;
    let committed = include_str!("../../../../schema/openapi.json");
    assert_eq!(served.expect(200), serde_json::from_str::<serde_json::Value>(committed).unwrap());
    assert_eq!(served.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn the_page_lets_only_its_own_style_and_script_run() {
    let page = stage().look("/docs", "203.0.113.9", &[]).await;
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none';"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    for (name, directive) in [("style", "style-src"), ("script", "script-src")] {
        let (_, rest) = page.text.split_once(&format!("<{name}>")).unwrap();
        let (text, _) = rest.split_once(&format!("</{name}>")).unwrap();
        let sum = BASE64_STANDARD.encode(digest::digest(&digest::SHA256, text.as_bytes()));
        assert!(policy.contains(&format!("{directive} 'sha256-{sum}'")), "{name}: {policy}");
    }
    for foreign in ["http://", "https://", "//cdn", " style=\"", " onclick"] {
        assert!(!page.text.contains(foreign), "{foreign}");
    }
}
