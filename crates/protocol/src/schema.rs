//! All wire types as JSON Schema, the source of `schema/wire.json` and of the generated TypeScript.

use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings, json_schema};

use crate::{
    Command, EntryMessage, Reply, ResumeCursor, chat::SearchPage, command::OtherSpelling, http,
    notification::Preferences, reply::OwnEntry,
};

/// One document whose `$defs` hold every wire type by name (JSON Schema 2020-12).
///
/// What clients say is described as the server reads it, what the server says as it writes it: the two differ in which fields
/// may be absent.
pub fn wire() -> Schema {
    let mut defs = said_by_clients();
    for (name, schema) in said_by_the_server() {
        let read = defs.insert(name.clone(), schema.clone());
        let same = read.is_none_or(|read| read == schema);
        assert!(same, "{name} is read otherwise than written: give each direction a type of its own");
    }
    defs.insert("ClientMessage".to_owned(), client_message());
    defs.insert("ServerMessage".to_owned(), server_message());
    // Sorted here, because whether serde_json sorts depends on features that any crate of a build may switch on.
    defs.sort_keys();
    defs.values_mut().for_each(serde_json::Value::sort_all_objects);
    json_schema!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Tidings on the wire",
        "$defs": defs,
    })
}

type Definitions = serde_json::Map<String, serde_json::Value>;

fn said_by_clients() -> Definitions {
    let mut generator = SchemaSettings::draft2020_12().for_deserialize().into_generator();
    add::<Command>(&mut generator);
    add::<ResumeCursor>(&mut generator);
    add::<OtherSpelling>(&mut generator);
    add::<http::PublishRequest>(&mut generator);
    add::<http::BatchRequest>(&mut generator);
    add::<http::DisconnectRequest>(&mut generator);
    add::<http::RoomRequest>(&mut generator);
    add::<http::MemberRequest>(&mut generator);
    add::<http::EraseAgainRequest>(&mut generator);
    add::<http::NotifyRequest>(&mut generator);
    add::<http::MarkRequest>(&mut generator);
    add::<http::MessageRequest>(&mut generator);
    add::<http::EditRequest>(&mut generator);
    add::<http::ReadRequest>(&mut generator);
    add::<http::MuteRequest>(&mut generator);
    generator.take_definitions(true)
}

fn said_by_the_server() -> Definitions {
    let mut generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    add::<Reply>(&mut generator);
    add::<EntryMessage>(&mut generator);
    add::<OwnEntry>(&mut generator);
    add::<http::PublishResponse>(&mut generator);
    add::<http::BatchResponse>(&mut generator);
    add::<http::ConnectionInfo>(&mut generator);
    add::<http::DisconnectResponse>(&mut generator);
    add::<http::Stats>(&mut generator);
    add::<http::RoomInfo>(&mut generator);
    add::<http::MemberInfo>(&mut generator);
    add::<http::Membership>(&mut generator);
    add::<http::Messages>(&mut generator);
    add::<http::AccessInfo>(&mut generator);
    add::<http::RevokeResponse>(&mut generator);
    add::<http::AuditPage>(&mut generator);
    add::<http::EraseResponse>(&mut generator);
    add::<http::NotifyResponse>(&mut generator);
    add::<http::NotificationPage>(&mut generator);
    add::<http::MarkResponse>(&mut generator);
    add::<http::ReceiptInfo>(&mut generator);
    add::<http::MessageList>(&mut generator);
    add::<http::ActedResponse>(&mut generator);
    add::<SearchPage>(&mut generator);
    add::<http::VersionInfo>(&mut generator);
    add::<http::MarkInfo>(&mut generator);
    add::<http::ScheduledInfo>(&mut generator);
    add::<Preferences>(&mut generator);
    add::<http::Problem>(&mut generator);
    generator.take_definitions(true)
}

fn add<T: JsonSchema>(generator: &mut SchemaGenerator) {
    generator.subschema_for::<T>();
}

/// By hand, because a derive for the two parts of [`crate::Incoming`] would spell all commands out a second time.
fn client_message() -> serde_json::Value {
    json_schema!({
        "description": "What a client sends: a command, and its mark.",
        "type": "object",
        "properties": {
            "id": { "description": "Comes back as `reply_to`.", "$ref": "#/$defs/CorrelationId" },
        },
        "anyOf": [{ "$ref": "#/$defs/Command" }, { "$ref": "#/$defs/OtherSpelling" }],
    })
    .to_value()
}

fn server_message() -> serde_json::Value {
    json_schema!({
        "description": "What the server sends. Entries may have any `type`; what tells them apart is that only they have `id` and `time`.",
        "anyOf": [{ "$ref": "#/$defs/Reply" }, { "$ref": "#/$defs/EntryMessage" }],
    })
    .to_value()
}
