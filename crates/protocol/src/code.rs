//! Error codes and close codes: one list for WebSocket, HTTP and the SDKs.

use std::{borrow::Cow, fmt};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! error_codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $status:literal, $retryable:literal;)*) => {
        /// What went wrong, as programs read it.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum ErrorCode { $($(#[$doc])* $name,)* }

        impl ErrorCode {
            /// Every code, in the order of the reference.
            pub const ALL: &[ErrorCode] = &[$(ErrorCode::$name,)*];

            /// The code as it stands on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The HTTP status that goes with it.
            pub fn status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }

            /// Whether the same request may succeed later.
            pub fn retryable(self) -> bool {
                match self { $(Self::$name => $retryable,)* }
            }
        }
    };
}

error_codes! {
    /// Not JSON, or a field is missing or of the wrong type; `path` says which.
    InvalidRequest = "invalid_request", 400, false;
    /// No such message type.
    UnknownType = "unknown_type", 400, false;
    /// No credentials, or some that do not verify.
    Unauthorized = "unauthorized", 401, false;
    /// The token was good once.
    TokenExpired = "token_expired", 401, false;
    /// The rules do not let this caller.
    Forbidden = "forbidden", 403, false;
    /// No such thing, or none that this caller may know of.
    NotFound = "not_found", 404, false;
    /// Contradicts what is there: the same idempotency key with another body.
    Conflict = "conflict", 409, false;
    /// More bytes than the limit.
    PayloadTooLarge = "payload_too_large", 413, false;
    /// Too many in too short a time; `retry_after_ms` says when again.
    RateLimited = "rate_limited", 429, true;
    /// The queue for this connection is full.
    QueueFull = "queue_full", 503, true;
    /// What was asked for is no longer kept.
    HistoryLost = "history_lost", 410, false;
    /// Not possible at the moment.
    Unavailable = "unavailable", 503, true;
    /// A fault of the server; its log has the cause.
    Internal = "internal", 500, true;
}

/// An error as it is told to a caller: a code, a public sentence, and where and when.
///
/// The sentence never holds a token, a message's text or anything else of the request beyond names of fields.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// What went wrong, for programs.
    pub code: ErrorCode,
    /// What went wrong and what was expected, for people.
    pub message: Cow<'static, str>,
    /// The field that is wrong, `data.room` or `entries[3].to`.
    pub path: Option<String>,
    /// When to try again, in milliseconds.
    pub retry_after_ms: Option<u64>,
}

impl Fault {
    /// A fault without place or time.
    pub fn new(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into(), path: None, retry_after_ms: None }
    }

    /// [`ErrorCode::InvalidRequest`] at a field.
    pub fn invalid(path: impl Into<String>, message: impl Into<Cow<'static, str>>) -> Self {
        Self { path: Some(path.into()), ..Self::new(ErrorCode::InvalidRequest, message) }
    }

    /// [`ErrorCode::RateLimited`] until `retry_after_ms` from now.
    pub fn rate_limited(message: impl Into<Cow<'static, str>>, retry_after_ms: u64) -> Self {
        Self { retry_after_ms: Some(retry_after_ms), ..Self::new(ErrorCode::RateLimited, message) }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.message)?;
        if let Some(path) = &self.path {
            write!(f, " (at {path})")?;
        }
        Ok(())
    }
}

impl std::error::Error for Fault {}

/// How and why a connection ends. 4000-4099: stay away; 4100-4199: wait and reconnect; 4200-4299: reconnect at once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Close {
    /// RFC 6455 section 7.4, or one of ours.
    pub code: u16,
    /// At most 123 bytes, for people.
    pub reason: Cow<'static, str>,
}

macro_rules! closes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $reason:literal;)*) => {
        impl Close {
            $($(#[$doc])* pub const $name: Close = Close { code: $code, reason: Cow::Borrowed($reason) };)*
        }
    };
}

closes! {
    /// The peer said goodbye first, or nothing is left to say.
    NORMAL = 1000, "bye";
    /// A kind of data that is not accepted: binary frames without the MessagePack subprotocol, text with it.
    UNSUPPORTED = 1003, "JSON comes as text; with tidings.v1.msgpack, MessagePack as binary";
    /// Too many messages that are not understood, or that come on although they are refused.
    POLICY = 1008, "too many refused messages";
    /// A fault of the server.
    INTERNAL = 1011, "internal error";
    /// A planned stop.
    RESTART = 1012, "server restart";
    /// A limit on connections is reached.
    TOO_MANY = 1013, "too many connections";
    /// The store cannot be reached: nobody new comes in until it can.
    TRY_AGAIN_LATER = 1013, "not possible at the moment, try again later";
    /// No token came in time.
    AUTHENTICATION_TIMEOUT = 4000, "no authentication in time";
    /// The first message of a connection without a token is not one that brings it.
    AUTHENTICATION_EXPECTED = 4000, "expected authenticate as the first message";
    /// The token does not verify.
    TOKEN_INVALID = 4001, "token invalid";
    /// The token has expired and was not refreshed.
    TOKEN_EXPIRED = 4001, "token expired";
    /// The token was revoked.
    TOKEN_REVOKED = 4001, "token revoked";
    /// An administrator ended it.
    ENDED = 4009, "ended by an administrator";
    /// The queue is full of entries that must not be lost.
    SLOW_READER = 4100, "slow reader";
    /// Nothing was heard for too long.
    NO_SIGN_OF_LIFE = 4101, "no sign of life";
    /// An entry got lost on its way here: resume brings it.
    CONTINUITY_LOST = 4102, "continuity lost, please resume";
    /// Nothing was asked or said for `limits.idle_timeout`.
    IDLE = 4101, "idle";
}

impl Close {
    /// A close whose reason is somebody's words, cut to what a close frame holds (RFC 6455 section 5.5).
    pub fn because(code: u16, reason: &str) -> Self {
        let mut end = reason.len().min(123);
        while !reason.is_char_boundary(end) {
            end -= 1;
        }
        Self { code, reason: Cow::Owned(reason[..end].to_owned()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wire_name_is_the_serde_name() {
        for code in ErrorCode::ALL {
            assert_eq!(serde_json::to_string(code).unwrap(), format!("{:?}", code.as_str()));
        }
    }

    #[test]
    fn a_reason_is_cut_between_characters() {
        let close = Close::because(4009, &"ü".repeat(100));
        assert_eq!(close.reason.len(), 122);
    }
}
