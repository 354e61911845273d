//! The query of a request's address. A name that an endpoint does not know is an error, so that a mistyped filter is not taken for none; so is
//! a name twice.

use std::str::FromStr;

use http::Uri;
use tidings_protocol::Fault;

/// The part behind `?`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Query<'a>(&'a str);

impl<'a> Query<'a> {
    pub(crate) fn of(uri: &'a Uri) -> Self {
        Self(uri.query().unwrap_or_default())
    }

    /// Whether the name is there, with or without a value.
    pub(crate) fn has(self, name: &str) -> bool {
        self.raw(name).next().is_some()
    }

    /// A value that stands there at most once.
    ///
    /// # Errors
    /// `invalid_request` when it stands there twice or is not what `T` expects.
    pub(crate) fn one<T: FromStr>(self, name: &str, expected: &'static str) -> Result<Option<T>, Fault> {
        let mut values = self.raw(name);
        let Some(raw) = values.next() else { return Ok(None) };
        if values.next().is_some() {
            return Err(Fault::invalid(name, "expected it once"));
        }
        read(name, raw, expected).map(Some)
    }

    /// Values with commas between them. A comma that belongs to a value is written `%2C`.
    ///
    /// # Errors
    /// As [`Self::one`].
    pub(crate) fn list<T: FromStr>(
        self,
        name: &str,
        expected: &'static str,
    ) -> Result<Option<Vec<T>>, Fault> {
        let mut values = self.raw(name);
        let Some(raw) = values.next() else { return Ok(None) };
        if values.next().is_some() {
            return Err(Fault::invalid(name, "expected it once, with commas between the values"));
        }
        raw.split(',').map(|raw| read(name, raw, expected)).collect::<Result<_, _>>().map(Some)
    }

    /// Refuses names that are not among these.
    ///
    /// # Errors
    /// `invalid_request` at the first other name.
    pub(crate) fn only<'n>(self, known: impl Iterator<Item = &'n str> + Clone) -> Result<(), Fault> {
        let keys = self.0.split('&').map(|pair| pair.split('=').next().unwrap_or_default());
        for key in keys.filter(|key| !key.is_empty()) {
            if !known.clone().any(|name| name == key) {
                let names: Vec<&str> = known.collect();
                let expected = match names.is_empty() {
                    true => "expected no parameters".to_owned(),
                    false => format!("an unknown parameter, expected {}", names.join(", ")),
                };
                return Err(Fault::invalid(key, expected));
            }
        }
        Ok(())
    }

    fn raw(self, name: &str) -> impl Iterator<Item = &'a str> {
        let pairs = self.0.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        pairs.filter(move |(key, _)| *key == name).map(|(_, value)| value)
    }
}

fn read<T: FromStr>(name: &str, raw: &str, expected: &'static str) -> Result<T, Fault> {
    let value = decode(raw).and_then(|value| value.parse().ok());
    value.ok_or_else(|| Fault::invalid(name, format!("expected {expected}")))
}

/// Undoes percent-encoding (RFC 3986 section 2.1) and `+` for a space, as forms write it.
fn decode(raw: &str) -> Option<String> {
    let (mut decoded, mut bytes) = (Vec::with_capacity(raw.len()), raw.bytes());
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || char::from(bytes.next()?).to_digit(16);
                (digit()? * 16 + digit()?) as u8
            }
            byte => byte,
        });
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_decoded_after_they_are_taken_apart() {
        let query = Query("users=ada,b%2Cc,d+e,%C3%BC&limit=5&verbose");
        let users: Vec<String> = query.list("users", "users").unwrap().unwrap();
        assert_eq!(users, ["ada", "b,c", "d e", "ü"]);
        assert_eq!(query.one::<usize>("limit", "a number").unwrap(), Some(5));
        assert_eq!(query.one::<usize>("cursor", "a cursor").unwrap(), None);
        assert!(query.has("verbose") && !query.has("room"));
    }

    #[test]
    fn what_is_wrong_is_named_and_not_repeated() {
        for query in
            ["limit=s3cret", "limit=%", "limit=%4", "limit=%zz", "limit=%FF", "limit=1&limit=1", "limit="]
        {
            let fault = Query(query).one::<usize>("limit", "a number").unwrap_err();
            assert_eq!(fault.path.as_deref(), Some("limit"), "{query}");
            assert!(!fault.message.contains("s3cret"));
        }
    }
}
