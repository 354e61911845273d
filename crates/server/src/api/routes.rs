//! The table of endpoints. A row is all there is to add for a new one: the route, its credentials, its metrics and its description
//! come from here. Rows that belong together have a file of their own beside this one.

mod chat;
mod house;
mod notifications;
mod rooms;
mod sealing;
mod search;

use axum::routing::MethodFilter;
use http::{Method, StatusCode};
use tidings_protocol::{
    ErrorCode,
    http::{
        BatchRequest, BatchResponse, ConnectionInfo, DisconnectRequest, DisconnectResponse, Page,
        PublishRequest, PublishResponse, Stats,
    },
    reply::Presence,
};

use super::{
    batch, connections, docs,
    endpoint::{Auth, Body, Content, Endpoint, Parameter, Place, Tag, route, schema_of},
    presence, publish, stats,
};
use crate::ops::{health, scrape};

const IDEMPOTENCY_KEY: Parameter = Parameter {
    name: super::idempotency::HEADER,
    place: Place::Header,
    kind: "string",
    about: "1 to 255 visible ASCII characters, new for each request. Sent again with the same body within 24 hours, the request is \
            not done again: the answer is the first one, with `Idempotent-Replayed: true`.",
};
const LIMIT: Parameter = Parameter {
    name: "limit",
    place: Place::Query,
    kind: "integer",
    about: "Items of a page, 1 to 1000; 50 when absent.",
};
const CURSOR: Parameter = Parameter {
    name: "cursor",
    place: Place::Query,
    kind: "string",
    about: "The `next_cursor` of the page before.",
};

/// The first row's place: `POST /v1/publish`, which [`super::publish_directly`] also answers.
pub(crate) const PUBLISH_ORDINAL: usize = 0;

/// Every endpoint but the WebSocket, which is no matter of requests and answers.
pub(crate) fn endpoints() -> impl Iterator<Item = &'static Endpoint> {
    ENDPOINTS
        .iter()
        .chain(notifications::ENDPOINTS)
        .chain(rooms::ENDPOINTS)
        .chain(chat::ENDPOINTS)
        .chain(search::ENDPOINTS)
        .chain(house::ENDPOINTS)
        .chain(sealing::ENDPOINTS)
}

static ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        method: Method::POST,
        path: "/v1/publish",
        name: "publish",
        summary: "Publish an entry",
        about: "The entry is taken when the answer comes: those who are connected get it, and where the room keeps its entries, \
                those who come back do too. `data` reaches them as it came.",
        tag: Tag::Publishing,
        auth: Auth::ApiKey,
        parameters: &[IDEMPOTENCY_KEY],
        body: Some(Body {
            schema: schema_of::<PublishRequest>,
            required: true,
            example: r#"{"to": {"room": "orders"}, "type": "order_status_changed", "data": {"id": 7, "status": "shipped"}}"#,
        }),
        status: StatusCode::ACCEPTED,
        content: Content::Json(schema_of::<PublishResponse>),
        own_errors: &[ErrorCode::NotFound, ErrorCode::Conflict, ErrorCode::Unavailable],
        route: |ordinal, auth| route(MethodFilter::POST, ordinal, auth, publish::publish),
    },
    Endpoint {
        method: Method::POST,
        path: "/v1/publish/batch",
        name: "publish_batch",
        summary: "Publish up to 1000 entries",
        about: "The entries are published in their order, and the results stand in the same order. Each is taken or refused by \
                itself: a wrong one does not hinder the others.",
        tag: Tag::Publishing,
        auth: Auth::ApiKey,
        parameters: &[IDEMPOTENCY_KEY],
        body: Some(Body {
            schema: schema_of::<BatchRequest>,
            required: true,
            example: r#"{"entries": [{"to": {"user": "ada"}, "type": "greeting"}, {"to": {"everyone": true}, "type": "tick", "data": 1}]}"#,
        }),
        status: StatusCode::OK,
        content: Content::Json(schema_of::<BatchResponse>),
        own_errors: &[ErrorCode::Conflict, ErrorCode::Unavailable],
        route: |ordinal, auth| route(MethodFilter::POST, ordinal, auth, batch::publish_batch),
    },
    Endpoint {
        method: Method::GET,
        path: "/v1/presence",
        name: "presence",
        summary: "Who is there",
        about: "Of some users, in the order they were asked for, or of everyone in a room, page by page.",
        tag: Tag::Presence,
        auth: Auth::ApiKey,
        parameters: &[
            Parameter {
                name: "users",
                place: Place::Query,
                kind: "string",
                about: "Up to 100 user ids with commas between them; a comma within an id is written `%2C`. Either this or `room`.",
            },
            Parameter {
                name: "room",
                place: Place::Query,
                kind: "string",
                about: "A room. Either this or `users`.",
            },
            LIMIT,
            CURSOR,
        ],
        body: None,
        status: StatusCode::OK,
        content: Content::Json(schema_of::<Page<Presence>>),
        own_errors: &[ErrorCode::InvalidRequest, ErrorCode::NotFound],
        route: |ordinal, auth| route(MethodFilter::GET, ordinal, auth, presence::presence),
    },
    Endpoint {
        method: Method::GET,
        path: "/v1/connections",
        name: "connections",
        summary: "Which sockets are open",
        about: "Of this server, the oldest first.",
        tag: Tag::Connections,
        auth: Auth::ApiKey,
        parameters: &[
            Parameter { name: "user", place: Place::Query, kind: "string", about: "Only this user's." },
            LIMIT,
            CURSOR,
        ],
        body: None,
        status: StatusCode::OK,
        content: Content::Json(schema_of::<Page<ConnectionInfo>>),
        own_errors: &[ErrorCode::InvalidRequest],
        route: |ordinal, auth| route(MethodFilter::GET, ordinal, auth, connections::list),
    },
    Endpoint {
        method: Method::POST,
        path: "/v1/users/{user}/disconnect",
        name: "disconnect",
        summary: "End a user's connections",
        about: "They are closed with 4009, and the client stays away. A user whose token is still good can come back: let it expire.",
        tag: Tag::Connections,
        auth: Auth::ApiKey,
        parameters: &[Parameter { name: "user", place: Place::Path, kind: "string", about: "Whose." }],
        body: Some(Body {
            schema: schema_of::<DisconnectRequest>,
            required: false,
            example: r#"{"reason": "signed out everywhere"}"#,
        }),
        status: StatusCode::OK,
        content: Content::Json(schema_of::<DisconnectResponse>),
        own_errors: &[],
        route: |ordinal, auth| route(MethodFilter::POST, ordinal, auth, connections::disconnect),
    },
    Endpoint {
        method: Method::GET,
        path: "/v1/stats",
        name: "stats",
        summary: "A few numbers",
        about: "What is there now, what was since the start, and how background jobs stand. `/metrics` has many more.",
        tag: Tag::Operations,
        auth: Auth::ApiKey,
        parameters: &[],
        body: None,
        status: StatusCode::OK,
        content: Content::Json(schema_of::<Stats>),
        own_errors: &[],
        route: |ordinal, auth| route(MethodFilter::GET, ordinal, auth, stats::stats),
    },
    Endpoint {
        method: Method::GET,
        path: "/livez",
        name: "livez",
        summary: "Whether the process lives",
        about: "Always 200. When it does not answer, restart the process.",
        tag: Tag::Operations,
        auth: Auth::Nobody,
        parameters: &[],
        body: None,
        status: StatusCode::OK,
        content: Content::Text("text/plain"),
        own_errors: &[],
        route: |ordinal, auth| route(MethodFilter::GET, ordinal, auth, health::livez),
    },
    Endpoint {
        method: Method::GET,
        path: "/readyz",
        name: "readyz",
        summary: "Whether new connections should come here",
        about: "503 while the server is about to stop, and while its store is not available. With `?verbose` each check on a line; that needs an API key, or an address in \
                `security.admin_allow`.",
        tag: Tag::Operations,
        auth: Auth::ForVerbose,
        parameters: &[Parameter {
            name: "verbose",
            place: Place::Query,
            kind: "string",
            about: "Check by check, whatever the value.",
        }],
        body: None,
        status: StatusCode::OK,
        content: Content::Text("text/plain"),
        own_errors: &[ErrorCode::Unavailable],
        route: |ordinal, auth| route(MethodFilter::GET, ordinal, auth, health::readyz),
    },
    Endpoint {
        method: Method::GET,
        path: "/metrics",
        name: "metrics",
        summary: "Everything that is counted",
        about: "OpenMetrics text for Prometheus and its like. With an API key, or from an address in `security.admin_allow`.",
        tag: Tag::Operations,
        auth: Auth::ApiKeyOrAddress,
        parameters: &[],
        body: None,
        status: StatusCode::OK,
        content: Content::Text("application/openmetrics-text"),
        own_errors: &[],
        route: |ordinal, auth| route(MethodFilter::GET, ordinal, auth, scrape::metrics),
    },
    Endpoint {
        method: Method::GET,
        path: "/openapi.json",
        name: "openapi",
        summary: "This description",
        about: "OpenAPI 3.1.",
        tag: Tag::Description,
        auth: Auth::Nobody,
        parameters: &[],
        body: None,
        status: StatusCode::OK,
        content: Content::ForeignJson,
        own_errors: &[],
        route: |ordinal, auth| route(MethodFilter::GET, ordinal, auth, docs::openapi_json),
    },
    Endpoint {
        method: Method::GET,
        path: "/docs",
        name: "docs",
        summary: "This description, to read and to try",
        about: "A page that needs nothing from elsewhere.",
        tag: Tag::Description,
        auth: Auth::Nobody,
        parameters: &[],
        body: None,
        status: StatusCode::OK,
        content: Content::Text("text/html"),
        own_errors: &[],
        route: |ordinal, auth| route(MethodFilter::GET, ordinal, auth, docs::page),
    },
];

/// The rows that back ends call, each with its place in the table.
pub(crate) fn for_back_ends() -> impl Iterator<Item = (usize, &'static Endpoint)> {
    endpoints().enumerate().filter(|(_, endpoint)| !is_for_operations(endpoint))
}

/// The rows that operators and their machines call.
pub(crate) fn for_operations() -> impl Iterator<Item = (usize, &'static Endpoint)> {
    endpoints().enumerate().filter(|(_, endpoint)| is_for_operations(endpoint))
}

fn is_for_operations(endpoint: &Endpoint) -> bool {
    endpoint.tag == Tag::Operations && !endpoint.path.starts_with("/v1/")
}
