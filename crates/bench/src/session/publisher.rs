//! One publishing back end: a keep-alive HTTP connection with at most one request under way.

use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};

use crate::clock;
use crate::error::Error;
use crate::http::{self, Extent};

/// A publishing connection, and the entry it has published last.
#[derive(Debug)]
pub(super) struct Publisher {
    stream: TcpStream,
    /// The answer has not come yet.
    asking: bool,
    /// When what was asked last was due.
    due: u64,
    /// The server closed it between two requests.
    pub(super) stale: bool,
    /// Not every subscriber has its entry yet.
    pub(super) open: bool,
    out: Vec<u8>,
    answer: Vec<u8>,
}

impl Publisher {
    /// Connects, waiting for it.
    pub(super) fn connect(address: SocketAddr, registry: &Registry, token: Token) -> Result<Self, Error> {
        let what = || format!("connecting to {address} to publish");
        let stream = std::net::TcpStream::connect(address).map_err(Error::io(what()))?;
        stream.set_nodelay(true).and_then(|()| stream.set_nonblocking(true)).map_err(Error::io(what()))?;
        let mut stream = TcpStream::from_std(stream);
        registry
            .register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)
            .map_err(Error::io(what()))?;
        let (out, answer) = (Vec::new(), Vec::new());
        Ok(Self { stream, asking: false, due: 0, stale: false, open: false, out, answer })
    }

    /// Whether the last request has its answer.
    pub(super) fn answered(&self) -> bool {
        !self.asking
    }

    /// Sends the request that `write` appends to an empty buffer, which was due at some time.
    pub(super) fn ask(&mut self, due: u64, write: impl FnOnce(&mut Vec<u8>)) -> Result<(), Error> {
        self.asking = true;
        self.due = due;
        self.answer.clear();
        self.out.clear();
        write(&mut self.out);
        self.flush()
    }

    /// The socket is ready for something. When an answer is whole, how long it took since it was due, in nanoseconds.
    pub(super) fn serve(&mut self, scratch: &mut [u8], writable: bool) -> Result<Option<u64>, Error> {
        if writable && !self.out.is_empty() {
            self.flush()?;
        }
        loop {
            match self.stream.read(scratch) {
                Ok(read) if read > 0 => self.answer.extend_from_slice(&scratch[..read]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                ended if self.asking => {
                    let why =
                        ended.err().map_or_else(|| "end of stream".to_owned(), |error| error.to_string());
                    return Err(Error::Refused(format!("a publish, without an answer: {why}")));
                }
                _ => {
                    self.stale = true;
                    break;
                }
            }
        }
        if let Some(extent) = Extent::of(&self.answer)
            && self.asking
            && extent.whole() <= self.answer.len()
        {
            if !(200..300).contains(&http::status(&self.answer)) {
                return Err(Error::Refused(format!("a publish: {}", String::from_utf8_lossy(&self.answer))));
            }
            self.asking = false;
            return Ok(Some(clock::now().saturating_sub(self.due)));
        }
        Ok(None)
    }

    fn flush(&mut self) -> Result<(), Error> {
        while !self.out.is_empty() {
            match self.stream.write(&self.out) {
                Ok(written) => drop(self.out.drain(..written)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(Error::io("publishing")(error)),
            }
        }
        Ok(())
    }
}
