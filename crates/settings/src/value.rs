//! A setting's value on its way in or out, before or after its type.
//!
//! The file says what it means (`Text`, `Integer`, `Boolean`, `List`); environment, flags and the table's defaults only
//! have words, which each format reads in its own way: `20` as a number, `a, b` as a list.

use std::fmt;

/// A value as a source gave it, or as a rendering shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// From the environment, a flag or a default: the type is not yet known.
    Word(String),
    /// A text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// True or false.
    Boolean(bool),
    /// A list.
    List(Vec<Value>),
    /// Something no setting is made of, by its name: `a float`, `a table`.
    Other(&'static str),
}

impl Value {
    /// The text of a word or a text.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Word(text) | Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The value as JSON.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Word(text) | Self::Text(text) => text.as_str().into(),
            Self::Integer(number) => (*number).into(),
            Self::Boolean(yes) => (*yes).into(),
            Self::List(items) => items.iter().map(Self::to_json).collect(),
            Self::Other(_) => serde_json::Value::Null,
        }
    }
}

/// Prints the value as TOML.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(text) | Self::Text(text) => f.write_str(&quoted(text)),
            Self::Integer(number) => write!(f, "{number}"),
            Self::Boolean(yes) => write!(f, "{yes}"),
            Self::List(items) => {
                f.write_str("[")?;
                for (index, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if index == 0 { "" } else { ", " })?;
                }
                f.write_str("]")
            }
            Self::Other(kind) => f.write_str(kind),
        }
    }
}

/// A TOML basic string: every control character escaped, so one value is always one line.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if c.is_control() => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn prints_toml() {
        let list = Value::List(vec![Value::Text("a\"b".into()), Value::Integer(7), Value::Boolean(true)]);
        assert_eq!(list.to_string(), r#"["a\"b", 7, true]"#);
        assert_eq!(list.to_json(), serde_json::json!(["a\"b", 7, true]));
    }

    proptest! {
        #[test]
        fn every_text_reads_back(text in any::<String>()) {
            let document = format!("x = {}", Value::Text(text.clone()));
            let table = toml::de::DeTable::parse(&document).unwrap();
            prop_assert_eq!(table.get_ref()["x"].get_ref().as_str(), Some(text.as_str()));
        }
    }
}
