//! The formats that serve one setting only: key material, origins, lists of accesses.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

use crate::access::{Access, AnyOf};
use crate::format::Format;
use crate::secret::Secret;
use crate::value::Value;

/// A public key: the path of a PEM file, or the PEM text itself.
pub(crate) struct PublicKey;

impl Format<String> for PublicKey {
    fn unit(&self) -> String {
        "path or PEM text".to_owned()
    }

    fn read(&self, value: &Value) -> Result<String, String> {
        let text = value.as_text().ok_or("a path, or the text of a PEM file")?;
        // Someone who pastes the wrong half of the pair must hear it before the text lands in a log.
        if text.contains("PRIVATE KEY") {
            return Err(
                "the public key; this is the private one, which only the token's issuer may hold".to_owned()
            );
        }
        Ok(text.to_owned())
    }

    fn show(&self, value: &String) -> Value {
        Value::Text(if is_pem(value) { "(PEM text)".to_owned() } else { value.clone() })
    }

    fn secret(&self) -> bool {
        true
    }
}

/// Whether a `jwt_public_key` is the PEM text itself and not a path.
pub(crate) fn is_pem(text: &str) -> bool {
    text.trim_start().starts_with("-----BEGIN")
}

/// A key that seals what is stored, as `<id>:<base64 of 32 bytes>`.
pub(crate) struct EncryptionKey;

impl Format<Secret> for EncryptionKey {
    fn unit(&self) -> String {
        "secret".to_owned()
    }

    fn read(&self, value: &Value) -> Result<Secret, String> {
        let key = Secret::new(value.as_text().unwrap_or_default());
        match encryption_key(&key) {
            Some(_) => Ok(key),
            None => {
                Err("ID:KEY, where KEY is 32 bytes in base64 (`openssl rand -base64 32` makes one)"
                    .to_owned())
            }
        }
    }

    fn show(&self, value: &Secret) -> Value {
        // The id tells which key is in use and gives nothing away.
        let id = value.expose().split_once(':').map_or("", |(id, _)| id);
        Value::Text(format!("{id}:{value}"))
    }

    fn secret(&self) -> bool {
        true
    }
}

/// Takes one of `security.encryption_keys` apart: its id and its 32 bytes. `None` where it is not a key.
pub fn encryption_key(key: &Secret) -> Option<(&str, [u8; 32])> {
    let (id, encoded) = key.expose().split_once(':')?;
    let good = !id.is_empty()
        && id.len() <= 32
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b));
    if good { Some((id, key_bytes(encoded)?)) } else { None }
}

/// Reads 32 bytes of base64 in any of its four spellings; Fernet keys use the URL-safe one.
pub(crate) fn key_bytes(encoded: &str) -> Option<[u8; 32]> {
    [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD]
        .iter()
        .find_map(|engine| engine.decode(encoded).ok())
        .and_then(|bytes| bytes.try_into().ok())
}

/// A web origin, `https://app.example.com`, in the spelling browsers use; or `*` for all of them.
pub(crate) struct WebOrigin;

impl Format<String> for WebOrigin {
    fn unit(&self) -> String {
        "origin".to_owned()
    }

    fn read(&self, value: &Value) -> Result<String, String> {
        value
            .as_text()
            .and_then(web_origin)
            .ok_or_else(|| "an origin such as https://app.example.com, without a path, or *".to_owned())
    }

    fn show(&self, value: &String) -> Value {
        Value::Text(value.clone())
    }
}

/// Spells an origin as a browser would send it, so that the server can compare texts.
fn web_origin(text: &str) -> Option<String> {
    if text == "*" {
        return Some(text.to_owned());
    }
    let lower = text.to_ascii_lowercase();
    let (scheme, rest) = lower.split_once("://")?;
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-.:[]".contains(c);
    if !matches!(scheme, "http" | "https") || authority.is_empty() || !authority.chars().all(allowed) {
        return None;
    }
    let usual = if scheme == "https" { ":443" } else { ":80" };
    // `[::1:80]` does not end in the port, so brackets need no care here.
    let authority = authority.strip_suffix(usual).unwrap_or(authority);
    let port = authority.rsplit_once(']').map_or(authority, |(_, after)| after).split_once(':');
    let good = port.is_none_or(|(_, port)| port.parse::<u16>().is_ok()) && !authority.starts_with(':');
    (good && !authority.is_empty()).then(|| format!("{scheme}://{authority}"))
}

