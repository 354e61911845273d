//! One who stands in a room and listens to what is said of people: who came, who left, who is online.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::thread::JoinHandle;

use serde::Deserialize;

use crate::error::Error;
use crate::frame::{self, Frame};
use crate::http;
use crate::session::KEY;
use crate::target;
use crate::token::Mint;

/// What begins the name of every watcher: what is said of them does not count.
const NAME: &str = "watcher-";

/// A connection with a thread that reads it.
pub(crate) struct Watcher {
    stream: TcpStream,
    reading: JoinHandle<Result<Seen, Error>>,
}

/// What was said.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Of each user how often it was said that they came, left, went offline, came online.
    of_users: HashMap<String, [u64; 4]>,
    /// How often it was said how many there are.
    pub(crate) numbers: u64,
}

impl Seen {
    /// The most pairs of coming and going that were said of one user.
    pub(crate) fn pairs_most(&self) -> u64 {
        self.of_users.values().flatten().copied().max().unwrap_or(0)
    }

    /// All entries of people by name.
    pub(crate) fn names(&self) -> u64 {
        self.of_users.values().flatten().sum()
    }

    fn note(&mut self, payload: &[u8]) {
        // What is no entry of the server's own says nothing of people.
        let Ok(said) = serde_json::from_slice::<Said<'_>>(payload) else { return };
        let kind = match (said.r#type, said.data.status) {
            ("member_joined", _) => 0,
            ("member_left", _) => 1,
            ("presence_update", Some("offline")) => 2,
            ("presence_update", _) => 3,
            ("member_count", _) => {
                self.numbers += 1;
                return;
            }
            _ => return,
        };
        let user = said.data.user_id.unwrap_or_default();
        if !user.starts_with(NAME) {
            self.of_users.entry(user.to_owned()).or_default()[kind] += 1;
        }
    }
}

#[derive(Deserialize)]
struct Said<'a> {
    r#type: &'a str,
    data: About<'a>,
}

#[derive(Deserialize)]
struct About<'a> {
    user_id: Option<&'a str>,
    status: Option<&'a str>,
}

impl Watcher {
    /// Joins a room as a user of its own; once this returns, all that is said there is counted.
    pub(crate) fn join(address: SocketAddr, secret: &str, number: usize, room: u32) -> Result<Self, Error> {
        let failed = || Error::io(format!("a watcher at {address}"));
        let mut stream = TcpStream::connect(address).map_err(failed())?;
        let token = Mint::new(secret).token(&format!("{NAME}{number}"));
        let mut request = Vec::new();
        http::write_upgrade(&format!("/v1/ws?token={token}"), &address.to_string(), KEY, &mut request);
        let join = format!(r#"{{"type":"join_room","id":1,"room":"{}"}}"#, target::room(room));
        frame::write_client(frame::TEXT, join.as_bytes(), &mut request);
        stream.write_all(&request).map_err(failed())?;
        let mut bytes = Vec::new();
        while !is_joined(&bytes) {
            read_on(&mut stream, &mut bytes)?;
        }
        let reader = stream.try_clone().map_err(failed())?;
        Ok(Self { stream, reading: std::thread::spawn(move || listen(reader, bytes)) })
    }

    /// Leaves; what was said.
    pub(crate) fn leave(self) -> Result<Seen, Error> {
        // When the server was first, the reader says so.
        let _ = self.stream.shutdown(Shutdown::Both);
        self.reading.join().unwrap_or_else(|_| Err(Error::Refused("a watcher broke off".to_owned())))
    }
}

/// The answer is behind the upgrade's head and the greeting.
fn is_joined(bytes: &[u8]) -> bool {
    memchr::memmem::find(bytes, br#""joined_room""#).is_some()
}

fn read_on(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Result<(), Error> {
    let mut scratch = [0; 16 * 1024];
    let read = stream.read(&mut scratch).map_err(Error::io("a watcher"))?;
    bytes.extend_from_slice(&scratch[..read]);
    if read == 0 {
        let said = String::from_utf8_lossy(bytes);
        return Err(Error::Refused(format!("a watcher was not let in: {said}")));
    }
    Ok(())
}

/// Reads until the end. `bytes` came already, behind the head of the upgrade's answer.
fn listen(mut stream: TcpStream, mut bytes: Vec<u8>) -> Result<Seen, Error> {
    let mut seen = Seen::default();
    let head = memchr::memmem::find(&bytes, b"\r\n\r\n").map_or(0, |at| at + 4);
    bytes.drain(..head);
    loop {
        let mut used = 0;
        while let Some((Frame { opcode, payload }, length)) =
            frame::next(&bytes[used..]).map_err(|why| Error::Refused(why.to_owned()))?
        {
            match opcode {
                frame::PING => {
                    let mut pong = Vec::new();
                    frame::write_client(frame::PONG, payload, &mut pong);
                    stream.write_all(&pong).map_err(Error::io("a watcher"))?;
                }
                frame::CLOSE => return Err(Error::Refused("a watcher was closed".to_owned())),
                _ => seen.note(payload),
            }
            used += length;
        }
        bytes.drain(..used);
        let mut scratch = [0; 16 * 1024];
        match stream.read(&mut scratch).map_err(Error::io("a watcher"))? {
            0 => return Ok(seen),
            read => bytes.extend_from_slice(&scratch[..read]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_counted_by_user_and_kind() {
        let mut seen = Seen::default();
        for said in [
            r#"{"type":"member_joined","room":"a","data":{"user_id":"ada","status":"online","member_count":2}}"#,
            r#"{"type":"member_left","room":"a","data":{"user_id":"ada","status":"offline","member_count":1}}"#,
            r#"{"type":"member_joined","room":"a","data":{"user_id":"ada","status":"online","member_count":2}}"#,
            r#"{"type":"presence_update","data":{"user_id":"ada","status":"offline","last_seen":"x"}}"#,
            r#"{"type":"member_joined","room":"a","data":{"user_id":"watcher-2","status":"online"}}"#,
            r#"{"type":"member_count","room":"a","data":{"member_count":200}}"#,
            r#"{"type":"pong"}"#,
        ] {
            seen.note(said.as_bytes());
        }
        assert_eq!((seen.pairs_most(), seen.names(), seen.numbers), (2, 4, 1));
    }
}
