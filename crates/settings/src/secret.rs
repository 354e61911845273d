//! Values that must never be printed by accident.
//!
//! Both types print a mask from `Debug` and `Display`, so a settings tree can be logged whole; reading the real
//! text takes a call to `expose`, which is easy to find in review.

use std::fmt;

/// What stands in the place of a secret wherever settings are shown.
pub const MASK: &str = "***";

/// A secret text: an API key, a signing secret, an encryption key.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself. Never put the result into a log line or an error.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether no secret was given.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

/// An address that may carry a password, such as a database's. Prints with password and query masked.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Url(String);

impl Url {
    /// Wraps an address.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The whole address, password included. Never put the result into a log line or an error.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What stands before the first `:`, in lower case: `memory`, `sqlite`, `postgres`, `https`.
    pub fn scheme(&self) -> String {
        self.0.split_once(':').map_or_else(String::new, |(scheme, _)| scheme.to_ascii_lowercase())
    }

    /// Whether no address was given.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&masked(&self.0))
    }
}

/// The address with everything that may be a secret replaced: what stands before the last `@` (a password may
/// itself hold `/`, `?` or `@`, so this errs on the side of hiding too much), and the values behind `?` or `#`.
fn masked(url: &str) -> String {
    let (scheme, rest) = match url.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => (String::new(), url),
    };
    let (user, rest) = match rest.rsplit_once('@') {
        Some((credentials, rest)) => {
            let name = credentials.split(':').next().unwrap_or_default();
            let mark = if credentials.contains(':') { format!("{name}:{MASK}@") } else { format!("{MASK}@") };
            (mark, rest)
        }
        None => (String::new(), rest),
    };
    let shown = match rest.find(['?', '#']) {
        Some(at) => format!("{}{MASK}", &rest[..=at]),
        None => rest.to_owned(),
    };
    format!("{scheme}{user}{shown}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_print_a_mask() {
        let secret = Secret::new("hunter2hunter2");
        assert_eq!(format!("{secret} {secret:?} {:?}", Some(&secret)), "*** *** Some(***)");
        assert_eq!(secret.expose(), "hunter2hunter2");
    }

    #[test]
    fn urls_print_without_password_and_query() {
        let check = |url: &str, expect: &str| assert_eq!(Url::new(url).to_string(), expect);
        check("memory:", "memory:");
        check("sqlite:tidings.db", "sqlite:tidings.db");
        check("postgres://ada@db/app", "postgres://***@db/app");
        check("postgres://ada:hunter2@db:5432/app", "postgres://ada:***@db:5432/app");
        check("postgres://ada:hun/ter@2@db/app", "postgres://ada:***@db/app");
        check("redis://:hunter2@cache/0", "redis://:***@cache/0");
        check("postgres://db/app?user=ada&password=hunter2", "postgres://db/app?***");
        assert!(!format!("{:?}", Url::new("redis://:hunter2@cache")).contains("hunter2"));
    }
}
