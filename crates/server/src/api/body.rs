//! Request bodies: whole, bounded in bytes and in time. What they are called does not matter: JSON is what parses as JSON.

use std::{
    error::Error,
    future::{Future, poll_fn},
    pin::{Pin, pin},
    task::Poll,
    time::Duration,
};

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Body;
use tidings_protocol::{ErrorCode, Fault};

use crate::App;

/// How long a body may take to arrive: nobody holds a connection open with one byte now and then.
const ARRIVAL_MAX: Duration = Duration::from_secs(30);

/// Reads a request's body.
///
/// # Errors
/// `payload_too_large` beyond `limits.body_bytes`; `invalid_request` for one that takes longer than 30 s or breaks off.
pub(crate) async fn read<B>(app: &App, request: Request<B>) -> Result<Bytes, Fault>
where
    B: Body,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let bytes_max = app.settings.limits.body_bytes;
    let body = request.into_body();
    // A length that is announced is refused before a byte of it is read.
    if body.size_hint().lower() > bytes_max as u64 {
        return Err(too_large(bytes_max));
    }
    let mut whole = pin!(Limited::new(body, bytes_max).collect());
    let body = match came_with_the_head(whole.as_mut()).await {
        Some(body) => body,
        None => tokio::time::timeout(ARRIVAL_MAX, whole).await.map_err(|_| too_late())?,
    };
    match body {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large(bytes_max)),
        Err(_) => Err(Fault::new(ErrorCode::InvalidRequest, "the body broke off")),
    }
}

/// Looks twice, because hyper hands over what it has of a body only when it was asked once. Most bodies are whole by then, and
/// need no timer.
async fn came_with_the_head<F: Future>(mut whole: Pin<&mut F>) -> Option<F::Output> {
    let mut looked = false;
    poll_fn(|cx| match whole.as_mut().poll(cx) {
        Poll::Ready(body) => Poll::Ready(Some(body)),
        Poll::Pending if looked => Poll::Ready(None),
        Poll::Pending => {
            looked = true;
            cx.waker().wake_by_ref();
            Poll::Pending
        }
    })
    .await
}

fn too_late() -> Fault {
    let message = format!("the body did not arrive within {} s", ARRIVAL_MAX.as_secs());
    Fault::new(ErrorCode::InvalidRequest, message)
}

fn too_large(bytes_max: usize) -> Fault {
    Fault::new(ErrorCode::PayloadTooLarge, format!("the body may have at most {bytes_max} bytes"))
}
