//! A WebSocket client: tokio-tungstenite below, JSON or MessagePack above.

use std::collections::VecDeque;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as URL_SAFE_NO_PAD};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{self, Message, client::IntoClientRequest, http::HeaderValue, protocol::CloseFrame},
};

use super::{Server, soon, token};

/// A connection that is about to be opened.
pub(crate) struct Dial<'a> {
    server: &'a Server,
    query: String,
    headers: Vec<(&'static str, String)>,
    protocols: Vec<String>,
}

/// An open connection.
pub(crate) struct Client {
    stream: WebSocketStream<TcpStream>,
    pub(crate) message_pack: bool,
    pub(crate) protocol: Option<String>,
    asked: u64,
    /// What came while something else was waited for.
    passed_over: VecDeque<Value>,
}

/// What came.
#[derive(Debug, PartialEq)]
pub(crate) enum Heard {
    Message(Value),
    Closed(u16, String),
    /// The socket ended without a close frame.
    Lost,
}

impl Server {
    /// Opens nothing yet, and brings no token.
    pub(crate) fn dial(&self) -> Dial<'_> {
        Dial { server: self, query: String::new(), headers: Vec::new(), protocols: Vec::new() }
    }

    /// A user who has been greeted.
    pub(crate) async fn connect(&self, user: &str) -> Client {
        self.connect_with(&token(self, user)).await
    }

    /// The owner of a token, greeted.
    pub(crate) async fn connect_with(&self, token: &str) -> Client {
        let mut client = self.dial().bearer(token).open().await;
        client.expect("connection_established").await;
        client
    }
}

impl Dial<'_> {
    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub(crate) fn protocol(mut self, name: &str) -> Self {
        self.protocols.push(name.to_owned());
        self
    }

    pub(crate) fn query(mut self, query: &str) -> Self {
        self.query = format!("?{query}");
        self
    }

    pub(crate) async fn open(self) -> Client {
        self.try_open().await.unwrap_or_else(|response| panic!("refused with {}", response.status()))
    }

    /// # Errors
    /// The answer of a server that did not upgrade.
    pub(crate) async fn try_open(self) -> Result<Client, tungstenite::http::Response<Option<Vec<u8>>>> {
        let mut request =
            format!("ws://{}/v1/ws{}", self.server.address, self.query).into_client_request().unwrap();
        let headers = request.headers_mut();
        for (name, value) in self.headers {
            headers.append(name, HeaderValue::from_str(&value).unwrap());
        }
        if !self.protocols.is_empty() {
            headers
                .insert("sec-websocket-protocol", HeaderValue::from_str(&self.protocols.join(", ")).unwrap());
        }
        let socket = soon("connect", TcpStream::connect(self.server.address)).await.unwrap();
        socket.set_nodelay(true).unwrap();
        match soon("upgrade", tokio_tungstenite::client_async(request, socket)).await {
            Ok((stream, response)) => {
                let protocol = response.headers().get("sec-websocket-protocol");
                let protocol = protocol.map(|protocol| protocol.to_str().unwrap().to_owned());
                let message_pack = protocol.as_deref() == Some("tidings.v1.msgpack");
                Ok(Client { stream, message_pack, protocol, asked: 0, passed_over: VecDeque::new() })
            }
            Err(tungstenite::Error::Http(response)) => Err(*response),
            Err(error) => panic!("the upgrade failed: {error}"),
        }
    }
}

/// A greeting's cursor, taken apart.
pub(crate) fn cursor_of(greeting: &Value) -> Value {
    let text = greeting["resume"].as_str().unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap()
}

/// Where a greeting says that the personal room is.
pub(crate) fn personal(greeting: &Value) -> (String, u64) {
    let personal = &cursor_of(greeting)["personal"];
    (personal["epoch"].as_str().unwrap().to_owned(), personal["offset"].as_u64().unwrap())
}

impl Client {
    pub(crate) async fn say(&mut self, message: Value) {
        let message = match self.message_pack {
            true => Message::binary(rmp_serde::to_vec_named(&message).unwrap()),
            false => Message::text(message.to_string()),
        };
        self.send(message).await;
    }

    pub(crate) async fn send(&mut self, message: Message) {
        // Whether the server still listens is seen when its words are read.
        let _ = soon("send", self.stream.send(message)).await;
    }

    pub(crate) async fn hear(&mut self) -> Heard {
        if let Some(message) = self.passed_over.pop_front() {
            return Heard::Message(message);
        }
        self.hear_fresh().await
    }

