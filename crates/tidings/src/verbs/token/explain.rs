//! What a token says, and what the server would say to it.
//!
//! The verdict is the server's own: the same function that lets a connection in. What the token says is read without
//! believing it, so that a token that does not verify can be explained too.

use std::fmt::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};
use tidings_protocol::{Fault, Timestamp};
use tidings_server::auth::Tokens;
use tidings_settings::{Auth, Settings};

use crate::mint::time_text;
use crate::output::{GREEN, RED, RESET};

/// How much of a claim is shown, in characters; a token comes from anywhere.
const LONGEST_SHOWN: usize = 200;

/// A token taken apart, with the verdict on it.
pub(super) struct Explanation {
    algorithm: Option<String>,
    user: Option<String>,
    roles: Vec<String>,
    rooms: Vec<String>,
    issued: Option<Timestamp>,
    ends: Option<Timestamp>,
    now: Timestamp,
    verdict: Result<(), Fault>,
    hint: Option<String>,
}

impl Explanation {
    /// Explains a token as a server with these settings sees it.
    ///
    /// # Errors
    /// The settings' own key cannot be used.
    pub(super) fn of(settings: &Settings, token: &str, now: Timestamp) -> anyhow::Result<Self> {
        let auth = &settings.auth;
        let verdict = Tokens::new(auth).map_err(anyhow::Error::msg)?.verify(token, now).map(drop);
        let mut parts = token.split('.');
        let mut part = || parts.next().and_then(object).unwrap_or_default();
        let (header, claims) = (part(), part());
        let time = |claim: &str| {
            let seconds = claims.get(claim).and_then(Value::as_f64).filter(|seconds| *seconds >= 0.0)?;
            Some(Timestamp::from_millis((seconds * 1000.0) as u64))
        };
        let hint = if verdict.is_err() { hint(auth, &header, &claims) } else { None };
        Ok(Self {
            algorithm: header.get("alg").map(shown),
            user: claims.get(&auth.user_claim).map(shown),
            roles: list(claims.get(&auth.roles_claim)),
            rooms: list(claims.get(&auth.rooms_claim)),
            issued: time("iat"),
            ends: time("exp"),
            now,
            verdict,
            hint,
        })
    }

    /// Whether the server would let it in.
    pub(super) fn verifies(&self) -> bool {
        self.verdict.is_ok()
    }

    /// For programs.
    pub(super) fn to_json(&self) -> Value {
        let refusal = self.verdict.as_ref().err();
        json!({
            "valid": refusal.is_none(),
            "code": refusal.map(|fault| fault.code.as_str()),
            "problem": refusal.map(|fault| fault.message.as_ref()),
            "hint": self.hint,
            "algorithm": self.algorithm,
            "user": self.user,
            "roles": self.roles,
            "rooms": self.rooms,
            "issued_at": self.issued,
            "expires_at": self.ends,
        })
    }

    fn ends_text(&self) -> String {
        let Some(ends) = self.ends else { return "not said".to_owned() };
        let (end, now) = (ends.seconds(), self.now.seconds());
        if end > now {
            format!("{ends} (in {})", time_text(end - now))
        } else {
            format!("{ends} ({} ago)", time_text(now - end))
        }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "none".to_owned());
        let joined = |names: &[String]| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        writeln!(f, "user       {}", or_none(&self.user))?;
        writeln!(f, "roles      {}", joined(&self.roles))?;
        writeln!(f, "rooms      {}", joined(&self.rooms))?;
        if let Some(issued) = self.issued {
            writeln!(f, "issued     {issued}")?;
        }
        writeln!(f, "ends       {}", self.ends_text())?;
        writeln!(f, "algorithm  {}", or_none(&self.algorithm))?;
        match &self.verdict {
            Ok(()) => writeln!(f, "verdict    {GREEN}verifies{RESET}"),
            Err(fault) => {
                writeln!(f, "verdict    {RED}refused{RESET}: {} ({})", fault.message, fault.code.as_str())?;
                self.hint.iter().try_for_each(|hint| writeln!(f, "hint       {hint}"))
            }
        }
    }
}

/// What to do about a refusal, where more can be said than a server would tell a stranger.
fn hint(auth: &Auth, header: &Map<String, Value>, claims: &Map<String, Value>) -> Option<String> {
    if auth.jwt_secret.is_empty() && auth.jwt_public_key.is_empty() {
        let hint =
            "set auth.jwt_secret or auth.jwt_public_key as the server has it, in the environment or the file";
        return Some(hint.to_owned());
    }
    let symmetric = header.get("alg").and_then(Value::as_str)?.starts_with("HS");
    match (symmetric, auth.jwt_secret.is_empty(), auth.jwt_public_key.is_empty()) {
        (true, true, _) => {
            return Some("it is signed with a secret, and auth.jwt_secret is not set".to_owned());
        }
        (false, _, true) => {
            return Some("it is not signed with a secret, and auth.jwt_public_key is not set".to_owned());
        }
        _ => {}
    }
    for (setting, expected, claim) in [("issuer", &auth.issuer, "iss"), ("audience", &auth.audience, "aud")] {
        let found = list(claims.get(claim));
        if !expected.is_empty() && !found.contains(expected) {
            return Some(format!(
                "auth.{setting} is {expected:?}, the token's {claim} is {:?}",
                found.join(", ")
            ));
        }
    }
    None
}

/// A part of the token as an object; nothing when it is none.
fn object(part: &str) -> Option<Map<String, Value>> {
    let bytes = URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok()?;
    serde_json::from_slice(&bytes).ok()
}

fn list(claim: Option<&Value>) -> Vec<String> {
    match claim {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(items)) => items.iter().map(shown).collect(),
        Some(one) => vec![shown(one)],
    }
}

/// A claim for a terminal: short, and without characters that could steer it.
fn shown(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let mut out = String::new();
    for c in text.chars().take(LONGEST_SHOWN) {
        // Writing to a String cannot fail.
        let _ = if c.is_control() { write!(out, "{}", c.escape_default()) } else { out.write_char(c) };
    }
    out
}
