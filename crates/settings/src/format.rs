//! How each kind of setting is read, shown and described: the fourth column of the table in `sections.rs`.
//!
//! A format that refuses a value says what it would have taken; who asked adds the name, the place and, unless the
//! setting is secret, the value that was found. So no format can leak a secret into an error.

use std::fmt::Display;
use std::marker::PhantomData;
use std::str::FromStr;
use std::time::Duration;

use crate::value::Value;
use crate::{duration, secret::Secret, secret::Url};

/// Reads and shows the values of one type.
pub(crate) trait Format<T> {
    /// What a value looks like, for the reference: `text`, `time`, `bytes`.
    fn unit(&self) -> String;

    /// Reads a value, or says what was expected.
    fn read(&self, value: &Value) -> Result<T, String>;

    /// Shows a value, secrets masked.
    fn show(&self, value: &T) -> Value;

    /// Whether values must not be repeated in errors.
    fn secret(&self) -> bool {
        false
    }
}

/// Any text, or one that passes a check.
pub(crate) struct Text {
    unit: &'static str,
    expected: &'static str,
    good: fn(&str) -> bool,
    /// Whether a wrong value may be a secret that was put in the wrong place.
    unsaid: bool,
}

impl Text {
    pub(crate) const fn any() -> Self {
        Self { unit: "text", expected: "a text", good: |_| true, unsaid: false }
    }

    pub(crate) const fn that(unit: &'static str, expected: &'static str, good: fn(&str) -> bool) -> Self {
        Self { unit, expected, good, unsaid: false }
    }
}

impl Text {
    /// The same, with errors that do not repeat the value.
    pub(crate) const fn unsaid(self) -> Self {
        Self { unsaid: true, ..self }
    }
}

impl Format<String> for Text {
    fn unit(&self) -> String {
        self.unit.to_owned()
    }

    fn read(&self, value: &Value) -> Result<String, String> {
        value
            .as_text()
            .filter(|text| (self.good)(text))
            .map(str::to_owned)
            .ok_or_else(|| self.expected.to_owned())
    }

    fn show(&self, value: &String) -> Value {
        Value::Text(value.clone())
    }

    fn secret(&self) -> bool {
        self.unsaid
    }
}

/// A secret text.
pub(crate) struct Hidden;

impl Format<Secret> for Hidden {
    fn unit(&self) -> String {
        "secret".to_owned()
    }

    fn read(&self, value: &Value) -> Result<Secret, String> {
        value.as_text().map(Secret::new).ok_or_else(|| "a text".to_owned())
    }

    fn show(&self, value: &Secret) -> Value {
        Value::Text(if value.is_empty() { String::new() } else { value.to_string() })
    }

    fn secret(&self) -> bool {
        true
    }
}

/// An address with a scheme; empty only where the table says so.
pub(crate) struct Link {
    expected: &'static str,
    optional: bool,
}

impl Link {
    pub(crate) const fn needed(expected: &'static str) -> Self {
        Self { expected, optional: false }
    }

    pub(crate) const fn optional(expected: &'static str) -> Self {
        Self { expected, optional: true }
    }
}

impl Format<Url> for Link {
    fn unit(&self) -> String {
        "address".to_owned()
    }

    fn read(&self, value: &Value) -> Result<Url, String> {
        let text = value.as_text().ok_or(self.expected)?;
        let scheme = text.split_once(':').map_or("", |(scheme, _)| scheme);
        let named = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
        if named || (text.is_empty() && self.optional) {
            Ok(Url::new(text))
        } else {
            Err(self.expected.to_owned())
        }
    }

    fn show(&self, value: &Url) -> Value {
        Value::Text(value.to_string())
    }

    fn secret(&self) -> bool {
        true
    }
}

/// True or false.
pub(crate) struct Flag;

impl Flag {
    /// Reads the usual words for yes and no.
    pub(crate) fn word(text: &str) -> Option<bool> {
        match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Some(true),
            "false" | "no" | "off" | "0" => Some(false),
            _ => None,
        }
    }
}

impl Format<bool> for Flag {
    fn unit(&self) -> String {
        "true or false".to_owned()
    }

    fn read(&self, value: &Value) -> Result<bool, String> {
        match value {
            Value::Boolean(yes) => Some(*yes),
            Value::Word(text) => Self::word(text),
            _ => None,
        }
        .ok_or_else(|| "true or false".to_owned())
    }

    fn show(&self, value: &bool) -> Value {
        Value::Boolean(*value)
    }
}

/// A whole number within bounds, for any unsigned type.
pub(crate) struct Count {
    least: u64,
    most: u64,
}

impl Count {
    pub(crate) const fn between(least: u64, most: u64) -> Self {
        Self { least, most }
    }
}

impl<T: TryFrom<u64> + TryInto<u64> + Copy> Format<T> for Count {
    fn unit(&self) -> String {
        "number".to_owned()
    }

    fn read(&self, value: &Value) -> Result<T, String> {
        match value {
            Value::Integer(number) => u64::try_from(*number).ok(),
            Value::Word(text) => number(text),
            _ => None,
        }
        .filter(|number| (self.least..=self.most).contains(number))
        .and_then(|number| T::try_from(number).ok())
        .ok_or_else(|| format!("a whole number from {} to {}", self.least, self.most))
    }

