//! The express lane before hyper: a `POST /v1/publish` that arrives whole, in one read, and asks for nothing unusual.
//!
//! hyper's share of what such a request costs was an eighth. The lane keeps no state between reads and refuses nothing: whatever it
//! does not know goes to hyper as it came, and the connection with it, for good.

mod answer;
mod simple;

use std::{
    future::poll_fn,
    io,
    pin::Pin,
    sync::Arc,
    task::{Poll, ready},
    time::Duration,
};

use bytes::{Buf, Bytes};
use tokio::{
    io::{AsyncRead, AsyncWriteExt, ReadBuf},
    net::TcpStream,
};

use self::simple::{Simple, simple};
use super::connection::Requests;
use crate::{App, scratch};

/// How long a client may take to read an answer.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// Answers simple publishes until something else comes: then it returns what has been read of that. Nothing: the connection is at its
/// end, or `end` came while it was idle.
pub(super) async fn run(
    app: &App,
    stream: &mut TcpStream,
    requests: &Arc<Requests>,
    mut end: Pin<&mut impl Future<Output = ()>>,
) -> Option<Bytes> {
    loop {
        let mut came = tokio::select! {
            biased;
            came = read(stream) => came.ok().filter(|came| !came.is_empty())?,
            () = end.as_mut() => return None,
        };
        while !came.is_empty() {
            let Some(Simple { body, length }) = simple(&came, app) else { return Some(came) };
            let under_way = requests.clone().begin();
            let answer = answer::to(app, body).await;
            drop(under_way);
            write(stream, &answer.bytes).await.ok()?;
            if answer.is_last {
                return None;
            }
            came.advance(length);
        }
    }
}

/// What the socket has, copied out of the thread's buffer: an idle connection has none of its own. Polled, not tried, because tokio
/// then takes a buffer that is not filled for the end of what there is, and asks the kernel only once.
async fn read(stream: &mut TcpStream) -> io::Result<Bytes> {
    poll_fn(|cx| {
        scratch::with(|scratch| {
            let mut scratch = ReadBuf::new(scratch);
            ready!(Pin::new(&mut *stream).poll_read(cx, &mut scratch))?;
            Poll::Ready(Ok(Bytes::copy_from_slice(scratch.filled())))
        })
    })
    .await
}

/// Writes all. There is room in the socket for nearly every answer, and no timer is made for those.
async fn write(stream: &mut TcpStream, bytes: &[u8]) -> io::Result<()> {
    let written = match stream.try_write(bytes) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
        written => written?,
    };
    if written == bytes.len() {
        return Ok(());
    }
    // Boxed: rare, and the room for it would be every connection's.
    Box::pin(tokio::time::timeout(ANSWER_MAX, stream.write_all(&bytes[written..]))).await?
}
