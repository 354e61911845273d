//! Users' tokens: JSON Web Tokens (RFC 7519), verified by the rules of RFC 8725.
//!
//! Each key has one algorithm; the token's header is never asked which to use. Nothing is fetched that a token names.

use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation, errors::ErrorKind};
use serde_json::{Map, Value};
use tidings_core::{Grant, Identity};
use tidings_protocol::{ErrorCode, Fault, Role, Timestamp, UserId};
use tidings_settings::Auth;

use super::rsa;

/// Longest token that is looked at, in bytes.
const TOKEN_BYTES_MAX: usize = 8 * 1024;
/// Most roles, and most grants, that one token may carry.
const LIST_MAX: usize = 100;

/// The keys that users' tokens are verified with.
pub struct Tokens {
    keys: Vec<Key>,
    leeway: u64,
    user_claim: String,
    roles_claim: String,
    rooms_claim: String,
}

struct Key {
    key: DecodingKey,
    validation: Validation,
}

type Claims = Map<String, Value>;

impl Tokens {
    /// Takes the keys of the settings.
    ///
    /// # Errors
    /// A sentence when `auth.jwt_public_key` cannot be read, is no RSA, P-256 or Ed25519 public key, or one that is too short.
    pub fn new(auth: &Auth) -> Result<Self, String> {
        // A second call changes nothing; without any, the first token would panic.
        let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
        let mut keys = Vec::new();
        if !auth.jwt_secret.is_empty() {
            keys.push(Key::new(
                Algorithm::HS256,
                DecodingKey::from_secret(auth.jwt_secret.expose().as_bytes()),
                auth,
            ));
        }
        let pem =
            auth.public_key_pem().map_err(|error| format!("auth.jwt_public_key cannot be read: {error}"))?;
        if let Some(pem) = pem {
            let (algorithm, key) = public_key(pem.as_bytes())
                .ok_or("auth.jwt_public_key: expected the PEM of an RSA, P-256 or Ed25519 public key")?;
            if let (Algorithm::RS256, Ok(der)) = (algorithm, key.try_get_as_bytes()) {
                rsa::check_length(der).map_err(|wrong| format!("auth.jwt_public_key: {wrong}"))?;
            }
            keys.push(Key::new(algorithm, key, auth));
        }
        Ok(Self {
            keys,
            leeway: auth.leeway.as_secs(),
            user_claim: auth.user_claim.clone(),
            roles_claim: auth.roles_claim.clone(),
            rooms_claim: auth.rooms_claim.clone(),
        })
    }

    /// Who a token speaks for, at this time.
    ///
    /// # Errors
    /// `token_expired`, or `unauthorized` with what is wrong with it; neither repeats anything of the token.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Identity, Fault> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(refused("the token is longer than 8 KiB"));
        }
        let mut problem = refused("this server has no key for users' tokens");
        for key in &self.keys {
            match key.decode(token) {
                Ok(claims) => return self.identity(&claims, now),
                Err(fault) => problem = fault,
            }
        }
        Err(problem)
    }

    fn identity(&self, claims: &Claims, now: Timestamp) -> Result<Identity, Fault> {
        let seconds = |name: &str| claims.get(name).and_then(Value::as_f64).filter(|time| *time >= 0.0);
        let exp =
            seconds("exp").ok_or(refused("the token has no end: the claim exp is missing or no number"))?;
        if now.seconds() as f64 > exp + self.leeway as f64 {
            return Err(Fault::new(ErrorCode::TokenExpired, "the token has expired"));
        }
        if seconds("nbf").is_some_and(|nbf| nbf > (now.seconds() + self.leeway) as f64) {
            return Err(refused("the token is not valid yet"));
        }
        let user =
            claims.get(&self.user_claim).and_then(Value::as_str).and_then(|user| UserId::parse(user).ok());
        let user = user.ok_or_else(|| refused(format!("the claim {} is no user id", self.user_claim)))?;
        let roles = list(claims, &self.roles_claim, |role| Role::parse(role).ok())?;
        let grants = list(claims, &self.rooms_claim, |grant| Grant::parse(grant).ok())?;
        let expires_at = Some(Timestamp::from_millis((exp * 1000.0) as u64));
        let issued_at = seconds("iat").map(|iat| Timestamp::from_millis((iat * 1000.0) as u64));
        Ok(Identity { user, roles, grants, anonymous: false, issued_at, expires_at })
    }
}

