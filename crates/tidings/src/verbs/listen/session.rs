//! One connection of `tidings listen`, from the handshake to its end.

use std::time::Duration;

use anyhow::bail;
use futures_util::{SinkExt, StreamExt};
use serde::Deserialize;
use serde::de::IgnoredAny;
use tidings_protocol::{Command, EntryMessage, Reply, UserId};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{ClientRequestBuilder, Error, Message, Utf8Bytes};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::positions::Positions;
use crate::client::Server;
use crate::output::{line, note};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// How long the handshake, and an answer to a `ping`, may take.
const ANSWER_TIME: Duration = Duration::from_secs(10);
/// Silence before a `ping`, until the greeting says what it shall be.
const FIRST_PING: Duration = Duration::from_secs(25);

/// What every connection of this listener has in common.
pub(super) struct Session {
    pub(super) server: Server,
    /// Whose entries were asked for; the token must speak for them.
    pub(super) user: Option<UserId>,
    /// Whether to print what comes without a room.
    pub(super) personal: bool,
}

/// How a connection ended that may be followed by another one.
pub(super) enum Ended {
    /// There was none.
    NotReached(String),
    /// There was one.
    Lost {
        /// What happened.
        why: String,
        /// When the server wants to see us again.
        after: Option<Duration>,
    },
    /// The token does not verify, or not any more.
    TokenRefused(String),
}

/// What tells entries from replies: only an entry has an id and a time.
#[derive(Deserialize)]
struct Head {
    id: Option<IgnoredAny>,
    time: Option<IgnoredAny>,
}

impl Session {
    /// Connects, prints entries, and returns when the connection ends.
    ///
    /// # Errors
    /// What another attempt would not cure: a forbidden room, an origin that is refused, a closed standard output.
    pub(super) async fn run(&self, token: &str, positions: &mut Positions) -> anyhow::Result<Ended> {
        let socket = match self.connect(token, positions).await? {
            Ok(socket) => socket,
            Err(why) => return Ok(Ended::NotReached(why)),
        };
        let ping = FIRST_PING;
        let mut live =
            Live { session: self, positions, socket, ping, user: None, unanswered: 0, after: None };
        loop {
            match live.hear().await {
                Ok(text) => {
                    if let Some(ended) = live.take(&text).await? {
                        return Ok(ended);
                    }
                }
                Err(lost) => return lost,
            }
        }
    }

    /// The outer error is final, the inner one may pass.
    async fn connect(&self, token: &str, positions: &Positions) -> anyhow::Result<Result<Socket, String>> {
        let resume = positions.resume().map(|cursor| format!("&resume={cursor}")).unwrap_or_default();
        let version = env!("CARGO_PKG_VERSION");
        let path = format!("/v1/ws?client_type=server&client_version=tidings-{version}{resume}");
        let request = ClientRequestBuilder::new(self.server.websocket(&path).parse()?)
            .with_header("Authorization", format!("Bearer {token}"))
            .with_sub_protocol("tidings.v1");
        Ok(match timeout(ANSWER_TIME, tokio_tungstenite::connect_async(request)).await {
            Err(_) => Err("no answer to the handshake".to_owned()),
            Ok(Ok((socket, _))) => Ok(socket),
            Ok(Err(Error::Http(answer))) => {
                let status = answer.status();
                if status.is_client_error() && status.as_u16() != 429 {
                    bail!(
                        "{} answered {status}. Is this the right address?",
                        self.server.websocket("/v1/ws")
                    );
                }
                Err(format!("the server answered {status}"))
            }
            Ok(Err(error)) => Err(error.to_string()),
        })
    }
}

/// A connection that stands.
struct Live<'a> {
    session: &'a Session,
    positions: &'a mut Positions,
    socket: Socket,
    /// Silence before a `ping`.
    ping: Duration,
    /// Who the server says is here, from the greeting on.
    user: Option<UserId>,
    /// Joins without an answer.
    unanswered: usize,
    /// What `goodbye` asked for.
    after: Option<Duration>,
}

