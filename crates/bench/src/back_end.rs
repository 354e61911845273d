//! One back end that asks one thing after the other over one keep-alive connection, and waits for each answer.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::error::Error;
use crate::http::{self, Extent};
use crate::mark::Mark;
use crate::target;

/// No answer takes longer.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two attempts to publish while the store is not there yet.
const PAUSE: Duration = Duration::from_millis(2);

/// A connection, and the answer that came last.
pub(crate) struct BackEnd {
    stream: TcpStream,
    host: String,
    api_key: String,
    answer: Vec<u8>,
}

impl BackEnd {
    pub(crate) fn connect(address: SocketAddr, api_key: &str) -> Result<Self, Error> {
        let what = format!("connecting to {address}");
        let stream = TcpStream::connect(address).map_err(Error::io(what.as_str()))?;
        stream
            .set_nodelay(true)
            .and_then(|()| stream.set_read_timeout(Some(PATIENCE)))
            .map_err(Error::io(what.as_str()))?;
        Ok(Self { stream, host: address.to_string(), api_key: api_key.to_owned(), answer: Vec::new() })
    }

    /// Publishes an entry into a room; waits as long as the server answers that its store is not there yet.
    pub(crate) fn publish(&mut self, mark: Mark, size: usize) -> Result<(), Error> {
        let mut body = format!(r#"{{"to":{{"room":"{}"}},"type":"bench","data":"#, target::room(mark.stream))
            .into_bytes();
        mark.write_data(size, &mut body);
        body.push(b'}');
        let mut request = Vec::new();
        http::write_post("/v1/publish", &self.host, &self.api_key, &body, &mut request);
        loop {
            match self.ask(&request)? {
                (200..300, _) => return Ok(()),
                (503, _) => std::thread::sleep(PAUSE),
                (status, body) => return Err(refused("a publish", status, body)),
            }
        }
    }

    /// Gets a resource; the body of its answer.
    pub(crate) fn get(&mut self, path: &str) -> Result<&[u8], Error> {
        let mut request = Vec::new();
        http::write_get(path, &self.host, &self.api_key, &mut request);
        match self.ask(&request)? {
            (200, body) => Ok(body),
            (status, body) => Err(refused(path, status, body)),
        }
    }

    /// Posts a JSON body; the body of the answer.
    pub(crate) fn post(&mut self, path: &str, body: &[u8]) -> Result<&[u8], Error> {
        let mut request = Vec::new();
        http::write_post(path, &self.host, &self.api_key, body, &mut request);
        match self.ask(&request)? {
            (200..300, body) => Ok(body),
            (status, body) => Err(refused(path, status, body)),
        }
    }

    fn ask(&mut self, request: &[u8]) -> Result<(u16, &[u8]), Error> {
        self.stream.write_all(request).map_err(Error::io("asking"))?;
        self.answer.clear();
        let mut scratch = [0; 16 * 1024];
        loop {
            let read = self.stream.read(&mut scratch).map_err(Error::io("waiting for an answer"))?;
            if read == 0 {
                return Err(Error::Refused("the end of the connection instead of an answer".to_owned()));
            }
            self.answer.extend_from_slice(&scratch[..read]);
            if let Some(extent) = Extent::of(&self.answer)
                && extent.whole() <= self.answer.len()
            {
                return Ok((http::status(&self.answer), &self.answer[extent.head..extent.whole()]));
            }
        }
    }
}

fn refused(what: &str, status: u16, body: &[u8]) -> Error {
    Error::Refused(format!("{what}: {status} {}", String::from_utf8_lossy(body)))
}
