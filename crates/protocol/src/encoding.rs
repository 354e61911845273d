//! The two encodings of a connection. JSON is what the server thinks in; MessagePack is the same objects in fewer bytes.

use crate::{CorrelationId, ErrorCode, Fault};

/// How a connection's messages are written: JSON in text frames or MessagePack in binary frames.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Encoding {
    /// Text frames; subprotocol `tidings.v1` or none.
    #[default]
    Json,
    /// Binary frames; subprotocol `tidings.v1.msgpack`.
    MessagePack,
}

/// MessagePack of a JSON text, field by field.
///
/// # Errors
/// [`ErrorCode::Internal`] when `json` is not JSON, which the caller has made sure of.
pub fn json_to_message_pack(json: &[u8]) -> Result<Vec<u8>, Fault> {
    let value: serde_json::Value = serde_json::from_slice(json).map_err(|_| internal())?;
    rmp_serde::to_vec_named(&value).map_err(|_| internal())
}

/// JSON text of a MessagePack message.
///
/// # Errors
/// [`ErrorCode::InvalidRequest`] when it is not MessagePack, or holds what JSON cannot (binary data, keys that are no strings).
pub fn message_pack_to_json(bytes: &[u8]) -> Result<Vec<u8>, Fault> {
    let invalid =
        || Fault::new(ErrorCode::InvalidRequest, "expected a MessagePack map of what JSON can hold");
    let mut deserializer = rmp_serde::Deserializer::from_read_ref(bytes);
    deserializer.set_max_depth(128);
    let value: serde_json::Value =
        serde::Deserialize::deserialize(&mut deserializer).map_err(|_| invalid())?;
    serde_json::to_vec(&value).map_err(|_| invalid())
}

/// The mark of a message that holds what JSON cannot, so that its error finds its way back.
pub fn correlation_id_of_message_pack(bytes: &[u8]) -> Option<CorrelationId> {
    #[derive(serde::Deserialize)]
    struct Mark {
        #[serde(default)]
        id: Option<CorrelationId>,
    }
    let mut deserializer = rmp_serde::Deserializer::from_read_ref(bytes);
    deserializer.set_max_depth(128);
    <Mark as serde::Deserialize>::deserialize(&mut deserializer).ok().and_then(|mark| mark.id)
}

fn internal() -> Fault {
    Fault::new(ErrorCode::Internal, "a message could not be encoded")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_objects_both_ways() {
        let json = br#"{"type":"publish","data":{"n":-1,"f":1.5,"list":[true,null,"x"]}}"#;
        let back = message_pack_to_json(&json_to_message_pack(json).unwrap()).unwrap();
        let value = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).unwrap();
        assert_eq!(value(&back), value(json));
    }

    #[test]
    fn a_mark_is_found_beside_what_json_cannot_hold() {
        let mut bytes = vec![0x82, 0xa2, b'i', b'd', 42, 0xa4];
        bytes.extend_from_slice(b"data\xc4\x01x");
        assert!(message_pack_to_json(&bytes).is_err());
        assert_eq!(correlation_id_of_message_pack(&bytes), Some(CorrelationId::Number(42.into())));
        assert_eq!(correlation_id_of_message_pack(&[0xc1]), None);
        assert_eq!(correlation_id_of_message_pack(&[0x91; 100_000]), None);
    }

    #[test]
    fn nonsense_and_depth_are_refused() {
        assert!(message_pack_to_json(&[0xc1]).is_err());
        assert!(message_pack_to_json(&[0x91; 100_000]).is_err());
    }
}
