//! A TCP socket as the hub's outlet, and the few ways in which its task waits for it.

use std::{
    io::{self, IoSlice},
    net::Shutdown,
    task::{Context, Poll},
    time::Duration,
};

use tidings_core::Outlet;
use tidings_protocol::Close;
use tokio::{io::Interest, net::TcpStream, task::coop::consume_budget, time::Instant};

/// How long a peer may take to read the last bytes and to close its side.
const FAREWELL: Duration = Duration::from_secs(5);

/// The same for a peer that is cut for reading too slowly: it shall hear why, and slow is what it is.
const SLOW_FAREWELL: Duration = Duration::from_secs(60);

/// A socket whose writes never block.
pub(super) struct Socket(pub(super) TcpStream);

impl Outlet for Socket {
    fn write(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        match pieces {
            [piece] => self.0.try_write(piece),
            pieces => self.0.try_write_vectored(pieces),
        }
    }

    fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.0.poll_write_ready(cx).map(|_| ())
    }
}

/// Until when a peer is waited for that is closed like this from now on.
pub(super) fn farewell_end(close: &Close) -> Instant {
    Instant::now() + if *close == Close::SLOW_READER { SLOW_FAREWELL } else { FAREWELL }
}

impl Socket {
    /// Writes all, or gives up after [`FAREWELL`]: for the few messages before there is a connection.
    pub(super) async fn write_all(&self, mut bytes: &[u8]) -> io::Result<()> {
        let writing = async {
            while !bytes.is_empty() {
                self.0.writable().await?;
                match self.0.try_write(bytes) {
                    Ok(count) => bytes = &bytes[count..],
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(())
        };
        tokio::time::timeout(FAREWELL, writing).await.unwrap_or(Err(io::ErrorKind::TimedOut.into()))
    }

    /// Calls `write` whenever the socket takes bytes, until it says that it is done or it is `end`.
    pub(super) async fn write_until_done(&self, end: Instant, mut write: impl FnMut() -> bool) {
        let writing = async { while !write() && self.0.ready(Interest::WRITABLE).await.is_ok() {} };
        let _ = tokio::time::timeout_at(end, writing).await;
    }

    /// As [`Self::part_until`], with no more than [`FAREWELL`].
    pub(super) async fn part(&self) {
        self.part_until(Instant::now()).await;
    }

    /// Closes our side and waits until `end`, and at least for [`FAREWELL`], for the peer to close its own: what is unread when a
    /// socket is dropped makes the kernel reset it, and the peer would lose the close frame.
    pub(super) async fn part_until(&self, end: Instant) {
        if socket2::SockRef::from(&self.0).shutdown(Shutdown::Write).is_err() {
            return;
        }
        let end = end.max(Instant::now() + FAREWELL);
        let mut scratch = [0; 1024];
        let reading = async {
            while self.0.readable().await.is_ok() {
                match self.0.try_read(&mut scratch) {
                    Ok(0) => return,
                    // A peer that never stops talking shall not have the thread to itself, nor outlast the end.
                    Ok(_) => consume_budget().await,
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Err(_) => return,
                }
            }
        };
        let _ = tokio::time::timeout_at(end, reading).await;
    }
}