impl Key {
    fn new(algorithm: Algorithm, key: DecodingKey, auth: &Auth) -> Self {
        let mut validation = Validation::new(algorithm);
        // Times are checked against the server's own clock, by `identity`.
        validation.validate_exp = false;
        validation.required_spec_claims.clear();
        validation.validate_aud = !auth.audience.is_empty();
        if !auth.audience.is_empty() {
            validation.set_audience(&[&auth.audience]);
            validation.required_spec_claims.insert("aud".into());
        }
        if !auth.issuer.is_empty() {
            validation.set_issuer(&[&auth.issuer]);
            validation.required_spec_claims.insert("iss".into());
        }
        Self { key, validation }
    }

    fn decode(&self, token: &str) -> Result<Claims, Fault> {
        let decoded = jsonwebtoken::decode::<Claims>(token, &self.key, &self.validation);
        let decoded = decoded.map_err(|error| describe(error.kind()))?;
        if names_something_to_trust(&decoded.header) {
            return Err(refused("the token's header asks for extensions (crit) or brings a key of its own"));
        }
        Ok(decoded.claims)
    }
}

/// `crit` names extensions that must be understood; `jku`, `jwk`, `x5u` and `x5c` name keys from elsewhere (RFC 8725 3.10).
fn names_something_to_trust(header: &Header) -> bool {
    header.crit.is_some()
        || header.jku.is_some()
        || header.jwk.is_some()
        || header.x5u.is_some()
        || header.x5c.is_some()
}

fn public_key(pem: &[u8]) -> Option<(Algorithm, DecodingKey)> {
    let rsa = DecodingKey::from_rsa_pem(pem).map(|key| (Algorithm::RS256, key));
    let ec = || DecodingKey::from_ec_pem(pem).map(|key| (Algorithm::ES256, key));
    let ed = || DecodingKey::from_ed_pem(pem).map(|key| (Algorithm::EdDSA, key));
    rsa.or_else(|_| ec()).or_else(|_| ed()).ok()
}

fn list<T>(claims: &Claims, claim: &str, parse: fn(&str) -> Option<T>) -> Result<Vec<T>, Fault> {
    let wrong = || refused(format!("the claim {claim} is no list of at most {LIST_MAX} names"));
    match claims.get(claim) {
        None | Some(Value::Null) => Ok(Vec::new()),
        // One role as a plain text is what many issuers write.
        Some(Value::String(one)) => Ok(vec![parse(one).ok_or_else(wrong)?]),
        Some(Value::Array(items)) if items.len() <= LIST_MAX => {
            items.iter().map(|item| item.as_str().and_then(parse).ok_or_else(wrong)).collect()
        }
        Some(_) => Err(wrong()),
    }
}

fn describe(kind: &ErrorKind) -> Fault {
    refused(match kind {
        ErrorKind::InvalidSignature => "the token's signature does not verify",
        ErrorKind::InvalidAlgorithm | ErrorKind::MissingAlgorithm | ErrorKind::UnsupportedAlgorithm => {
            "the token's algorithm is not the key's"
        }
        ErrorKind::InvalidIssuer => "the token is from another issuer",
        ErrorKind::InvalidAudience => "the token is for another audience",
        ErrorKind::MissingRequiredClaim(_) => "the token lacks iss or aud",
        _ => "this is not a JSON Web Token",
    })
}

fn refused(message: impl Into<std::borrow::Cow<'static, str>>) -> Fault {
    Fault::new(ErrorCode::Unauthorized, message)
}

#[cfg(test)]
mod tests;