    async fn hear_fresh(&mut self) -> Heard {
        loop {
            return match soon("a message", self.stream.next()).await {
                Some(Ok(Message::Text(text))) => {
                    assert!(!self.message_pack, "text on a MessagePack connection");
                    Heard::Message(serde_json::from_str(&text).unwrap())
                }
                Some(Ok(Message::Binary(bytes))) => {
                    assert!(self.message_pack, "binary on a JSON connection");
                    Heard::Message(rmp_serde::from_slice(&bytes).unwrap())
                }
                Some(Ok(Message::Close(frame))) => {
                    let CloseFrame { code, reason } = frame.expect("a close with a code");
                    Heard::Closed(code.into(), reason.to_string())
                }
                Some(Ok(_)) => continue,
                Some(Err(_)) | None => Heard::Lost,
            };
        }
    }

    /// The next message, whatever it is.
    pub(crate) async fn next(&mut self) -> Value {
        match self.hear().await {
            Heard::Message(message) => message,
            end => panic!("expected a message, heard {end:?}"),
        }
    }

    /// The next message, which has this type.
    pub(crate) async fn expect(&mut self, r#type: &str) -> Value {
        let message = self.next().await;
        assert_eq!(message["type"], r#type, "{message}");
        message
    }

    /// The next message of this type; others are passed over for good.
    pub(crate) async fn event(&mut self, r#type: &str) -> Value {
        self.find(|message| message["type"] == r#type).await
    }

    /// The next message like this; others are passed over for good.
    pub(crate) async fn find(&mut self, is_it: impl Fn(&Value) -> bool) -> Value {
        loop {
            let message = self.next().await;
            if is_it(&message) {
                return message;
            }
        }
    }

    /// Sends a message with an id and returns what has it as `reply_to`. What comes before that can still be heard.
    pub(crate) async fn ask(&mut self, mut message: Value) -> Value {
        self.asked += 1;
        let id = self.asked;
        message["id"] = json!(id);
        self.say(message).await;
        loop {
            match self.hear_fresh().await {
                Heard::Message(message) if message["reply_to"] == id => return message,
                Heard::Message(message) => self.passed_over.push_back(message),
                end => panic!("expected an answer, heard {end:?}"),
            }
        }
    }

    /// Joins and returns what the answer says of the room.
    pub(crate) async fn join(&mut self, room: &str) -> Value {
        let answer = self.ask(json!({ "type": "join_room", "room": room })).await;
        assert_eq!(answer["type"], "joined_room", "{answer}");
        answer["data"].clone()
    }

    /// Joins where it left off.
    pub(crate) async fn join_since(&mut self, room: &str, epoch: &Value, offset: u64) -> Value {
        let since = json!({ "epoch": epoch, "offset": offset });
        let answer = self.ask(json!({ "type": "join_room", "room": room, "since": since })).await;
        assert_eq!(answer["type"], "joined_room", "{answer}");
        answer["data"].clone()
    }

    /// All that has been sent to it so far: what comes before the pong to a ping of now.
    pub(crate) async fn so_far(&mut self) -> Vec<Value> {
        let pong = self.ask(json!({ "type": "ping" })).await;
        assert_eq!(pong["type"], "pong");
        self.passed_over.drain(..).collect()
    }

    /// How the server ends the connection; messages before are passed over.
    pub(crate) async fn closed(&mut self) -> (u16, String) {
        loop {
            match self.hear().await {
                Heard::Message(_) => {}
                Heard::Closed(code, reason) => return (code, reason),
                Heard::Lost => panic!("the socket ended without a close frame"),
            }
        }
    }

    /// Expects an error with this code and then a close with that one.
    pub(crate) async fn refused(&mut self, error: &str, close: u16) -> Value {
        let message = self.expect("error").await;
        assert_eq!(message["code"], error, "{message}");
        assert_eq!(self.closed().await.0, close);
        message
    }

    /// Says goodbye and waits until the server has let go.
    pub(crate) async fn leave(mut self) {
        let _ = soon("close", self.stream.close(None)).await;
        while !matches!(self.hear_fresh().await, Heard::Closed(..) | Heard::Lost) {}
    }

    /// Vanishes without a goodbye.
    pub(crate) fn cut(self) {
        let _ = socket2::SockRef::from(self.stream.get_ref()).set_linger(Some(std::time::Duration::ZERO));
    }
}
