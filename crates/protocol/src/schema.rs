//! All wire types as JSON Schema, the source of `schema/wire.json` and of the generated TypeScript.

use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings};

use crate::{Command, EntryMessage, Reply, http, reply};

/// One document whose `$defs` hold every wire type by name (JSON Schema 2020-12).
pub fn wire() -> Schema {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    add::<Command>(&mut generator);
    add::<Reply>(&mut generator);
    add::<EntryMessage>(&mut generator);
    add::<reply::PresenceUpdate>(&mut generator);
    add::<reply::MemberChange>(&mut generator);
    add::<reply::MemberCount>(&mut generator);
    add::<reply::TypingIndicator>(&mut generator);
    add::<http::PublishRequest>(&mut generator);
    add::<http::PublishResponse>(&mut generator);
    add::<http::BatchRequest>(&mut generator);
    add::<http::BatchResponse>(&mut generator);
    add::<http::ConnectionInfo>(&mut generator);
    add::<http::DisconnectRequest>(&mut generator);
    add::<http::DisconnectResponse>(&mut generator);
    add::<http::Stats>(&mut generator);
    add::<http::Problem>(&mut generator);
    let defs = generator.take_definitions(true);
    schemars::json_schema!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Tidings on the wire",
        "$defs": defs,
    })
}

fn add<T: JsonSchema>(generator: &mut SchemaGenerator) {
    generator.subschema_for::<T>();
}
