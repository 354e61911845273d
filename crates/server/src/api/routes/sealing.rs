//! Rows about encryption at rest.

use axum::routing::MethodFilter;
use http::{Method, StatusCode};
use tidings_protocol::{ErrorCode, http::RotateResponse};

use super::super::{
    endpoint::{Auth, Content, Endpoint, Tag, route, schema_of},
    rotate,
};

pub(super) static ENDPOINTS: &[Endpoint] = &[Endpoint {
    method: Method::POST,
    path: "/v1/encryption/rotate",
    name: "rotate_key",
    summary: "Put all data keys under the first master key",
    about: "For after a new key was put first in `security.encryption_keys` and every server restarted. Data keys of the store and of the \
            archive are sealed anew, entries are not touched, and everything goes on meanwhile. Afterwards the old key opens \
            nothing any more but backups and archives elsewhere. Sent again, it does no harm.",
    tag: Tag::Operations,
    auth: Auth::ApiKey,
    parameters: &[],
    body: None,
    status: StatusCode::OK,
    content: Content::Json(schema_of::<RotateResponse>),
    own_errors: &[ErrorCode::InvalidRequest, ErrorCode::Unavailable],
    route: |ordinal, auth| route(MethodFilter::POST, ordinal, auth, rotate::rotate),
}];
