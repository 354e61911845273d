//! Rows about what is one person's, and about what was done by whom.

use axum::routing::MethodFilter;
use http::{Method, StatusCode};
use tidings_protocol::{
    ErrorCode,
    http::{AuditPage, EraseAgainRequest, EraseResponse},
};

use super::{
    super::{
        audit,
        endpoint::{Auth, Body, Content, Endpoint, Parameter, Place, Tag, route, schema_of},
        erase, export,
    },
    CURSOR, LIMIT,
};

const USER: Parameter = Parameter { name: "user", place: Place::Path, kind: "string", about: "Who." };

pub(super) static ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        method: Method::GET,
        path: "/v1/users/{user}/export",
        name: "export",
        summary: "Everything that is kept of a user",
        about: "One JSON object a line: the user, memberships, entries that the user published or has in the personal room, and at the end \
                how many there were. An export without that last line is not whole.",
        tag: Tag::Privacy,
        auth: Auth::ApiKey,
        parameters: &[USER],
        body: None,
        status: StatusCode::OK,
        content: Content::Text(export::LINES),
        own_errors: &[ErrorCode::InvalidRequest, ErrorCode::Unavailable],
        route: |ordinal, auth| route(MethodFilter::GET, ordinal, auth, export::export),
    },
    Endpoint {
        method: Method::DELETE,
        path: "/v1/users/{user}",
        name: "erase",
        summary: "Forget a user",
        about: "Ends the user's connections with 4009, makes tokens that were issued up to now void, and forgets the personal room, \
                memberships and revocations. What the user published elsewhere stays as a place in its log, without sender and data. \
                The archive is rewritten too. Sent again, it does no harm.",
        tag: Tag::Privacy,
        auth: Auth::ApiKey,
        parameters: &[USER],
        body: None,
        status: StatusCode::OK,
        content: Content::Json(schema_of::<EraseResponse>),
        own_errors: &[ErrorCode::InvalidRequest, ErrorCode::Unavailable],
        route: |ordinal, auth| route(MethodFilter::DELETE, ordinal, auth, erase::erase),
    },
    Endpoint {
        method: Method::POST,
        path: "/v1/erasures",
        name: "erase_again",
        summary: "Forget users again after a restore",
        about: "A backup brings back whom it still knew. Give the subjects of all `user.erase` records since it was made: who is \
                found by them is erased again. It looks through everything that is kept.",
        tag: Tag::Privacy,
        auth: Auth::ApiKey,
        parameters: &[],
        body: Some(Body {
            schema: schema_of::<EraseAgainRequest>,
            required: true,
            example: r#"{"pseudonyms": ["user:fdee430d40bd57deeac186cd9790033d"]}"#,
        }),
        status: StatusCode::OK,
        content: Content::Json(schema_of::<EraseResponse>),
        own_errors: &[ErrorCode::Unavailable],
        route: |ordinal, auth| route(MethodFilter::POST, ordinal, auth, erase::again),
    },
    Endpoint {
        method: Method::GET,
        path: "/v1/audit",
        name: "audit",
        summary: "What was done by whom",
        about: "Every act that administers or changes access, the oldest first; each was written down before it was done. Each record holds the \
                hash of the one before, and `broken_at` says where that does not hold.",
        tag: Tag::Privacy,
        auth: Auth::ApiKey,
        parameters: &[CURSOR, LIMIT],
        body: None,
        status: StatusCode::OK,
        content: Content::Json(schema_of::<AuditPage>),
        own_errors: &[ErrorCode::InvalidRequest, ErrorCode::Unavailable],
        route: |ordinal, auth| route(MethodFilter::GET, ordinal, auth, audit::list),
    },
];
