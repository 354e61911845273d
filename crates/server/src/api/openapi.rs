//! The OpenAPI 3.1 document of the table. Schemas are those of `protocol`: what callers send as the server reads it, what they get
//! as it writes it.

use schemars::{SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};
use tidings_protocol::{ErrorCode, http::Problem};

use super::{
    endpoint::{Auth, Content, Endpoint, Parameter, Place, SchemaOf, Tag, schema_of},
    routes::endpoints,
};

const ABOUT: &str = "\
The HTTP interface is for back ends: publish entries, keep rooms and their members, ask who is there, end connections. Clients use the \
WebSocket at `/v1/ws`; what is under `/v1/me` they may ask here too, with their token.\n\n\
Bodies and answers are JSON in UTF-8, whatever `Content-Type` says. Errors are `application/problem+json` (RFC 9457) with a `code` for \
programs and, where a field is wrong, its path in `errors`. There are no CORS headers: an API key does not belong in a web page.";

/// The whole document.
pub fn openapi() -> Value {
    let mut schemas = Schemas::new();
    let mut paths = Map::new();
    for endpoint in endpoints() {
        let operations = paths.entry(endpoint.path).or_insert_with(|| json!({}));
        operations[endpoint.method.as_str().to_ascii_lowercase()] = operation(endpoint, &mut schemas);
    }
    let responses: Map<String, Value> =
        ErrorCode::ALL.iter().map(|code| (code.as_str().to_owned(), problem(*code, &mut schemas))).collect();
    let tags = Tag::ALL.map(|tag| json!({ "name": tag.name(), "description": tag.about() }));
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Tidings",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": { "name": env!("CARGO_PKG_LICENSE") },
        },
        "tags": tags,
        "paths": paths,
        "components": {
            "schemas": schemas.definitions(),
            "responses": responses,
            "securitySchemes": {
                "bearer": { "type": "http", "scheme": "bearer", "description": "One of `auth.api_keys`." },
                "user": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "The user's token." },
                "header": { "type": "apiKey", "in": "header", "name": "X-API-Key", "description": "The same." },
            },
        },
    })
}

fn operation(endpoint: &Endpoint, schemas: &mut Schemas) -> Value {
    let mut responses = Map::from_iter([(endpoint.status.as_str().to_owned(), success(endpoint, schemas))]);
    if endpoint.method == http::Method::PUT {
        // Each PUT says whether there was none before.
        responses.insert("201".into(), success(endpoint, schemas));
        responses["201"]["description"] = "Created".into();
    }
    for codes in endpoint.errors().chunk_by(|a, b| a.status() == b.status()) {
        responses.insert(codes[0].status().to_string(), errors(codes));
    }
    let mut operation = json!({
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "description": endpoint.about,
        "tags": [endpoint.tag.name()],
        "security": security(endpoint.auth),
        "responses": responses,
    });
    if !endpoint.parameters.is_empty() {
        operation["parameters"] = endpoint.parameters.iter().map(parameter).collect();
    }
    if let Some(body) = &endpoint.body {
        let example: Value = serde_json::from_str(body.example).unwrap_or_default();
        let content = json!({ "schema": schemas.read(body.schema), "example": example });
        operation["requestBody"] =
            json!({ "required": body.required, "content": { "application/json": content } });
    }
    operation
}

fn success(endpoint: &Endpoint, schemas: &mut Schemas) -> Value {
    let content = match &endpoint.content {
        Content::Json(schema) => json!({ "application/json": { "schema": schemas.written(*schema) } }),
        Content::ForeignJson => json!({ "application/json": { "schema": { "type": "object" } } }),
        Content::Nothing => return json!({ "description": endpoint.status.canonical_reason() }),
        Content::Text(media_type) => json!({ *media_type: { "schema": { "type": "string" } } }),
    };
    json!({ "description": endpoint.status.canonical_reason(), "content": content })
}

/// The answer for one status, which may have several codes.
fn errors(codes: &[ErrorCode]) -> Value {
    let reference = |code: &ErrorCode| format!("#/components/responses/{}", code.as_str());
    match codes {
        [code] => json!({ "$ref": reference(code) }),
        codes => {
            let names: Vec<_> = codes.iter().map(|code| format!("`{}`", code.as_str())).collect();
            let content = json!({ "schema": { "$ref": "#/components/schemas/Problem" } });
            json!({ "description": names.join(" or "), "content": { "application/problem+json": content } })
        }
    }
}

fn problem(code: ErrorCode, schemas: &mut Schemas) -> Value {
    let status = http::StatusCode::from_u16(code.status()).unwrap_or_default();
    let title = status.canonical_reason().unwrap_or_default();
    let example = json!({
        "type": "about:blank", "title": title, "status": code.status(), "code": code.as_str(), "detail": "…",
    });
    let content = json!({ "schema": schemas.written(schema_of::<Problem>), "example": example });
    let again = if code.retryable() { "; the same request may succeed later" } else { "" };
    json!({
        "description": format!("`{}`{again}", code.as_str()),
        "content": { "application/problem+json": content },
    })
}

fn parameter(parameter: &Parameter) -> Value {
    let place = match parameter.place {
        Place::Path => "path",
        Place::Query => "query",
        Place::Header => "header",
    };
    json!({
        "name": parameter.name,
        "in": place,
        "required": parameter.place == Place::Path,
        "description": parameter.about,
        "schema": { "type": parameter.kind },
    })
}

fn security(auth: Auth) -> Value {
    match auth {
        Auth::Nobody => json!([]),
        Auth::ApiKey => json!([{ "bearer": [] }, { "header": [] }]),
        Auth::User => json!([{ "user": [] }]),
        // The empty requirement: some may without.
        Auth::ApiKeyOrAddress | Auth::ForVerbose => json!([{ "bearer": [] }, { "header": [] }, {}]),
    }
}

/// Definitions of both directions. A type that is used in both must look the same: a test holds them to it.
struct Schemas {
    read: SchemaGenerator,
    written: SchemaGenerator,
}

impl Schemas {
    fn new() -> Self {
        let mut settings = SchemaSettings::draft2020_12();
        settings.definitions_path = "/components/schemas".into();
        let written = settings.clone().for_serialize().into_generator();
        Self { read: settings.for_deserialize().into_generator(), written }
    }

    fn read(&mut self, schema: SchemaOf) -> Value {
        schema(&mut self.read).to_value()
    }

    fn written(&mut self, schema: SchemaOf) -> Value {
        schema(&mut self.written).to_value()
    }

    fn definitions(mut self) -> Map<String, Value> {
        let mut definitions = self.read.take_definitions(true);
        for (name, schema) in self.written.take_definitions(true) {
            let read = definitions.insert(name.clone(), schema.clone());
            debug_assert!(read.is_none_or(|read| read == schema), "{name} is read otherwise than written");
        }
        definitions.sort_keys();
        definitions
    }
}

#[cfg(test)]
mod tests;
