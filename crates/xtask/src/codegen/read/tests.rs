use serde_json::json;

use super::*;

fn read(schema: Value) -> Result<Type, String> {
    let all = definitions(&json!({ "$defs": { "T": schema, "Other": { "type": "string" } } }));
    all.map(|mut all| all.remove("T").unwrap().kind).map_err(|error| error.to_string())
}

#[test]
fn the_subset_in_use() {
    assert_eq!(read(json!({ "description": "Any." })), Ok(Type::Unknown));
    assert_eq!(read(json!({ "type": "integer", "format": "uint64", "minimum": 0 })), Ok(Type::Number));
    assert_eq!(read(json!({ "type": "string", "const": "a" })), Ok(Type::Literal("a".into())));
    assert_eq!(read(json!({ "$ref": "#/$defs/Other" })), Ok(Type::Named("Other".into())));
    let list = Type::List(Box::new(Type::Boolean));
    assert_eq!(read(json!({ "type": "array", "items": { "type": "boolean" } })), Ok(list));
    let map = Type::Map(Box::new(Type::Text));
    assert_eq!(read(json!({ "type": "object", "additionalProperties": { "type": "string" } })), Ok(map));
}

#[test]
fn a_field_that_may_be_absent_need_not_be_null_too() {
    let fields = |required: &[&str]| {
        let schema = json!({
            "type": "object", "required": required,
            "properties": { "a": { "type": ["string", "null"] } },
        });
        match read(schema).unwrap() {
            Type::Object(mut fields) => fields.remove(0),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!((fields(&[]).optional, fields(&[]).value.kind), (true, Type::Text));
    let Field { optional, value, .. } = fields(&["a"]);
    assert!(!optional);
    assert!(matches!(value.kind, Type::Union(members) if members.len() == 2));
}

#[test]
fn what_is_not_known_is_refused_by_name_and_place() {
    for (schema, at, what) in [
        (json!({ "type": "string", "pattern": "^a" }), "T:", "pattern"),
        (json!({ "type": "array", "prefixItems": [] }), "T:", "prefixItems"),
        (json!({ "allOf": [] }), "T:", "allOf"),
        (json!({ "type": "object", "properties": { "a": { "not": {} } } }), "T.a:", "not"),
        (json!({ "type": "array", "items": { "$ref": "#/$defs/No" } }), "T[]:", "leads nowhere"),
        (json!({ "oneOf": [true, { "type": "decimal" }] }), "T|1:", "decimal"),
        (json!({ "type": "string", "const": 7 }), "T:", "7"),
        (json!(false), "T:", "object or true"),
    ] {
        let error = read(schema).unwrap_err();
        assert!(error.starts_with(at) && error.contains(what), "{error}");
        assert!(error.contains("codegen/read.rs"), "{error}");
    }
}
