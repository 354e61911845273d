//! Rows about finding messages.

use axum::routing::MethodFilter;
use http::{Method, StatusCode};
use tidings_protocol::{ErrorCode, chat::SearchPage};

use super::{
    super::{
        endpoint::{Auth, Content, Endpoint, Parameter, Place, Tag, route, schema_of},
        search as handlers,
    },
    CURSOR,
};

const fn text(name: &'static str, about: &'static str) -> Parameter {
    Parameter { name, place: Place::Query, kind: "string", about }
}

const Q: Parameter = text(
    "q",
    "Words that a message must have, all of them; the last may be the beginning of one, from three characters on. At most 16 words, 1,024 bytes. There is \
     no query language: signs are spaces between words.",
);
const ROOM: Parameter = text("room", "Only in this room.");
const FROM: Parameter = text("from", "Only what this user sent.");
const SINCE: Parameter = text("since", "Only what came from this moment on.");
const UNTIL: Parameter = text("until", "Only what came before this moment.");
const ORDER: Parameter = text(
    "order",
    "`newest`, or `best`: those of the newest 500 that fit best, in one page. `newest` when absent.",
);
const LIMIT: Parameter = Parameter {
    name: "limit",
    place: Place::Query,
    kind: "integer",
    about: "Messages of a page, 1 to 100; 20 when absent.",
};
const USER: Parameter = text("user", "What this user would find, instead of all there is.");
const ROLES: Parameter = text(
    "roles",
    "With `user`: the user's roles, with commas between them. The server knows them only from tokens.",
);

const ABOUT: &str = "Messages as they stand, each with a snippet in pieces: text, and whether it is what was looked for. The work of one search is bounded: \
                     a page may be short, or empty, and have a `next_cursor` nevertheless. What is sealed is not found.";

pub(super) static ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        method: Method::GET,
        path: "/v1/search",
        name: "search",
        summary: "Find messages",
        about: ABOUT,
        tag: Tag::Chat,
        auth: Auth::ApiKey,
        parameters: &[Q, ROOM, FROM, SINCE, UNTIL, ORDER, LIMIT, CURSOR, USER, ROLES],
        body: None,
        status: StatusCode::OK,
        content: Content::Json(schema_of::<SearchPage>),
        own_errors: &[
            ErrorCode::InvalidRequest,
            ErrorCode::Forbidden,
            ErrorCode::NotFound,
            ErrorCode::Unavailable,
        ],
        route: |ordinal, auth| route(MethodFilter::GET, ordinal, auth, handlers::search),
    },
    Endpoint {
        method: Method::GET,
        path: "/v1/me/search",
        name: "my_search",
        summary: "Find messages in the rooms that I may read",
        about: ABOUT,
        tag: Tag::Users,
        auth: Auth::User,
        parameters: &[Q, ROOM, FROM, SINCE, UNTIL, ORDER, LIMIT, CURSOR],
        body: None,
        status: StatusCode::OK,
        content: Content::Json(schema_of::<SearchPage>),
        own_errors: &[
            ErrorCode::InvalidRequest,
            ErrorCode::Forbidden,
            ErrorCode::NotFound,
            ErrorCode::Unavailable,
        ],
        route: |ordinal, auth| route(MethodFilter::GET, ordinal, auth, handlers::mine),
    },
];