/// One access, or a list of them.
pub(crate) struct Accesses;

impl Format<AnyOf> for Accesses {
    fn unit(&self) -> String {
        "access or list of them".to_owned()
    }

    fn read(&self, value: &Value) -> Result<AnyOf, String> {
        let texts: Vec<&str> = match value {
            Value::Word(text) => text.split(',').map(str::trim).collect(),
            Value::Text(text) => vec![text],
            Value::List(items) => items.iter().map(|item| item.as_text().unwrap_or_default()).collect(),
            _ => Vec::new(),
        };
        let accesses: Result<Vec<Access>, _> = texts.into_iter().map(str::parse).collect();
        match accesses {
            // "Nobody, or members" has no meaning; better to ask than to guess.
            Ok(list) if list.len() == 1 || (!list.is_empty() && !list.contains(&Access::Nobody)) => {
                Ok(AnyOf(list))
            }
            _ => Err(crate::access::InvalidAccess.to_string()),
        }
    }

    fn show(&self, value: &AnyOf) -> Value {
        match value.0.as_slice() {
            [one] => Value::Text(one.to_string()),
            several => Value::List(several.iter().map(|access| Value::Text(access.to_string())).collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    #[test]
    fn encryption_keys() {
        let (id, bytes) = (Secret::new(format!("k1:{KEY}")), std::array::from_fn(|i| i as u8));
        assert_eq!(encryption_key(&id), Some(("k1", bytes)));
        assert!(encryption_key(&Secret::new(format!("k1:{}", KEY.trim_end_matches('=')))).is_some());
        assert_eq!(EncryptionKey.show(&id), Value::Text("k1:***".into()));
        for wrong in
            [KEY, ":", "k1:", "k1:c2hvcnQ=", &format!(":{KEY}"), &format!("a b:{KEY}"), "k1:passphrase"]
        {
            let error = EncryptionKey.read(&Value::Text(wrong.to_owned())).unwrap_err();
            assert!(!error.contains("passphrase") && !error.contains(KEY));
        }
    }

    #[test]
    fn origins_are_spelled_as_browsers_do() {
        let check =
            |text: &str, expect: Option<&str>| assert_eq!(web_origin(text).as_deref(), expect, "{text}");
        check("https://App.Example.com/", Some("https://app.example.com"));
        check("https://app.example.com:443", Some("https://app.example.com"));
        check("http://localhost:5173", Some("http://localhost:5173"));
        check("http://[::1]:80", Some("http://[::1]"));
        check("http://[::1]:8080", Some("http://[::1]:8080"));
        check("*", Some("*"));
        for wrong in [
            "",
            "app.example.com",
            "https://",
            "https://a/b",
            "ftp://a",
            "https://*.a.com",
            "https://a:x",
            "https://u@a",
            "https://:80",
        ] {
            check(wrong, None);
        }
    }

    #[test]
    fn accesses() {
        let read = |value: Value| Accesses.read(&value);
        assert_eq!(read(Value::Text("members".into())), Ok(AnyOf(vec![Access::Members])));
        assert_eq!(read(Value::Word("members, role:x".into())).unwrap().0.len(), 2);
        let list = |texts: &[&str]| Value::List(texts.iter().map(|t| Value::Text((*t).into())).collect());
        assert_eq!(
            read(list(&["members", "role:x"])).unwrap().0,
            [Access::Members, Access::Role("x".into())]
        );
        for wrong in [list(&[]), list(&["nobody", "members"]), Value::Integer(1), Value::Text("staff".into())]
        {
            assert!(read(wrong).is_err());
        }
    }

    #[test]
    fn a_private_key_is_refused_without_being_repeated() {
        let error = PublicKey.read(&Value::Text("-----BEGIN PRIVATE KEY-----\nMIIEvQ".into())).unwrap_err();
        assert!(error.contains("public key") && !error.contains("MIIEvQ"));
    }
}
