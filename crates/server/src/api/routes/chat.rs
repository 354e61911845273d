//! Rows about messages. Each stands here once and becomes two: for back ends under `/v1/rooms`, and under `/v1/me/rooms` for users with their token.

use axum::routing::MethodFilter;
use http::{Method, StatusCode};
use tidings_protocol::{
    ErrorCode,
    chat::{Message, RoomUnread},
    http::{
        ActedResponse, EditRequest, MarkInfo, MessageRequest, MuteRequest, Page, ReadRequest, VersionInfo,
    },
};

use super::{
    super::{
        chat,
        endpoint::{Auth, Body, Content, Endpoint, Parameter, Place, Tag, route, schema_of},
    },
    CURSOR, IDEMPOTENCY_KEY, LIMIT,
};

const fn text(name: &'static str, place: Place, about: &'static str) -> Parameter {
    Parameter { name, place, kind: "string", about }
}

const ROOM: Parameter = text("room", Place::Path, "Which.");
const ID: Parameter = text("id", Place::Path, "Which message.");
const EMOJI: Parameter = text(
    "emoji",
    Place::Path,
    "An emoji, or a name of the application's: 1 to 64 bytes without control characters.",
);
const FROM: Parameter = text("from", Place::Query, "The user who does it; absent for the back end itself.");
const FROM_NEEDED: Parameter = text("from", Place::Query, "The user who does it. Needed.");
const VIEWER: Parameter = text("user", Place::Query, "Whose own reactions are told apart as `mine`.");

const SEND: Option<Body> = Some(Body {
    schema: schema_of::<MessageRequest>,
    required: true,
    example: r#"{"content": "The parcel has left.", "mentions": ["ada"]}"#,
});
const EDIT: Option<Body> = Some(Body {
    schema: schema_of::<EditRequest>,
    required: true,
    example: r#"{"content": "The parcel has left at nine."}"#,
});
const READ: Option<Body> =
    Some(Body { schema: schema_of::<ReadRequest>, required: true, example: r#"{"up_to": 42}"# });
const MUTE: Option<Body> = Some(Body {
    schema: schema_of::<MuteRequest>,
    required: false,
    example: r#"{"until": "2099-01-01T00:00:00Z"}"#,
});

const BACK_ENDS_MEET: &[ErrorCode] = &[
    ErrorCode::InvalidRequest,
    ErrorCode::Forbidden,
    ErrorCode::NotFound,
    ErrorCode::Conflict,
    ErrorCode::Unavailable,
];
const USERS_MEET: &[ErrorCode] = &[
    ErrorCode::InvalidRequest,
    ErrorCode::TokenExpired,
    ErrorCode::Forbidden,
    ErrorCode::NotFound,
    ErrorCode::Unavailable,
];

/// A row of back ends and the same of users, who say with their token who they are.
macro_rules! rows {
    ($($method:ident $path:literal $name:literal, $summary:literal, $about:literal, [$($parameter:ident),*] and [$($back_end:ident),*], $body:expr, $status:ident $content:ty, $handler:path;)*) => {
        &[$(
            row!(Auth::ApiKey, $method, concat!("/v1/rooms/{room}/", $path), $name, $summary, $about,
                &[$($parameter,)* $($back_end),*], $body, $status, $content, BACK_ENDS_MEET, $handler),
            row!(Auth::User, $method, concat!("/v1/me/rooms/{room}/", $path), concat!("my_", $name), $summary, $about,
                &[$($parameter),*], $body, $status, $content, USERS_MEET, $handler),
        )*]
    };
}

macro_rules! row {
    ($auth:expr, $method:ident, $path:expr, $name:expr, $summary:literal, $about:literal, $parameters:expr, $body:expr, $status:ident, $content:ty, $errors:expr, $handler:path) => {
        Endpoint {
            method: Method::$method,
            path: $path,
            name: $name,
            summary: $summary,
            about: $about,
            tag: Tag::Chat,
            auth: $auth,
            parameters: $parameters,
            body: $body,
            status: StatusCode::$status,
            content: Content::Json(schema_of::<$content>),
            own_errors: $errors,
            route: |ordinal, auth| route(MethodFilter::$method, ordinal, auth, $handler),
        }
    };
}

pub(super) static ENDPOINTS: &[Endpoint] = rows! {
    POST "messages" "send_message", "Send a message",
        "The message is kept when the answer comes, everyone in the room has it, and whom it mentions is notified. Sent again \
         with the same `client_id` or `Idempotency-Key` within seven days, it is not stored twice. Only back ends send `system` \
         messages. The room must keep its entries for a time.",
        [ROOM, IDEMPOTENCY_KEY] and [], SEND, CREATED ActedResponse, chat::send;
    GET "messages/{id}" "message", "One message, as it stands",
        "With its reactions, its pin and how many replies it has.",
        [ROOM, ID] and [VIEWER], None, OK Message, chat::message;
    PATCH "messages/{id}" "edit_message", "Let a message say something else",
        "Users edit their own. A back end edits any, or with `from` that user's own. Everyone in the room hears `message_edited`; \
         what it said before is kept for who sent it, moderators and back ends, unless it stood there for less than a minute.",
        [ROOM, ID] and [], EDIT, OK ActedResponse, chat::edit;
    DELETE "messages/{id}" "delete_message", "Take away what a message says",
        "Its place stays, and what it said before goes too. Users delete their own, moderators and back ends any.",
        [ROOM, ID] and [FROM], None, OK ActedResponse, chat::delete;
    GET "messages/{id}/versions" "message_versions", "What a message said before",
        "Oldest first, for who sent it, moderators and back ends.",
        [ROOM, ID] and [], None, OK Page<VersionInfo>, chat::versions;
    PUT "messages/{id}/reactions/{emoji}" "react", "React to a message",
        "What is there already stays; then the answer has no `offset`.",
        [ROOM, ID, EMOJI] and [FROM_NEEDED], None, OK ActedResponse, chat::react;
    DELETE "messages/{id}/reactions/{emoji}" "unreact", "Take a reaction back",
        "What is not there stays so; then the answer has no `offset`.",
        [ROOM, ID, EMOJI] and [FROM_NEEDED], None, OK ActedResponse, chat::unreact;
    PUT "messages/{id}/pin" "pin_message", "Pin a message",
        "Whoever may publish in the room may.",
        [ROOM, ID] and [FROM], None, OK ActedResponse, chat::pin;
    DELETE "messages/{id}/pin" "unpin_message", "Take a pin away",
        "Whoever may publish in the room may.",
        [ROOM, ID] and [FROM], None, OK ActedResponse, chat::unpin;
    POST "read" "mark_room_read", "Say that a user has read",
        "Up to an offset or a message; a mark never goes back. All devices of the user hear `room_unread`, mentions up to there \
         are read, and the room hears `room_read` unless it is private, or the user may not publish in the room.",
        [ROOM] and [], READ, OK ActedResponse, chat::read;
    GET "marks" "marks", "Who has read up to where",
        "In the order of their ids. Of those who read privately only back ends know.",
        [ROOM, LIMIT, CURSOR] and [], None, OK Page<MarkInfo>, chat::marks;
    PUT "mute" "mute_room", "Mute a room",
        "No mention in it becomes a notification; what is unread counts all the same.",
        [ROOM] and [FROM_NEEDED], MUTE, OK RoomUnread, chat::mute;
    DELETE "mute" "unmute_room", "End a mute",
        "Also in a room that the user may no longer read.",
        [ROOM] and [FROM_NEEDED], None, OK RoomUnread, chat::unmute;
};
