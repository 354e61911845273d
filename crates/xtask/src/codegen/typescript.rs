//! [`Type`] as TypeScript.
//!
//! Objects become interfaces, everything else a type alias. A union told apart by its field `type` also gets `XOf<'kind'>`,
//! which picks one of its members.

use std::fmt::Write;

use super::model::{Definitions, Documented, Field, Type};

const HEAD: &str = "\
// Generated from crates/protocol by `cargo run -p xtask -- codegen`: change it there, not here.
// Fields that may be absent are optional and never null.
";

/// A whole module.
pub fn emit(definitions: &Definitions) -> String {
    let mut out = HEAD.to_owned();
    for (name, definition) in definitions {
        out.push('\n');
        comment(&mut out, "", definition.doc.as_deref());
        let Documented { kind, .. } = definition;
        let _ = match kind {
            Type::Object(fields) => writeln!(out, "export interface {name} {}", object(fields, "")),
            Type::Union(members) if !inline(members) => {
                writeln!(out, "export type {name} ={};", union(members))
            }
            other => writeln!(out, "export type {name} = {};", expression(other, "")),
        };
        if matches!(kind, Type::Union(_) | Type::Intersection(_)) && kind.tagged(definitions) {
            let _ = writeln!(out, "\n/** The {{@link {name}}} of one `type`. */");
            let _ = writeln!(
                out,
                "export type {name}Of<T extends {name}['type']> = Extract<{name}, {{ type: T }}>;"
            );
        }
    }
    out
}

/// A type where one is expected; `indent` is that of the line it stands on.
fn expression(kind: &Type, indent: &str) -> String {
    match kind {
        Type::Unknown => "unknown".to_owned(),
        Type::Null => "null".to_owned(),
        Type::Boolean => "boolean".to_owned(),
        Type::Number => "number".to_owned(),
        Type::Text => "string".to_owned(),
        Type::Literal(text) => quoted(text),
        Type::Named(name) => name.clone(),
        Type::List(item) => format!("{}[]", operand(item, indent)),
        Type::Map(value) => format!("Record<string, {}>", expression(value, indent)),
        Type::Object(fields) => object(fields, indent),
        Type::Union(members) => {
            let members = members.iter().map(|member| expression(&member.kind, indent));
            members.collect::<Vec<_>>().join(" | ")
        }
        Type::Intersection(parts) => {
            let parts = parts.iter().map(|part| operand(part, indent));
            parts.collect::<Vec<_>>().join(" & ")
        }
    }
}

/// A type that something follows or goes before: in parentheses where it would come apart.
fn operand(kind: &Type, indent: &str) -> String {
    match kind {
        Type::Union(_) | Type::Intersection(_) => format!("({})", expression(kind, indent)),
        _ => expression(kind, indent),
    }
}

/// A union that is worth a line for each member: they say something of themselves.
fn union(members: &[Documented]) -> String {
    let mut out = String::new();
    for member in members {
        out.push('\n');
        comment(&mut out, "  ", member.doc.as_deref());
        let _ = write!(out, "  | {}", expression(&member.kind, "    "));
    }
    out
}

fn inline(members: &[Documented]) -> bool {
    members.iter().all(|member| member.doc.is_none())
}

fn object(fields: &[Field], indent: &str) -> String {
    let inner = format!("{indent}  ");
    let mut out = "{\n".to_owned();
    // What tells a message's kind comes first, as on the wire.
    let (tags, others): (Vec<_>, Vec<_>) =
        fields.iter().partition(|field| matches!(field.value.kind, Type::Literal(_)));
    for Field { name, value, optional } in tags.into_iter().chain(others) {
        comment(&mut out, &inner, value.doc.as_deref());
        let mark = if *optional { "?" } else { "" };
        let _ = writeln!(out, "{inner}{}{mark}: {};", key(name), expression(&value.kind, &inner));
    }
    out + indent + "}"
}

fn comment(out: &mut String, indent: &str, doc: Option<&str>) {
    let Some(doc) = doc else { return };
    let doc = doc.replace("*/", "*\\/");
    if !doc.contains('\n') {
        let _ = writeln!(out, "{indent}/** {doc} */");
        return;
    }
    let _ = writeln!(out, "{indent}/**");
    for line in doc.lines() {
        let _ = writeln!(out, "{}", format!("{indent} * {line}").trim_end());
    }
    let _ = writeln!(out, "{indent} */");
}

fn key(name: &str) -> String {
    let word = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '$'));
    match word && !name.starts_with(|c: char| c.is_ascii_digit()) && !name.is_empty() {
        true => name.to_owned(),
        false => quoted(name),
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'").replace('\n', "\\n"))
}

#[cfg(test)]
mod tests;