impl Live<'_> {
    /// The next text, or how the connection ended. Asks whether the server is there when it is silent.
    async fn hear(&mut self) -> Result<Utf8Bytes, anyhow::Result<Ended>> {
        let mut heard = Instant::now();
        let mut pinged = false;
        loop {
            let silence = heard + if pinged { ANSWER_TIME } else { self.ping };
            let message = tokio::select! {
                message = self.socket.next() => message,
                () = sleep_until(silence) => {
                    if pinged {
                        return Err(Ok(self.lost("the server is silent")));
                    }
                    (heard, pinged) = (Instant::now(), true);
                    // An error of sending shows in the next read, with its reason.
                    let _ = self.send(&Command::Ping { timestamp: None }, None).await;
                    continue;
                }
            };
            (heard, pinged) = (Instant::now(), false);
            match message {
                Some(Ok(Message::Text(text))) => return Ok(text),
                Some(Ok(Message::Close(frame))) => return Err(self.closed(frame)),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(Ok(self.lost(format!("connection lost: {error}")))),
                None => return Err(Ok(self.lost("connection lost"))),
            }
        }
    }

    /// Prints an entry, or acts on what the server says of itself.
    async fn take(&mut self, text: &str) -> anyhow::Result<Option<Ended>> {
        if self.entry(text)? {
            return Ok(None);
        }
        match serde_json::from_str(text) {
            Ok(Reply::ConnectionEstablished { user, ping_interval, resume, recovered, .. }) => {
                if self.session.user.as_ref().is_some_and(|wanted| *wanted != user) {
                    bail!("the token speaks for {user}, and not for the user that was asked for");
                }
                self.ping = Duration::from_millis(ping_interval.max(1000));
                let resume = resume.and_then(|text| text.parse().ok()).unwrap_or_default();
                tell(self.positions.greeting(resume, recovered), &format!("for {user}"));
                self.user = Some(user);
                let joins: Vec<Command> = self.positions.joins().collect();
                self.unanswered = joins.len();
                for (id, join) in joins.iter().enumerate() {
                    let _ = self.send(join, Some(id)).await;
                }
                self.say_when_ready();
            }
            Ok(Reply::JoinedRoom { data, .. }) => {
                let place = format!("in room {}", data.room);
                tell(self.positions.joined(data), &place);
                self.unanswered = self.unanswered.saturating_sub(1);
                self.say_when_ready();
            }
            Ok(Reply::Goodbye { retry_after_ms, spread_ms }) => {
                let spread = Duration::from_millis(spread_ms).mul_f64(rand::random());
                self.after = Some(Duration::from_millis(retry_after_ms) + spread);
            }
            Ok(Reply::Error { reply_to, code, message, retry_after_ms, .. }) => {
                let said = format!("the server says: {message} ({})", code.as_str());
                match reply_to {
                    // A close follows, and says what to do.
                    None => note(said),
                    // A room that cannot be joined now may be joined on the next connection.
                    Some(_) if code.retryable() => {
                        let after = retry_after_ms.map(Duration::from_millis);
                        return Ok(Some(Ended::Lost { why: said, after }));
                    }
                    Some(_) => bail!(said),
                }
            }
            // Answers nobody waits for, and what later versions of the server may say.
            Ok(_) | Err(_) => {}
        }
        Ok(None)
    }

    /// Prints the text if it is an entry that is wanted and new. False when it is no entry.
    fn entry(&mut self, text: &str) -> anyhow::Result<bool> {
        match serde_json::from_str(text) {
            Ok(Head { id: Some(_), time: Some(_) }) => {}
            _ => return Ok(false),
        }
        let Ok(entry) = serde_json::from_str::<EntryMessage>(text) else { return Ok(false) };
        if self.positions.accept(&entry) && (entry.room.is_some() || self.session.personal) {
            // The data is as it was published. JSON has line breaks only between its parts, so a space is as good.
            line(text.replace(['\n', '\r'], " "))?;
        }
        Ok(true)
    }

    /// From here on nothing is missed: all joins are answered.
    fn say_when_ready(&self) {
        if let (0, Some(user)) = (self.unanswered, &self.user) {
            note(format_args!("listening as {user}"));
        }
    }

    async fn send(&mut self, command: &Command, id: Option<usize>) -> anyhow::Result<()> {
        let mut message = serde_json::to_value(command)?;
        if let Some(id) = id {
            message["id"] = id.into();
        }
        self.socket.send(Message::text(message.to_string())).await?;
        Ok(())
    }

    fn lost(&self, why: impl Into<String>) -> Ended {
        Ended::Lost { why: why.into(), after: self.after }
    }

    /// What a close code asks of a client: docs/reference/websocket.md has the table.
    fn closed(&self, frame: Option<CloseFrame>) -> anyhow::Result<Ended> {
        let Some(frame) = frame else { return Ok(self.lost("closed by the server")) };
        let code = u16::from(frame.code);
        let why = format!("closed by the server: {} ({code})", frame.reason);
        match code {
            4001 => Ok(Ended::TokenRefused(why)),
            4000..4100 => bail!(why),
            4200..4300 => Ok(Ended::Lost { why, after: Some(Duration::ZERO) }),
            _ => Ok(self.lost(why)),
        }
    }
}

fn tell(complete: bool, place: &str) {
    if !complete {
        note(format_args!(
            "what was published {place} meanwhile is no longer known; entries may be missing here"
        ));
    }
}
