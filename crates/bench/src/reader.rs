//! A client that asks and reads one thing after the other, and waits for each.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::error::Error;
use crate::frame::{self, Frame};
use crate::http;
use crate::session::KEY;
use crate::token::Mint;

/// Nothing takes longer.
const PATIENCE: Duration = Duration::from_secs(60);

/// A connection that has been greeted.
pub(crate) struct Reader {
    stream: TcpStream,
    bytes: Vec<u8>,
    /// How much of them was looked at.
    used: usize,
}

impl Reader {
    /// Connects as a user with roles.
    pub(crate) fn connect(
        address: SocketAddr,
        secret: &str,
        user: &str,
        roles: &[&str],
    ) -> Result<Self, Error> {
        let failed = || Error::io(format!("a reader at {address}"));
        let stream = TcpStream::connect(address).map_err(failed())?;
        stream.set_nodelay(true).and_then(|()| stream.set_read_timeout(Some(PATIENCE))).map_err(failed())?;
        let token = Mint::new(secret).token_with(user, roles);
        let mut request = Vec::new();
        http::write_upgrade(&format!("/v1/ws?token={token}"), &address.to_string(), KEY, &mut request);
        let mut reader = Self { stream, bytes: Vec::new(), used: 0 };
        reader.stream.write_all(&request).map_err(failed())?;
        loop {
            if let Some(at) = memchr::memmem::find(&reader.bytes, b"\r\n\r\n") {
                reader.used = at + 4;
                break;
            }
            reader.read_on()?;
        }
        reader.until(br#""type":"connection_established""#)?;
        Ok(reader)
    }

    /// Sends a text message.
    pub(crate) fn say(&mut self, text: &str) -> Result<(), Error> {
        let mut bytes = Vec::new();
        frame::write_client(frame::TEXT, text.as_bytes(), &mut bytes);
        self.stream.write_all(&bytes).map_err(Error::io("a reader"))
    }

    /// The next message in which this stands; others are passed over.
    pub(crate) fn until(&mut self, part: &[u8]) -> Result<Vec<u8>, Error> {
        loop {
            while let Some((Frame { opcode, payload }, length)) =
                frame::next(&self.bytes[self.used..]).map_err(|why| Error::Refused(why.to_owned()))?
            {
                let mut pong = Vec::new();
                let mut found = None;
                match opcode {
                    frame::PING => frame::write_client(frame::PONG, payload, &mut pong),
                    frame::CLOSE => return Err(Error::Refused("a reader was closed".to_owned())),
                    _ => found = memchr::memmem::find(payload, part).map(|_| payload.to_vec()),
                }
                self.used += length;
                self.stream.write_all(&pong).map_err(Error::io("a reader"))?;
                if let Some(found) = found {
                    return Ok(found);
                }
            }
            self.bytes.drain(..self.used);
            self.used = 0;
            self.read_on()?;
        }
    }

    fn read_on(&mut self) -> Result<(), Error> {
        let mut scratch = [0; 16 * 1024];
        match self.stream.read(&mut scratch).map_err(Error::io("a reader"))? {
            0 => Err(Error::Refused("a reader was not let in, or was closed".to_owned())),
            read => {
                self.bytes.extend_from_slice(&scratch[..read]);
                Ok(())
            }
        }
    }
}
