//! Enough of HTTP/1.1 for a back end: one connection, request after request.

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{Server, soon};

/// A kept connection.
pub(crate) struct Http {
    stream: TcpStream,
    authorization: String,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Response {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// The code of a problem, after a look at its shape.
    pub(crate) fn problem(&self) -> String {
        let problem = self.json();
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        assert_eq!(problem["status"], self.status, "{problem}");
        assert_eq!(problem["type"], "about:blank");
        assert!(problem["title"].is_string() && problem["detail"].is_string(), "{problem}");
        problem["code"].as_str().unwrap().to_owned()
    }
}

impl Http {
    pub(crate) async fn open(server: &Server) -> Self {
        let stream = soon("connect", TcpStream::connect(server.address)).await.unwrap();
        Self { stream, authorization: format!("Authorization: Bearer {}\r\n", server.api_key) }
    }

    /// Uses other credentials: whole header lines, or none.
    pub(crate) fn authorized_by(mut self, lines: &str) -> Self {
        self.authorization = lines.to_owned();
        self
    }

    pub(crate) async fn send(&mut self, method: &str, path: &str, headers: &str, body: &[u8]) {
        let length = body.len();
        let mut request =
            format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n", self.stream.peer_addr().unwrap());
        request += &format!("{}{headers}Content-Length: {length}\r\n\r\n", self.authorization);
        let mut bytes = request.into_bytes();
        bytes.extend_from_slice(body);
        // A server that refuses early closes before it has all; its answer is there to be read.
        let _ = soon("write", self.stream.write_all(&bytes)).await;
    }

    pub(crate) async fn send_bytes(&mut self, bytes: &[u8]) {
        soon("write", self.stream.write_all(bytes)).await.unwrap();
    }

    pub(crate) async fn receive(&mut self) -> Response {
        soon("an answer", read_response(&mut self.stream)).await.unwrap()
    }

    pub(crate) async fn request(&mut self, method: &str, path: &str, headers: &str, body: &[u8]) -> Response {
        self.send(method, path, headers, body).await;
        self.receive().await
    }

    pub(crate) async fn publish(&mut self, body: &Value) -> Response {
        self.request("POST", "/v1/publish", "", body.to_string().as_bytes()).await
    }
}

/// One answer from a stream; none when it ends before.
pub(crate) async fn read_response(stream: &mut TcpStream) -> Option<Response> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..head_end]).into_owned();
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let mut response = Response { status, head, body: bytes.split_off(head_end) };
    let length: usize = response.header("content-length").map_or(0, |length| length.parse().unwrap());
    while response.body.len() < length {
        if stream.read_buf(&mut response.body).await.unwrap_or(0) == 0 {
            return None;
        }
    }
    Some(response)
}

impl Server {
    pub(crate) async fn get(&self, path: &str) -> Response {
        Http::open(self).await.request("GET", path, "", b"").await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Response {
        Http::open(self).await.request("POST", path, "", body.to_string().as_bytes()).await
    }

    /// Publishes and expects it to be taken.
    pub(crate) async fn publish(&self, to: Value, r#type: &str, data: Value) -> Value {
        let body = serde_json::json!({ "to": to, "type": r#type, "data": data });
        let response = self.post("/v1/publish", &body).await;
        assert_eq!(response.status, 202, "{}", response.text());
        response.json()
    }

    /// `/v1/users/{user}/export`, line by line.
    pub(crate) async fn export(&self, user: &str) -> Vec<Value> {
        let mut stream = soon("connect", TcpStream::connect(self.address)).await.unwrap();
        // HTTP/1.0 has no chunks: what comes is the body.
        let head =
            format!("GET /v1/users/{user}/export HTTP/1.0\r\nAuthorization: Bearer {}\r\n\r\n", self.api_key);
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        soon("the export", stream.read_to_end(&mut answer)).await.unwrap();
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(" 200 ") && head.contains("application/x-ndjson"), "{head}");
        body.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// `/v1/stats`.
    pub(crate) async fn stats(&self) -> Value {
        self.get("/v1/stats").await.json()
    }
}
