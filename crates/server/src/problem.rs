//! Faults as HTTP answers: `application/problem+json` (RFC 9457).

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use tidings_protocol::{
    ErrorCode, Fault,
    http::{FieldError, Problem},
};

/// A fault on its way to an HTTP caller.
#[derive(Debug)]
pub struct HttpFault(pub Fault);

impl From<Fault> for HttpFault {
    fn from(fault: Fault) -> Self {
        Self(fault)
    }
}

impl HttpFault {
    /// A fault with a code and a sentence.
    pub fn new(code: ErrorCode, message: impl Into<std::borrow::Cow<'static, str>>) -> Self {
        Self(Fault::new(code, message))
    }
}

impl IntoResponse for HttpFault {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        respond(status, self.0)
    }
}

fn respond(status: StatusCode, fault: Fault) -> Response {
    let errors = fault.path.map(|path| FieldError { path, message: fault.message.to_string() });
    let problem = Problem {
        r#type: "about:blank".into(),
        title: status.canonical_reason().unwrap_or_default().into(),
        status: status.as_u16(),
        code: fault.code,
        detail: fault.message.into_owned(),
        errors: errors.into_iter().collect(),
        retry_after_ms: fault.retry_after_ms,
    };
    let body = serde_json::to_vec(&problem).unwrap_or_default();
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    if let Some(wait) = fault.retry_after_ms {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(wait.div_ceil(1000)));
    }
    if fault.code == ErrorCode::Unauthorized {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

/// Answer to a path that does not exist.
pub async fn no_such_path() -> HttpFault {
    HttpFault::new(ErrorCode::NotFound, "no such path; /docs describes those there are")
}

/// Answer to a method that a path does not have. None of the codes has a status of its own for it.
pub(crate) fn wrong_method() -> Response {
    let fault = Fault::new(ErrorCode::InvalidRequest, "this path has other methods: see the header Allow");
    respond(StatusCode::METHOD_NOT_ALLOWED, fault)
}
