//! Rows about rooms, who may be in them, and what users ask themselves.

use axum::routing::MethodFilter;
use http::{Method, StatusCode};
use tidings_protocol::{
    ErrorCode,
    http::{
        AccessInfo, MemberInfo, MemberRequest, Membership, Messages, Page, RevokeResponse, RoomInfo,
        RoomRequest,
    },
};

use super::{
    super::{
        access,
        endpoint::{Auth, Body, Content, Endpoint, Parameter, Place, Tag, route, schema_of},
        me, members, messages, revoke, rooms,
    },
    CURSOR, LIMIT,
};

const ROOM: Parameter = Parameter { name: "room", place: Place::Path, kind: "string", about: "Which." };
const USER: Parameter = Parameter { name: "user", place: Place::Path, kind: "string", about: "Who." };
const BEFORE: Parameter = Parameter {
    name: "before",
    place: Place::Query,
    kind: "integer",
    about: "The entries right before this offset. Not together with `after`.",
};
const AFTER: Parameter = Parameter {
    name: "after",
    place: Place::Query,
    kind: "integer",
    about: "The entries right after this offset; 0 begins with the oldest that is kept.",
};
const EPOCH: Parameter = Parameter {
    name: "epoch",
    place: Place::Query,
    kind: "string",
    about: "The life of the log that the offset counts in: in another one the answer is `history_lost`. A cursor knows its own.",
};

const TYPE: Parameter = Parameter {
    name: "type",
    place: Place::Query,
    kind: "string",
    about: "`chat_message`: only messages, each as it stands, with its reactions, pin and replies (`MessageList`). Without it all entries that are kept.",
};
const THREAD: Parameter = Parameter {
    name: "thread",
    place: Place::Query,
    kind: "string",
    about: "With `type`: only the replies of the thread that begins with this message.",
};
const PINNED: Parameter = Parameter {
    name: "pinned",
    place: Place::Query,
    kind: "boolean",
    about: "With `type`: only those that are pinned.",
};
const MAIN: Parameter = Parameter {
    name: "main",
    place: Place::Query,
    kind: "boolean",
    about: "With `type`: only those that are no replies in threads.",
};
const AROUND: Parameter = Parameter {
    name: "around",
    place: Place::Query,
    kind: "string",
    about: "With `type`: this message, in the middle of what is before and after it.",
};
const VIEWER: Parameter = Parameter {
    name: "user",
    place: Place::Query,
    kind: "string",
    about: "With `type`: whose own reactions are told apart as `mine`.",
};

