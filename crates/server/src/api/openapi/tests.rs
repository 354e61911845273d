use super::*;

#[test]
fn the_committed_document_is_this_one() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../schema/openapi.json");
    let fresh = format!("{:#}\n", openapi());
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, &fresh).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    let update = "schema/openapi.json is out of date: UPDATE=1 cargo test -p tidings-server openapi";
    assert!(committed == fresh, "{update}");
}

#[test]
fn every_row_and_every_code_is_in_it() {
    let document = openapi();
    for endpoint in endpoints() {
        let operation = &document["paths"][endpoint.path][endpoint.method.as_str().to_ascii_lowercase()];
        assert_eq!(operation["operationId"], endpoint.name);
        for code in endpoint.errors() {
            let answer = operation["responses"][code.status().to_string()].to_string();
            assert!(answer.contains(code.as_str()), "{} {}", endpoint.name, code.as_str());
        }
    }
    let codes = document["components"]["schemas"]["ErrorCode"].to_string();
    for code in ErrorCode::ALL {
        assert!(codes.contains(&format!("\"{}\"", code.as_str())), "{codes}");
        assert!(document["components"]["responses"][code.as_str()].is_object());
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let document = openapi();
    let mut left = vec![&document];
    let mut count = 0;
    while let Some(value) = left.pop() {
        match value {
            Value::Object(fields) => {
                if let Some(Value::String(reference)) = fields.get("$ref") {
                    let pointer = reference.strip_prefix('#').unwrap();
                    assert!(document.pointer(pointer).is_some(), "{reference}");
                    count += 1;
                }
                left.extend(fields.values());
            }
            Value::Array(items) => left.extend(items),
            _ => {}
        }
    }
    assert!(count > 20);
}

#[test]
fn names_are_unique_and_examples_are_json() {
    for (ordinal, endpoint) in endpoints().enumerate() {
        assert!(endpoints().take(ordinal).all(|other| other.name != endpoint.name));
        if let Some(body) = &endpoint.body {
            serde_json::from_str::<Value>(body.example).unwrap();
        }
    }
}
