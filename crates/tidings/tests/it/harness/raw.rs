//! A WebSocket byte by byte, for what no proper client would send and to see what really comes.

use std::collections::VecDeque;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};

use super::{
    Server,
    http::{Response, read_response},
    soon, token,
};

const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// A frame of the server.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Frame {
    /// FIN, the reserved bits and the opcode.
    pub(crate) first: u8,
    pub(crate) payload: Vec<u8>,
}

impl Frame {
    pub(crate) fn is_compressed(&self) -> bool {
        self.first & 0x40 != 0
    }
}

/// A socket that speaks, or stutters, WebSocket.
pub(crate) struct Raw {
    pub(crate) stream: TcpStream,
    bytes: VecDeque<u8>,
    /// Not on the stack: the tests' threads have little of it.
    scratch: Box<[u8]>,
}

/// A masked frame: FIN, reserved bits and opcode are `first`.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        length @ 0..=125 => bytes.push(0x80 | length as u8),
        length @ 126..=0xffff => {
            bytes.push(0x80 | 126);
            bytes.extend_from_slice(&(length as u16).to_be_bytes());
        }
        length => {
            bytes.push(0x80 | 127);
            bytes.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    bytes.extend_from_slice(&MASK);
    bytes.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

impl Raw {
    /// A bare socket; with a small receive buffer when it is going to read slowly.
    pub(crate) async fn socket(server: &Server, receive_buffer: Option<u32>) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        if let Some(bytes) = receive_buffer {
            socket.set_recv_buffer_size(bytes).unwrap();
        }
        let stream = soon("connect", socket.connect(server.address)).await.unwrap();
        Self { stream, bytes: VecDeque::new(), scratch: vec![0; 64 * 1024].into() }
    }

    /// Sends an upgrade request with these header lines more; returns the answer.
    pub(crate) async fn upgrade(&mut self, headers: &str) -> Response {
        let head = format!(
            "GET /v1/ws HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==\r\n{headers}\r\n",
            self.stream.peer_addr().unwrap()
        );
        self.send(head.as_bytes()).await;
        self.head().await
    }

    /// The head of an answer and not a byte more: frames may follow at once.
    pub(crate) async fn head(&mut self) -> Response {
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            match soon("an answer", self.stream.read_u8()).await {
                Ok(byte) => answer.push(byte),
                Err(_) => panic!("no answer to the upgrade: {}", String::from_utf8_lossy(&answer)),
            }
        }
        let head = String::from_utf8(answer).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Response { status, head, body: Vec::new() }
    }

    /// A whole answer and not a byte more: another one may follow at once.
    pub(crate) async fn next_response(&mut self) -> Response {
        let mut answer = self.head().await;
        answer.body.resize(answer.header("content-length").unwrap().parse().unwrap(), 0);
        soon("a body", self.stream.read_exact(&mut answer.body)).await.unwrap();
        answer
    }

    /// A user, upgraded and greeted.
    pub(crate) async fn connect(
        server: &Server,
        user: &str,
        headers: &str,
        receive_buffer: Option<u32>,
    ) -> Self {
        let mut raw = Self::socket(server, receive_buffer).await;
        let answer =
            raw.upgrade(&format!("Authorization: Bearer {}\r\n{headers}", token(server, user))).await;
        assert_eq!(answer.status, 101, "{}", answer.head);
        let greeting = raw.frame().await.unwrap();
        assert!(!greeting.payload.is_empty());
        raw
    }

    /// Writes; a peer that has closed meanwhile is no failure here.
    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        let _ = soon("write", self.stream.write_all(bytes)).await;
    }

    /// Writes for as long as it takes: the caller has a timeout of its own.
    pub(crate) async fn send_or_hang(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes).await;
    }

    /// A text message.
    pub(crate) async fn say(&mut self, message: &serde_json::Value) {
        self.send(&frame(0x81, message.to_string().as_bytes())).await;
    }

    /// The next frame; none at the end of the stream.
    pub(crate) async fn frame(&mut self) -> Option<Frame> {
        soon("a frame", self.read_frame()).await
    }

    async fn read_frame(&mut self) -> Option<Frame> {
        self.fill(2).await?;
        let (first, second) = (self.bytes[0], self.bytes[1]);
        assert_eq!(second & 0x80, 0, "a server's frame must not be masked");
        let (head, length) = match second {
            126 => {
                self.fill(4).await?;
                (4, self.number(2, 2))
            }
            127 => {
                self.fill(10).await?;
                (10, self.number(2, 8))
            }
            length => (2, usize::from(length)),
        };
        self.fill(head + length).await?;
        self.bytes.drain(..head);
        Some(Frame { first, payload: self.bytes.drain(..length).collect() })
    }

    fn number(&self, at: usize, bytes: usize) -> usize {
        (at..at + bytes).fold(0, |number, at| number << 8 | usize::from(self.bytes[at]))
    }

    async fn fill(&mut self, count: usize) -> Option<()> {
        while self.bytes.len() < count {
            match self.stream.read(&mut self.scratch).await {
                Ok(read @ 1..) => self.bytes.extend(&self.scratch[..read]),
                _ => return None,
            }
        }
        Some(())
    }

    /// The code of the close frame; none when the stream ends without one.
    pub(crate) async fn close_code(&mut self) -> Option<u16> {
        while let Some(frame) = self.frame().await {
            if frame.first & 15 == 8 {
                return Some(u16::from_be_bytes([frame.payload[0], frame.payload[1]]));
            }
        }
        None
    }

    /// An HTTP answer.
    pub(crate) async fn response(&mut self) -> Option<Response> {
        soon("an answer", read_response(&mut self.stream)).await
    }

    /// Waits until the server has closed its side.
    pub(crate) async fn ended(&mut self) {
        while self.frame().await.is_some() {}
    }
}
