//! A JSON answer before it becomes a response: small enough to be remembered.

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use tidings_protocol::{ErrorCode, Fault};

/// A status with JSON.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Bytes,
}

impl Answer {
    /// # Errors
    /// `internal` when the value has no JSON, which those of `protocol::http` always have.
    pub(crate) fn json(status: StatusCode, value: &impl Serialize) -> Result<Self, Fault> {
        let body = serde_json::to_vec(value)
            .map_err(|_| Fault::new(ErrorCode::Internal, "the answer could not be written"))?;
        Ok(Self { status, body: body.into() })
    }

    /// 200 with something that is true only now.
    ///
    /// # Errors
    /// As [`Self::json`].
    pub(crate) fn now(value: &impl Serialize) -> Result<Response, Fault> {
        Ok(Self::fresh(Self::json(StatusCode::OK, value)?.body))
    }

    /// The same with JSON that is written already.
    pub(crate) fn fresh(body: impl Into<Bytes>) -> Response {
        let mut response = Self { status: StatusCode::OK, body: body.into() }.into_response();
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    }
}
