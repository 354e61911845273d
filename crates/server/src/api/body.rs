//! Request bodies: whole, bounded in bytes and in time. What they are called does not matter: JSON is what parses as JSON.

use std::time::Duration;

use axum::extract::Request;
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Body as _;
use tidings_protocol::{ErrorCode, Fault};

use crate::App;

/// How long a body may take to arrive: nobody holds a connection open with one byte now and then.
const ARRIVAL_MAX: Duration = Duration::from_secs(30);

/// Reads a request's body.
///
/// # Errors
/// `payload_too_large` beyond `limits.body_bytes`; `invalid_request` for one that takes longer than 30 s or breaks off.
pub(crate) async fn read(app: &App, request: Request) -> Result<Bytes, Fault> {
    let bytes_max = app.settings.limits.body_bytes;
    let body = request.into_body();
    // A length that is announced is refused before a byte of it is read.
    if body.size_hint().lower() > bytes_max as u64 {
        return Err(too_large(bytes_max));
    }
    match tokio::time::timeout(ARRIVAL_MAX, Limited::new(body, bytes_max).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large(bytes_max)),
        Ok(Err(_)) => Err(Fault::new(ErrorCode::InvalidRequest, "the body broke off")),
        Err(_) => {
            let message = format!("the body did not arrive within {} s", ARRIVAL_MAX.as_secs());
            Err(Fault::new(ErrorCode::InvalidRequest, message))
        }
    }
}

fn too_large(bytes_max: usize) -> Fault {
    Fault::new(ErrorCode::PayloadTooLarge, format!("the body may have at most {bytes_max} bytes"))
}