    fn show(&self, value: &T) -> Value {
        let number: Option<u64> = (*value).try_into().ok();
        Value::Integer(number.and_then(|number| i64::try_from(number).ok()).unwrap_or(i64::MAX))
    }
}

/// Digits and nothing else; `u64::from_str` alone would take a `+`.
fn number(text: &str) -> Option<u64> {
    if text.bytes().all(|b| b.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// A number of bytes: `65536` or `64KiB`.
pub(crate) struct Bytes {
    least: u64,
    most: u64,
}

impl Bytes {
    pub(crate) const fn between(least: u64, most: u64) -> Self {
        Self { least, most }
    }

    fn parse(text: &str) -> Option<u64> {
        let letters = text.trim_start_matches(|c: char| c.is_ascii_digit());
        let digits = &text[..text.len() - letters.len()];
        let factor = match letters.trim_start_matches(' ') {
            "" | "B" => 1,
            "KiB" => 1 << 10,
            "MiB" => 1 << 20,
            "GiB" => 1 << 30,
            "kB" | "KB" => 1_000,
            "MB" => 1_000_000,
            "GB" => 1_000_000_000,
            _ => return None,
        };
        digits.parse::<u64>().ok()?.checked_mul(factor)
    }

    fn text(bytes: u64) -> String {
        let units = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
        match units.iter().find(|(_, factor)| bytes >= *factor && bytes.is_multiple_of(*factor)) {
            Some((unit, factor)) => format!("{}{unit}", bytes / factor),
            None => bytes.to_string(),
        }
    }
}

impl Format<usize> for Bytes {
    fn unit(&self) -> String {
        "bytes".to_owned()
    }

    fn read(&self, value: &Value) -> Result<usize, String> {
        match value {
            Value::Integer(number) => u64::try_from(*number).ok(),
            Value::Word(text) | Value::Text(text) => Self::parse(text),
            _ => None,
        }
        .filter(|bytes| (self.least..=self.most).contains(bytes))
        .and_then(|bytes| usize::try_from(bytes).ok())
        .ok_or_else(|| {
            format!(
                "a number of bytes such as 65536 or \"64KiB\", from {} to {}",
                Self::text(self.least),
                Self::text(self.most)
            )
        })
    }

    fn show(&self, value: &usize) -> Value {
        Value::Integer(i64::try_from(*value).unwrap_or(i64::MAX))
    }
}

/// A length of time within bounds.
pub(crate) struct Time {
    least: Duration,
    most: Duration,
}

impl Time {
    pub(crate) const fn between(least: Duration, most: Duration) -> Self {
        Self { least, most }
    }
}

impl Format<Duration> for Time {
    fn unit(&self) -> String {
        "time".to_owned()
    }

    fn read(&self, value: &Value) -> Result<Duration, String> {
        value
            .as_text()
            .and_then(duration::parse)
            .filter(|time| (self.least..=self.most).contains(time))
            .ok_or_else(|| {
                let (least, most) = (duration::text(self.least), duration::text(self.most));
                format!("a time such as \"25s\" or \"1h30m\", from {least} to {most}")
            })
    }

    fn show(&self, value: &Duration) -> Value {
        Value::Text(duration::text(*value))
    }
}

/// A type that reads and prints itself; its error says what was expected.
pub(crate) struct Plain(pub(crate) &'static str);

impl<T: FromStr<Err: Display> + Display> Format<T> for Plain {
    fn unit(&self) -> String {
        self.0.to_owned()
    }

    fn read(&self, value: &Value) -> Result<T, String> {
        match value.as_text() {
            Some(text) => text.parse().map_err(|expected: T::Err| expected.to_string()),
            None => Err(format!("a text: {}", self.0)),
        }
    }

    fn show(&self, value: &T) -> Value {
        Value::Text(value.to_string())
    }
}

/// A list of what another format reads. Words are split at commas.
pub(crate) struct List<F, T>(F, PhantomData<T>);

impl<F: Format<T>, T> List<F, T> {
    pub(crate) const fn of(inner: F) -> Self {
        Self(inner, PhantomData)
    }
}

impl<F: Format<T>, T> Format<Vec<T>> for List<F, T> {
    fn unit(&self) -> String {
        format!("list of {}s", self.0.unit())
    }

    fn read(&self, value: &Value) -> Result<Vec<T>, String> {
        match value {
            Value::List(items) => items
                .iter()
                .enumerate()
                .map(|(index, item)| {
                    self.0
                        .read(item)
                        .map_err(|expected| format!("a list, and as its item {} {expected}", index + 1))
                })
                .collect(),
            Value::Word(text) => {
                // Also one a line: a file that `_FILE` names is often written so.
                let items = text.split([',', '\n']).map(str::trim).filter(|item| !item.is_empty());
                items.map(|item| self.0.read(&Value::Word(item.to_owned()))).collect()
            }
            _ => Err(format!("a list of {}s", self.0.unit())),
        }
    }

    fn show(&self, value: &Vec<T>) -> Value {
        Value::List(value.iter().map(|item| self.0.show(item)).collect())
    }

    fn secret(&self) -> bool {
        self.0.secret()
    }
}
