//! The types of the wire, between the JSON Schema they are read from and the language they are written in.

use std::collections::BTreeMap;

/// Every named type.
pub type Definitions = BTreeMap<String, Documented>;

/// A type with what is said of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Documented {
    /// Markdown, without the marks of Rust's own links.
    pub doc: Option<String>,
    /// The type.
    pub kind: Type,
}

/// What a value may be.
#[derive(Clone, Debug, PartialEq)]
pub enum Type {
    /// Anything.
    Unknown,
    /// `null`.
    Null,
    /// `true` or `false`.
    Boolean,
    /// Any number: integers too, for JSON knows no difference.
    Number,
    /// Any string.
    Text,
    /// This string and no other.
    Literal(String),
    /// One of [`Definitions`].
    Named(String),
    /// Any number of these.
    List(Box<Type>),
    /// Any keys, these values.
    Map(Box<Type>),
    /// These fields.
    Object(Vec<Field>),
    /// One of these.
    Union(Vec<Documented>),
    /// All of these at once.
    Intersection(Vec<Type>),
}

/// A field of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// As on the wire.
    pub name: String,
    /// Its type; when it may be absent, then without `null`.
    pub value: Documented,
    /// Whether it may be absent.
    pub optional: bool,
}

impl Type {
    /// Whether the field `type` tells this from every other type: it is a literal wherever one looks.
    pub fn tagged(&self, definitions: &Definitions) -> bool {
        match self {
            Self::Object(fields) => fields
                .iter()
                .any(|field| field.name == "type" && matches!(field.value.kind, Self::Literal(_))),
            Self::Named(name) => definitions.get(name).is_some_and(|named| named.kind.tagged(definitions)),
            Self::Union(members) => members.iter().all(|member| member.kind.tagged(definitions)),
            Self::Intersection(parts) => parts.iter().any(|part| part.tagged(definitions)),
            _ => false,
        }
    }

    /// Without `null`, where it is one of a union.
    pub fn without_null(self) -> Self {
        let Self::Union(mut members) = self else { return self };
        members.retain(|member| member.kind != Self::Null);
        match members.len() {
            1 => members.remove(0).kind,
            _ => Self::Union(members),
        }
    }
}
