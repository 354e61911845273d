//! A socket of which something has been read already.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

/// A socket that gives what was read ahead before it reads on.
pub(crate) struct Prefixed {
    ahead: Bytes,
    stream: TcpStream,
}

impl Prefixed {
    pub(super) fn new(ahead: Bytes, stream: TcpStream) -> Self {
        Self { ahead, stream }
    }

    /// What was read ahead and nobody has taken yet, and the socket.
    pub(crate) fn into_parts(self) -> (Bytes, TcpStream) {
        (self.ahead, self.stream)
    }
}

impl AsyncRead for Prefixed {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.ahead.is_empty() {
            return Pin::new(&mut self.stream).poll_read(cx, buffer);
        }
        let count = self.ahead.len().min(buffer.remaining());
        buffer.put_slice(&self.ahead.split_to(count));
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Prefixed {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;

    #[tokio::test]
    async fn what_was_read_ahead_comes_first_and_is_not_lost() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        peer.write_all(b"def").await.unwrap();
        drop(peer);
        let (stream, _) = listener.accept().await.unwrap();
        let mut prefixed = Prefixed::new(Bytes::from_static(b"abc"), stream);
        let mut two = [0; 2];
        prefixed.read_exact(&mut two).await.unwrap();
        assert_eq!(&two, b"ab");
        let (ahead, stream) = prefixed.into_parts();
        assert_eq!(ahead, "c");
        let mut rest = String::new();
        Prefixed::new(ahead, stream).read_to_string(&mut rest).await.unwrap();
        assert_eq!(rest, "cdef");
    }
}
