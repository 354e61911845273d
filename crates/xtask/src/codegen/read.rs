//! JSON Schema, as much of it as the wire uses, into [`Type`].
//!
//! Every keyword is taken out of the schema as it is understood; one that is left over is refused. A schema that says more
//! than the emitter knows shall stop the build instead of becoming a type that says less.

use std::fmt;

use serde_json::{Map, Value};

use super::model::{Definitions, Documented, Field, Type};

/// What a schema may say besides types: bounds and formats that TypeScript cannot express.
const REMARKS: &[&str] = &["format", "minimum", "maximum", "default"];

/// A schema that the emitter does not know.
#[derive(Debug, PartialEq)]
pub struct Unsupported {
    at: String,
    what: String,
}

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, what } = self;
        write!(
            f,
            "{at}: {what}; change the type in crates/protocol, or teach crates/xtask/src/codegen/read.rs"
        )
    }
}

impl std::error::Error for Unsupported {}

/// All of `$defs`.
///
/// # Errors
/// [`Unsupported`], for the first thing that is not known, and for references that lead nowhere.
pub fn definitions(schema: &Value) -> Result<Definitions, Unsupported> {
    let Some(defs) = schema.get("$defs").and_then(Value::as_object) else {
        return Err(unsupported("the schema", "there is no $defs"));
    };
    let reader = Reader { defs };
    defs.iter().map(|(name, schema)| Ok((name.clone(), reader.documented(schema, name)?))).collect()
}

struct Reader<'a> {
    defs: &'a Map<String, Value>,
}

impl Reader<'_> {
    fn documented(&self, schema: &Value, at: &str) -> Result<Documented, Unsupported> {
        let doc = schema.get("description").and_then(Value::as_str).map(plain);
        Ok(Documented { doc, kind: self.kind(schema, at)? })
    }

    fn kind(&self, schema: &Value, at: &str) -> Result<Type, Unsupported> {
        let mut left = match schema {
            Value::Bool(true) => return Ok(Type::Unknown),
            Value::Object(keywords) => keywords.clone(),
            _ => return Err(unsupported(at, "a schema is an object or true")),
        };
        left.remove("description");
        REMARKS.iter().for_each(|remark| drop(left.remove(*remark)));

        let mut parts = Vec::new();
        parts.extend(left.remove("$ref").map(|to| self.reference(&to, at)).transpose()?);
        parts.extend(self.basic(&mut left, at)?);
        for keyword in ["oneOf", "anyOf"] {
            parts.extend(left.remove(keyword).map(|members| self.union(&members, at)).transpose()?);
        }
        if let Some(keyword) = left.keys().next() {
            return Err(unsupported(at, format!("the keyword {keyword} is not known here")));
        }
        Ok(match parts.len() {
            0 => Type::Unknown,
            1 => parts.remove(0),
            _ => Type::Intersection(parts),
        })
    }

    fn reference(&self, to: &Value, at: &str) -> Result<Type, Unsupported> {
        let name = to.as_str().and_then(|to| to.strip_prefix("#/$defs/"));
        match name.filter(|name| self.defs.contains_key(*name)) {
            Some(name) => Ok(Type::Named(name.to_owned())),
            None => Err(unsupported(at, format!("the reference {to} leads nowhere"))),
        }
    }

    /// What the keyword `type` says, with the keywords that go with each type.
    fn basic(&self, left: &mut Map<String, Value>, at: &str) -> Result<Option<Type>, Unsupported> {
        let Some(named) = left.remove("type") else { return Ok(None) };
        let names = match &named {
            Value::String(name) => vec![name.as_str()],
            Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
            _ => return Err(unsupported(at, "type is a string or a list of them")),
        };
        let mut members = Vec::new();
        for name in names {
            let kind = match name {
                "null" => Type::Null,
                "boolean" => Type::Boolean,
                "integer" | "number" => Type::Number,
                "string" => self.text(left, at)?,
                "array" => Type::List(Box::new(self.items(left, at)?)),
                "object" => self.object(left, at)?,
                other => return Err(unsupported(at, format!("the type {other} is not known"))),
            };
            members.push(Documented { doc: None, kind });
        }
        Ok(Some(if members.len() == 1 { members.remove(0).kind } else { Type::Union(members) }))
    }

    fn text(&self, left: &mut Map<String, Value>, at: &str) -> Result<Type, Unsupported> {
        let literal = |value: Value| match value {
            Value::String(text) => Ok(Type::Literal(text)),
            other => Err(unsupported(at, format!("{other} is no string"))),
        };
        if let Some(only) = left.remove("const") {
            return literal(only);
        }
        let Some(values) = left.remove("enum") else { return Ok(Type::Text) };
        let values = values.as_array().cloned().unwrap_or_default().into_iter();
        let members = values.map(|value| Ok(Documented { doc: None, kind: literal(value)? }));
        Ok(Type::Union(members.collect::<Result<_, _>>()?))
    }

    fn items(&self, left: &mut Map<String, Value>, at: &str) -> Result<Type, Unsupported> {
        match left.remove("items") {
            Some(items) => self.kind(&items, &format!("{at}[]")),
            None => Ok(Type::Unknown),
        }
    }

    fn object(&self, left: &mut Map<String, Value>, at: &str) -> Result<Type, Unsupported> {
        let properties = left.remove("properties");
        let required = left.remove("required").unwrap_or_default();
        match left.remove("additionalProperties") {
            None | Some(Value::Bool(false)) => {}
            Some(values) if properties.is_none() => {
                return Ok(Type::Map(Box::new(self.kind(&values, &format!("{at}.*"))?)));
            }
            Some(_) => return Err(unsupported(at, "fields and other keys in one object")),
        }
        let required: Vec<_> = required.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let properties = properties.as_ref().and_then(Value::as_object).into_iter().flatten();
        let fields = properties.map(|(name, schema)| {
            let mut value = self.documented(schema, &format!("{at}.{name}"))?;
            let optional = !required.contains(&name.as_str());
            if optional {
                // The server leaves out what is null, and clients need one way only to say nothing.
                value.kind = value.kind.without_null();
            }
            Ok(Field { name: name.clone(), value, optional })
        });
        Ok(Type::Object(fields.collect::<Result<_, _>>()?))
    }

    fn union(&self, members: &Value, at: &str) -> Result<Type, Unsupported> {
        let members = members.as_array().into_iter().flatten().enumerate();
        let members = members.map(|(index, schema)| self.documented(schema, &format!("{at}|{index}")));
        Ok(Type::Union(members.collect::<Result<_, _>>()?))
    }
}

/// Rust's links to its own items say nothing to readers of another language.
fn plain(doc: &str) -> String {
    doc.replace("[`", "`").replace("`]", "`")
}

fn unsupported(at: &str, what: impl Into<String>) -> Unsupported {
    Unsupported { at: at.to_owned(), what: what.into() }
}

#[cfg(test)]
mod tests;
