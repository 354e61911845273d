use std::time::{Duration, Instant};

use super::*;

/// Each as a text of its own, in a JSON object, as a number's or text's neighbour, and behind escapes.
fn everywhere(secret: &str) -> Vec<String> {
    vec![
        format!("\"{secret}\""),
        format!("{{\"a\":[1,\"x {secret}, y\"]}}"),
        format!("\"{secret}\\n\""),
        format!("\"a\\n{secret}\""),
        format!("\"a\\t{secret} b\""),
        format!("\"a\\u00a0{secret}\""),
        format!("\"{{\\\"inner\\\":\\\"{secret}\\\"}}\""),
        format!("{{\"card_{secret}\":null}}"),
        format!("\"é{secret}é\""),
    ]
}

fn check(found: Option<Secret>, texts: &[&str]) {
    for text in texts {
        for json in everywhere(text) {
            assert_eq!(find(&json), found, "{json}");
        }
    }
}

#[test]
fn cards() {
    check(
        Some(Secret::Card),
        &[
            "4111111111111111",
            "4111 1111 1111 1111",
            "4111-1111-1111-1111",
            "4222222222222",
            "378282246310005",
            "3782 822463 10005",
            "30569309025904",
            "6011111111111117",
            "3530111333300000",
            "5555555555554444",
            "5555 5555 5555 4444 123",
            "2223003122003222",
            "6759649826438453",
            "4111 1111 1111 1111 12/27",
            "6212345678901232",
            "123 4111 1111 1111 1111",
            "2200000000000004",
        ],
    );
    // As a JSON number too.
    assert_eq!(find(r#"{"number":4111111111111111}"#), Some(Secret::Card));
    assert_eq!(find("4111111111111111"), Some(Secret::Card));
}

#[test]
fn numbers_that_are_no_cards() {
    check(
        None,
        &[
            // A digit that is wrong, one that is missing, one too many.
            "4111111111111112",
            "411111111111111",
            "41111111111111111",
            "4111 1111 1111 1112",
            // Times in milliseconds and nanoseconds, ids of social networks, zeros, a long number.
            "1763704800120",
            "1763704800120000000",
            "1432905600000000006",
            "0000000000000000",
            "00000000000000000000",
            "41111111111111111111111111111111",
            // Part of something: a fraction, a hexadecimal text, a telephone number, a UUID.
            "3.4111111111111111",
            "4111111111111111.5",
            "4111111111111111f",
            "+4917012345678",
            "01932f1e-0000-7000-8000-000000000000",
            "2026-11-21 17:11:16",
            "12 34 56 78 90 12 34 56 78",
            "4111 1111 1111",
            "4111.1111.1111.1111",
            "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13",
        ],
    );
    // A decimal fraction with many digits, as floats are printed.
    assert_eq!(find(r#"{"price":0.4111111111111111,"at":1763704800120}"#), None);
}

#[test]
fn ibans() {
    check(
        Some(Secret::Iban),
        &[
            "DE89370400440532013000",
            "DE89 3704 0044 0532 0130 00",
            "GB82 WEST 1234 5698 7654 32",
            "NO9386011117947",
            "FR1420041010050500013M02606",
            "MT84MALT011000012345MTLCAST001S",
            "gb82west12345698765432",
            "CH9300762011623852957",
            "BE68 5390 0754 7034",
            "NL91ABNA0417164300",
            "SA0380000000608010167519",
        ],
    );
    check(
        None,
        &[
            "DE88370400440532013000",
            "DE8937040044053201300",
            "DE893704004405320130000",
            "ZZ89370400440532013000",
            "DE89 370400 44 0532 0130 00",
            "de12 and more words that go on",
            "GB82WEST",
            "be12345678901234",
        ],
    );
}

#[test]
fn api_keys() {
    // In two parts, so that nobody takes this file for a leak.
    let join = |(begins, rest): &(&str, &str)| format!("{begins}{rest}");
    let keys: Vec<String> = [
        ("sk_live_", "51H8xQ2eZvKYlo2C0aB3dE4f"),
        ("rk_live_", "9fK2mQ7vX1cZ5nB8"),
        ("AKIA", "Z7VRSQ5TJN2XMPLQ"),
        ("ghp_", "aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5"),
        ("xoxb-", "123456789012-abcDEF123ghiJKL456"),
        ("github_pat_", "11ABCDEFG0aB3dE5fG7hI9_jK1lM3nO5pQ7rS9tU1vW3xY5zA7bC9"),
        ("glpat-", "x7Kq9_Zp3-Lm5Vb8Nc2R"),
        ("AIza", "SyD3fG5hJ7kL9qW1eR3tY5uI7oP9aS1dF3g"),
        ("sk-proj-", "aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5"),
        ("sk-ant-api03-", "aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1"),
        ("npm_", "aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5"),
        ("SK", "0a1b2c3d4e5f60718293a4b5c6d7e8f9"),
        ("shpat_", "0a1b2c3d4e5f60718293a4b5c6d7e8f9"),
        ("hvs.", "CAESIJ3kQ9vX1cZ5nB8mL7pR2tY4"),
    ]
    .iter()
    .map(join)
    .collect();
    check(Some(Secret::ApiKey), &keys.iter().map(String::as_str).collect::<Vec<_>>());
    check(
        None,
        &[
            "sk_live_xxxxxxxxxxxxxxxxxxxxxxxx",
            "sk_live_your_key_here",
            "sk_live_",
            "ghp_token",
            "AKIA",
            "AKIASHORT",
            "AKIAAAAAAAAAAAAAAAAA",
            "sk-spinner-pulse-large-container-inner-x",
            "task_live_51H8xQ2eZvKYlo2C0aB3dE4",
            "skills",
            "xoxb-",
            "asia",
            "ASIA",
            "Asia and Europe",
            "SKU0012",
            "SG.",
            "hf_model",
            "npm_config_registry",
            "ghp_0000000000000000000000000000000000000",
        ],
    );
}

#[test]
fn private_keys() {
    for kind in ["", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED ", "DSA "] {
        let heading = format!("-----BEGIN {kind}PRIVATE KEY-----");
        check(Some(Secret::PrivateKey), &[&heading]);
        assert_eq!(find(&format!("\"{heading}\\nMIIE\\n-----END\"")), Some(Secret::PrivateKey));
    }
    check(
        Some(Secret::PrivateKey),
        &["-----BEGIN PGP PRIVATE KEY BLOCK-----", "PuTTY-User-Key-File-3: ssh-ed25519"],
    );
    check(
        None,
        &[
            "-----BEGIN PUBLIC KEY-----",
            "-----BEGIN CERTIFICATE-----",
            "BEGIN PRIVATE KEY",
            "PRIVATE KEY",
            "-----BEGIN PUBLIC KEY----- not a PRIVATE KEY",
            "BEGIN",
            "-----BEGIN ",
        ],
    );
}

#[test]
fn everyday_data_holds_none() {
    for json in [
        "",
        "null",
        "1",
        "\"\"",
        "\\",
        "\"\\u",
        "{}",
        "-",
        "\"\\\\n4\"",
        r#"{"id":7,"status":"shipped","at":"2026-11-21T17:11:16.120Z","total":"1,299.00 EUR"}"#,
        r#"{"text":"Please call +49 151 23456789 or 0800-123-4567, order 2026-000123456"}"#,
        r#"{"id":"0197a3c2-7d1e-7cc3-98c4-dc0c0c07398f","trace":"4bf92f3577b34da6a3ce929d0e0e4736"}"#,
        r#"{"sha256":"fdee430d40bd57deeac186cd9790033d98c4dc0c0c07398fa3ce929d0e0e4736"}"#,
        r#"{"lat":52.520008,"lon":13.404954,"points":[0.12345678901234567,1.7763568394002505e-15]}"#,
    ] {
        assert_eq!(find(json), None, "{json}");
    }
}

/// Long numbers in a row must not be looked at again and again.
#[test]
fn it_takes_no_longer_for_what_was_made_to_take_long() {
    for piece in ["4111 ", "411 ", "DE89 3704 ", "sk-", "AKIA", "-----BEGIN ", "1", "a1 ", "\\u0041"] {
        let text = piece.repeat((1 << 18) / piece.len());
        let began = Instant::now();
        find(&text);
        assert!(began.elapsed() < Duration::from_secs(5), "{piece:?}: {:?}", began.elapsed());
    }
}