pub(super) static ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        method: Method::GET,
        path: "/v1/rooms",
        name: "rooms",
        summary: "List rooms",
        about: "Those that were put, published in or given a member, in the order of their names.",
        tag: Tag::Rooms,
        auth: Auth::ApiKey,
        parameters: &[LIMIT, CURSOR],
        body: None,
        status: StatusCode::OK,
        content: Content::Json(schema_of::<Page<RoomInfo>>),
        own_errors: &[ErrorCode::InvalidRequest, ErrorCode::Unavailable],
        route: |ordinal, auth| route(MethodFilter::GET, ordinal, auth, rooms::list),
    },
    Endpoint {
        method: Method::GET,
        path: "/v1/rooms/{room}",
        name: "room",
        summary: "What a room is",
        about: "404 for a room that was never heard of. Who follows it does not make it one: what it keeps, its \
                members and its data do.",
        tag: Tag::Rooms,
        auth: Auth::ApiKey,
        parameters: &[ROOM],
        body: None,
        status: StatusCode::OK,
        content: Content::Json(schema_of::<RoomInfo>),
        own_errors: &[ErrorCode::InvalidRequest, ErrorCode::NotFound, ErrorCode::Unavailable],
        route: |ordinal, auth| route(MethodFilter::GET, ordinal, auth, rooms::get),
    },
    Endpoint {
        method: Method::PUT,
        path: "/v1/rooms/{room}",
        name: "put_room",
        summary: "Create a room, or put other data on it",
        about: "Rooms need not be created: this is for data of your own, which the server only keeps. 201 when there \
                was no such room.",
        tag: Tag::Rooms,
        auth: Auth::ApiKey,
        parameters: &[ROOM],
        body: Some(Body {
            schema: schema_of::<RoomRequest>,
            required: false,
            example: r#"{"data": {"title": "Order 7"}}"#,
        }),
        status: StatusCode::OK,
        content: Content::Json(schema_of::<RoomInfo>),
        own_errors: &[ErrorCode::NotFound, ErrorCode::Unavailable],
        route: |ordinal, auth| route(MethodFilter::PUT, ordinal, auth, rooms::put),
    },
    Endpoint {
        method: Method::DELETE,
        path: "/v1/rooms/{room}",
        name: "delete_room",
        summary: "Forget a room",
        about: "With its entries, its members and its data. Everyone in it is shown out with `left_room`, `because: \
                room_deleted`.",
        tag: Tag::Rooms,
        auth: Auth::ApiKey,
        parameters: &[ROOM],
        body: None,
        status: StatusCode::NO_CONTENT,
        content: Content::Nothing,
        own_errors: &[ErrorCode::InvalidRequest, ErrorCode::NotFound, ErrorCode::Unavailable],
        route: |ordinal, auth| route(MethodFilter::DELETE, ordinal, auth, rooms::delete),
    },
    Endpoint {
        method: Method::GET,
        path: "/v1/rooms/{room}/members",
        name: "members",
        summary: "Who is a member",
        about: "In the order of their ids. Members may enter; who is there now, `/v1/presence` says.",
        tag: Tag::Rooms,
        auth: Auth::ApiKey,
        parameters: &[ROOM, LIMIT, CURSOR],
        body: None,
        status: StatusCode::OK,
        content: Content::Json(schema_of::<Page<MemberInfo>>),
        own_errors: &[ErrorCode::InvalidRequest, ErrorCode::NotFound, ErrorCode::Unavailable],
        route: |ordinal, auth| route(MethodFilter::GET, ordinal, auth, members::list),
    },
    Endpoint {
        method: Method::PUT,
        path: "/v1/rooms/{room}/members/{user}",
        name: "put_member",
        summary: "Make a user a member, or change the role",
        about: "From now on the user may do what the room's rule lets members do. 201 when the user was none before.",
        tag: Tag::Rooms,
        auth: Auth::ApiKey,
        parameters: &[ROOM, USER],
        body: Some(Body {
            schema: schema_of::<MemberRequest>,
            required: false,
            example: r#"{"role": "member"}"#,
        }),
        status: StatusCode::OK,
        content: Content::Json(schema_of::<MemberInfo>),
        own_errors: &[ErrorCode::NotFound, ErrorCode::Unavailable],
        route: |ordinal, auth| route(MethodFilter::PUT, ordinal, auth, members::put),
    },
    Endpoint {
        method: Method::DELETE,
        path: "/v1/rooms/{room}/members/{user}",
        name: "remove_member",
        summary: "End a membership",
        about: "Where nothing else lets the user in, the subscriptions end at once: `left_room`, `because: \
                access_ended`.",
        tag: Tag::Rooms,
        auth: Auth::ApiKey,
        parameters: &[ROOM, USER],
        body: None,
        status: StatusCode::NO_CONTENT,
        content: Content::Nothing,
        own_errors: &[ErrorCode::InvalidRequest, ErrorCode::NotFound, ErrorCode::Unavailable],
        route: |ordinal, auth| route(MethodFilter::DELETE, ordinal, auth, members::remove),
    },
    Endpoint {
        method: Method::GET,
        path: "/v1/rooms/{room}/messages",
        name: "messages",
        summary: "What a room keeps",
        about: "The newest page; before or after an offset; or, with a cursor, the page that goes on the same way. \
                Items are always in the order of the log. Pages meet exactly, also while entries arrive. A page has \
                at most 4 MiB. With `type=chat_message` it is a page of the chat, of at most 200.",
        tag: Tag::Rooms,
        auth: Auth::ApiKey,
        parameters: &[ROOM, BEFORE, AFTER, EPOCH, LIMIT, CURSOR, TYPE, AROUND, THREAD, PINNED, MAIN, VIEWER],
        body: None,
        status: StatusCode::OK,
        content: Content::Json(schema_of::<Messages>),
        own_errors: &[
            ErrorCode::InvalidRequest,
            ErrorCode::NotFound,
            ErrorCode::HistoryLost,
            ErrorCode::Unavailable,
        ],
        route: |ordinal, auth| route(MethodFilter::GET, ordinal, auth, messages::get),
    },
    Endpoint {
        method: Method::GET,
        path: "/v1/rooms/{room}/access",
        name: "access",
        summary: "Why somebody may, or may not",
        about: "The answer of the rule that decides everywhere, for a user as member or not and with the roles that \
                are given. Rooms that a token opens are not known here.",
        tag: Tag::Rooms,
        auth: Auth::ApiKey,
        parameters: &[
            ROOM,
            Parameter { name: "user", place: Place::Query, kind: "string", about: "Who. Needed." },
            Parameter {
                name: "act",
                place: Place::Query,
                kind: "string",
                about: "`join` (when absent), `history`, `search`, `files`, `presence`, `push` or `publish`.",
            },
            Parameter {
                name: "roles",
                place: Place::Query,
                kind: "string",
                about: "Roles that the user's token would have, with commas between them.",
            },
        ],
        body: None,
        status: StatusCode::OK,
        content: Content::Json(schema_of::<AccessInfo>),
        own_errors: &[ErrorCode::InvalidRequest, ErrorCode::NotFound, ErrorCode::Unavailable],
        route: |ordinal, auth| route(MethodFilter::GET, ordinal, auth, access::explain),
    },
    Endpoint {
        method: Method::GET,
        path: "/v1/users/{user}/rooms",
        name: "user_rooms",
        summary: "Of which rooms a user is a member",
        about: "In the order of their names.",
        tag: Tag::Rooms,
        auth: Auth::ApiKey,
        parameters: &[USER, LIMIT, CURSOR],
        body: None,
        status: StatusCode::OK,
        content: Content::Json(schema_of::<Page<Membership>>),
        own_errors: &[ErrorCode::InvalidRequest, ErrorCode::Unavailable],
        route: |ordinal, auth| route(MethodFilter::GET, ordinal, auth, members::of_user),
    },
    Endpoint {
        method: Method::POST,
        path: "/v1/users/{user}/revoke",
        name: "revoke",
        summary: "Make a user's tokens void",
        about: "Those that were issued up to now, by their claim `iat`; one without it counts as old. Connections \
                end with 4001; a token issued from the next second on is good again.",
        tag: Tag::Connections,
        auth: Auth::ApiKey,
        parameters: &[USER],
        body: None,
        status: StatusCode::OK,
        content: Content::Json(schema_of::<RevokeResponse>),
        own_errors: &[ErrorCode::InvalidRequest, ErrorCode::Unavailable],
        route: |ordinal, auth| route(MethodFilter::POST, ordinal, auth, revoke::revoke),
    },
    Endpoint {
        method: Method::GET,
        path: "/v1/me/rooms",
        name: "my_rooms",
        summary: "Of which rooms I am a member",
        about: "In the order of their names.",
        tag: Tag::Users,
        auth: Auth::User,
        parameters: &[LIMIT, CURSOR],
        body: None,
        status: StatusCode::OK,
        content: Content::Json(schema_of::<Page<Membership>>),
        own_errors: &[ErrorCode::InvalidRequest, ErrorCode::TokenExpired, ErrorCode::Unavailable],
        route: |ordinal, auth| route(MethodFilter::GET, ordinal, auth, me::rooms),
    },
    Endpoint {
        method: Method::GET,
        path: "/v1/me/rooms/{room}/messages",
        name: "my_messages",
        summary: "What a room keeps that I may join",
        about: "As `/v1/rooms/{room}/messages`, by the rule that decides who may join.",
        tag: Tag::Users,
        auth: Auth::User,
        parameters: &[ROOM, BEFORE, AFTER, EPOCH, LIMIT, CURSOR, TYPE, AROUND, THREAD, PINNED, MAIN],
        body: None,
        status: StatusCode::OK,
        content: Content::Json(schema_of::<Messages>),
        own_errors: &[
            ErrorCode::InvalidRequest,
            ErrorCode::TokenExpired,
            ErrorCode::Forbidden,
            ErrorCode::NotFound,
            ErrorCode::HistoryLost,
            ErrorCode::Unavailable,
        ],
        route: |ordinal, auth| route(MethodFilter::GET, ordinal, auth, me::messages),
    },
];
