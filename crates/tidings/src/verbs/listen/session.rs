//! One connection of `tidings listen`, from the handshake to its end.

use std::time::Duration;

use anyhow::bail;
use futures_util::{SinkExt, StreamExt};
use serde::Deserialize;
use serde::de::IgnoredAny;
use tidings_protocol::{Command, EntryMessage, ErrorCode, Reply, UserId};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{ClientRequestBuilder, Error, Message};
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
        let mut socket = match self.connect(token, positions).await? {
            Ok(socket) => socket,
            Err(why) => return Ok(Ended::NotReached(why)),
        };
        let mut after = None;
        let mut ping = FIRST_PING;
        let mut heard = Instant::now();
        let mut pinged = false;
        loop {
            let silence = heard + if pinged { ping + ANSWER_TIME } else { ping };
            let message = tokio::select! {
                message = socket.next() => message,
                () = sleep_until(silence) => {
                    if pinged {
                        return Ok(Ended::Lost { why: "the server is silent".to_owned(), after: None });
                    }
                    pinged = true;
                    // An error of sending shows in the next read, with its reason.
                    let _ = send(&mut socket, &Command::Ping { timestamp: None }, None).await;
                    continue;
                }
            };
            (heard, pinged) = (Instant::now(), false);
            let text = match message {
                Some(Ok(Message::Text(text))) => text,
                Some(Ok(Message::Close(frame))) => return closed(frame, after),
                Some(Ok(_)) => continue,
                Some(Err(error)) => {
                    return Ok(Ended::Lost { why: format!("connection lost: {error}"), after });
                }
                None => return Ok(Ended::Lost { why: "connection lost".to_owned(), after }),
            };
            if self.entry(&text, positions)? {
                continue;
            }
            match serde_json::from_str(&text) {
                Ok(Reply::ConnectionEstablished { user, ping_interval, resume, recovered, .. }) => {
                    if self.user.as_ref().is_some_and(|wanted| *wanted != user) {
                        bail!("the token speaks for {user}, and not for the user that was asked for");
                    }
                    ping = Duration::from_millis(ping_interval.max(1000));
                    let resume = resume.and_then(|text| text.parse().ok());
                    tell(positions.greeting(resume, recovered), &format!("of {user}"));
                    note(format_args!("connected as {user}"));
                    for (id, join) in positions.joins().enumerate() {
                        let _ = send(&mut socket, &join, Some(id)).await;
                    }
                }
                Ok(Reply::JoinedRoom { data, .. }) => {
                    let room = format!("in room {}", data.room);
                    tell(positions.joined(data), &room);
                }
                Ok(Reply::Goodbye { retry_after_ms, spread_ms }) => {
                    let spread = Duration::from_millis(spread_ms).mul_f64(rand::random());
                    after = Some(Duration::from_millis(retry_after_ms) + spread);
                }
                Ok(Reply::Error { code, message, retry_after_ms, .. }) => match code {
                    ErrorCode::Forbidden | ErrorCode::NotFound | ErrorCode::InvalidRequest => {
                        bail!("refused: {message} ({})", code.as_str())
                    }
                    _ => {
                        after = retry_after_ms.map(Duration::from_millis).or(after);
                        note(format_args!("the server says: {message} ({})", code.as_str()));
                    }
                },
                // Answers nobody waits for, and what later versions of the server may say.
                Ok(_) | Err(_) => {}
            }
        }
    }

    /// The outer error is final, the inner one may pass.
    async fn connect(&self, token: &str, positions: &Positions) -> anyhow::Result<Result<Socket, String>> {
        let resume = positions.resume().map(|position| format!("&resume={position}")).unwrap_or_default();
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

    /// Prints the text if it is an entry that is wanted and new. False when it is no entry.
    fn entry(&self, text: &str, positions: &mut Positions) -> anyhow::Result<bool> {
        match serde_json::from_str(text) {
            Ok(Head { id: Some(_), time: Some(_) }) => {}
            _ => return Ok(false),
        }
        let Ok(entry) = serde_json::from_str::<EntryMessage>(text) else { return Ok(false) };
        if positions.accept(&entry) && (entry.room.is_some() || self.personal) {
            // The data is as it was published. JSON has line breaks only between its parts, so a space is as good.
            line(text.replace(['\n', '\r'], " "))?;
        }
        Ok(true)
    }
}

async fn send(socket: &mut Socket, command: &Command, id: Option<usize>) -> anyhow::Result<()> {
    let mut message = serde_json::to_value(command)?;
    if let Some(id) = id {
        message["id"] = id.into();
    }
    socket.send(Message::text(message.to_string())).await?;
    Ok(())
}

fn tell(complete: bool, place: &str) {
    if !complete {
        note(format_args!(
            "what was published {place} meanwhile is no longer kept; entries are missing here"
        ));
    }
}

/// What a close code asks of a client: docs/reference/websocket.md has the table.
fn closed(frame: Option<CloseFrame>, after: Option<Duration>) -> anyhow::Result<Ended> {
    let Some(frame) = frame else { return Ok(Ended::Lost { why: "closed".to_owned(), after }) };
    let code = u16::from(frame.code);
    let why = format!("closed by the server: {} ({code})", frame.reason);
    match code {
        4001 => Ok(Ended::TokenRefused(why)),
        4000..4100 => bail!(why),
        4200..4300 => Ok(Ended::Lost { why, after: Some(Duration::ZERO) }),
        _ => Ok(Ended::Lost { why, after }),
    }
}
