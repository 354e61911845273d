//! A TCP socket as the hub's outlet, and the few ways in which its task waits for it.

use std::{
    io::{self, IoSlice},
    net::Shutdown,
    time::Duration,
};

use tidings_core::Outlet;
use tokio::{io::Interest, net::TcpStream, time::Instant};

/// How long a peer may take to read the last bytes and to close its side.
const FAREWELL: Duration = Duration::from_secs(5);

/// A socket whose writes never block.
pub(super) struct Socket(pub(super) TcpStream);

impl Outlet for Socket {
    fn write(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        match pieces {
            [piece] => self.0.try_write(piece),
            pieces => self.0.try_write_vectored(pieces),
        }
    }
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

    /// Calls `write` whenever the socket takes bytes, until it says that it is done or the peer does not read.
    pub(super) async fn write_until_done(&self, mut write: impl FnMut() -> bool) {
        let writing = async { while !write() && self.0.ready(Interest::WRITABLE).await.is_ok() {} };
        let _ = tokio::time::timeout(FAREWELL, writing).await;
    }

    /// Closes our side and waits for the peer to close its own: what is unread when a socket is dropped makes the kernel
    /// reset it, and the peer would lose the close frame.
    pub(super) async fn part(&self) {
        if socket2::SockRef::from(&self.0).shutdown(Shutdown::Write).is_err() {
            return;
        }
        let end = Instant::now() + FAREWELL;
        let mut scratch = [0; 1024];
        while let Ok(Ok(())) = tokio::time::timeout_at(end, self.0.readable()).await {
            match self.0.try_read(&mut scratch) {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return,
            }
        }
    }
}
