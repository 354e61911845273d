//! From a fresh socket to a connection of a user: the token, the limits, the greeting.

use std::sync::Arc;

use hyper::upgrade::{OnUpgrade, Parts};
use hyper_util::rt::TokioIo;
use tidings_core::{Connection, Encode, Format, Identity, Joined, Origin, Resuming, limits::Bucket};
use tidings_protocol::{
    Close, Command, ConnectionId, CorrelationId, ErrorCode, Fault, Incoming, Reply, ResumeCursor, RoomName,
    Timestamp, UserId,
};

use super::{
    commands::joined_room,
    frames::{self, Frames},
    reader::{Reader, Said},
    socket::Socket,
    websocket::{self, Registered, Serving},
};
use crate::{App, serve::Prefixed};

/// When somebody who came while the store was away may try again, in milliseconds.
const AWAY_RETRY_MS: u64 = 1_000;

/// What came with the upgrade request.
pub(super) struct Arrival {
    pub(super) token: Option<String>,
    pub(super) resume: Option<ResumeCursor>,
    pub(super) format: Format,
    pub(super) origin: Origin,
}

/// Why there will be no connection, as the client is told.
struct Refusal {
    reply_to: Option<CorrelationId>,
    fault: Option<Fault>,
    close: Close,
}

/// Makes a connection of a user of a fresh socket, and lets a task of its own serve it: what the opening needs is large and
/// short-lived, and shall not stay with every idle connection.
pub(super) async fn open(app: Arc<App>, upgrade: OnUpgrade, arrival: Box<Arrival>) {
    if let Some((serving, said)) = introduce(app, upgrade, arrival).await {
        tokio::spawn(websocket::run(serving, said.into_boxed_slice()));
    }
}

async fn introduce(
    app: Arc<App>,
    upgrade: OnUpgrade,
    arrival: Box<Arrival>,
) -> Option<(Box<Serving>, Vec<Said>)> {
    let app = &app;
    let (socket, mut ahead) = socket_of(upgrade).await?;
    let mut reader = Reader::new(&app.settings.limits, arrival.format.encoding, arrival.format.deflate);
    let mut said = Vec::new();
    reader.decode(&mut ahead, &mut said);
    let Arrival { token, mut resume, format, origin } = *arrival;
    let (identity, asked) =
        match identify(app, &socket, token, &mut resume, &mut reader, &mut said, origin.connected_at).await {
            Ok(known) => known,
            Err(refusal) => return refuse(app, &socket, format, refusal).await,
        };
    let identity = Arc::new(identity);
    let registered = match register(app, identity.clone(), format, origin, socket) {
        Ok(registered) => registered,
        Err((fault, socket)) => return refuse(app, &socket, format, Refusal::too_many(fault)).await,
    };
    let connection = &registered.connection;
    if let Err(mut fault) = greet(app, connection, &identity, resume, asked).await {
        let close = match fault.code {
            ErrorCode::Unauthorized => Close::TOKEN_REVOKED,
            ErrorCode::Unavailable => {
                fault.retry_after_ms.get_or_insert(AWAY_RETRY_MS);
                app.edge_metrics.handshake("unavailable");
                Close::TRY_AGAIN_LATER
            }
            _ => Close::INTERNAL,
        };
        // Behind what is on the queue already: half a frame of it may have left.
        connection.send(Frames.reply(format, &Reply::error(None, fault)));
        connection.end(close);
        said.clear();
    }
    Some((Box::new(Serving { registered, reader, refusals: Bucket::default() }), said))
}

/// The socket behind an upgrade, and what the client sent right behind its request: lost if it were not read first.
pub(super) async fn socket_of(upgrade: OnUpgrade) -> Option<(Socket, Vec<u8>)> {
    let Ok(Parts { io, read_buf, .. }) = upgrade.await.ok()?.downcast::<TokioIo<Prefixed>>() else {
        tracing::error!("a WebSocket came through a listener that tidings_server::serve does not know");
        return None;
    };
    // hyper read what it has from the beginning of what was read ahead of it.
    let (ahead, stream) = io.into_inner().into_parts();
    Some((Socket(stream), [read_buf, ahead].concat()))
}

/// Gives a user's socket its place in the hub and among those of its address; the socket comes back when there is none.
pub(super) fn register(
    app: &Arc<App>,
    identity: Arc<Identity>,
    format: Format,
    origin: Origin,
    socket: Socket,
) -> Result<Registered, (Fault, Socket)> {
    let place = match app.admission.enter(origin.ip) {
        Ok(place) => place,
        Err(fault) => return Err((fault, socket)),
    };
    let connection = app.tidings.hub.connect(identity, format, origin, socket)?;
    Ok(Registered { app: app.clone(), connection, _place: place })
}

/// The id of the `authenticate` message, where there was one.
type Asked = Option<Option<CorrelationId>>;

/// Who is there: by the token that came along, by a first `authenticate`, or nobody in particular where that is allowed.
async fn identify(
    app: &App,
    socket: &Socket,
    token: Option<String>,
    resume: &mut Option<ResumeCursor>,
    reader: &mut Reader,
    said: &mut Vec<Said>,
    now: Timestamp,
) -> Result<(Identity, Asked), Refusal> {
    let refused = |reply_to, fault| Refusal { reply_to, fault: Some(fault), close: Close::TOKEN_INVALID };
    if let Some(token) = token {
        let identity = verify(app, &token).map_err(|fault| refused(None, fault))?;
        return Ok((identity, None));
    }
    if app.settings.auth.anonymous {
        return anonymous(now)
            .map(|identity| (identity, None))
            .ok_or_else(|| Refusal::close(Close::INTERNAL));
    }
    let wait = app.settings.limits.handshake_timeout;
    let first = tokio::time::timeout(wait, first_message(socket, reader, said)).await;
    let Incoming { id, command } = first.unwrap_or(Err(Refusal::close(Close::AUTHENTICATION_TIMEOUT)))?;
    match command {
        Ok(Command::Authenticate { token, resume: cursor }) => {
            let identity = verify(app, &token).map_err(|fault| refused(id.clone(), fault))?;
            *resume = cursor.and_then(|cursor| cursor.parse().ok()).or(resume.take());
            Ok((identity, Some(id)))
        }
        Ok(_) => {
            let fault = Fault::new(
                ErrorCode::Unauthorized,
                "expected authenticate as the first message, or a token with the request",
            );
            Err(Refusal { reply_to: id, fault: Some(fault), close: Close::AUTHENTICATION_EXPECTED })
        }
        Err(fault) => {
            Err(Refusal { reply_to: id, fault: Some(fault), close: Close::AUTHENTICATION_EXPECTED })
        }
    }
}

fn verify(app: &App, token: &str) -> Result<Identity, Fault> {
    let identity = app.tokens.verify(token, app.tidings.clock().now())?;
    app.tidings.admit_token(&identity)?;
    Ok(identity)
}

/// The first message; what came behind it stays in `said`.
async fn first_message(
    socket: &Socket,
    reader: &mut Reader,
    said: &mut Vec<Said>,
) -> Result<Incoming, Refusal> {
    loop {
        while !said.is_empty() {
            match said.remove(0) {
                Said::Message(incoming) => return Ok(incoming),
                Said::Answered(frame) => {
                    let answered = socket.write_all(&frame).await;
                    answered.map_err(|_| Refusal::close(Close::NORMAL))?;
                }
                Said::Pong(_) => {}
                Said::End(close) => return Err(Refusal::close(close)),
            }
        }
        let gone = |_| Refusal::close(Close::NORMAL);
        socket.0.readable().await.map_err(gone)?;
        reader.read(&socket.0, said).map_err(gone)?;
    }
}

/// A user that nobody else is, for the time of one connection.
pub(super) fn anonymous(now: Timestamp) -> Option<Identity> {
    let user = UserId::parse(&format!("anonymous:{}", ConnectionId::new(now))).ok()?;
    Some(Identity {
        user,
        roles: Vec::new(),
        grants: Vec::new(),
        anonymous: true,
        issued_at: None,
        expires_at: None,
    })
}

async fn greet(
    app: &App,
    connection: &Arc<Connection<Socket>>,
    identity: &Identity,
    resume: Option<ResumeCursor>,
    asked: Asked,
) -> Result<(), Fault> {
    let opened = app.tidings.open_inbox(identity).await;
    let badge = opened.map(|(unread, _)| unread);
    let greeting = |joined: Joined, cursor| Reply::ConnectionEstablished {
        connection_id: connection.id,
        user: identity.user.clone(),
        server_time: app.tidings.clock().now(),
        ping_interval: app.settings.live.ping_interval.as_millis() as u64,
        resume: Some(ResumeCursor { inbox: badge, ..cursor }.to_string()),
        recovered: joined.recovered,
        lost: joined.lost,
        unread: badge,
    };
    let shared: Arc<Connection> = connection.clone();
    let comes_back = resume.is_some();
    let cursor = resume.unwrap_or_default();
    let parts = app.tidings.welcome(&shared, identity, &cursor, &greeting).await?;
    app.tidings.inbox_opened(identity, opened);
    if let (Some(reply_to), Some(expires_at)) = (asked, identity.expires_at) {
        let answer = Reply::Authenticated { reply_to, user: identity.user.clone(), expires_at };
        connection.send(Frames.reply(connection.format, &answer));
    }
    if comes_back {
        let joined = |room: &RoomName, joined| joined_room(None, room.clone(), joined);
        let resuming = Resuming { connection: &shared, identity, parts, badge };
        let parts = app.tidings.resume(resuming, cursor, &joined).await?;
        connection.send(Frames.reply(connection.format, &Reply::Resumed { parts }));
    }
    connection.flush();
    app.edge_metrics.handshake("accepted");
    Ok(())
}

async fn refuse<T>(app: &App, socket: &Socket, format: Format, refusal: Refusal) -> Option<T> {
    let Refusal { reply_to, fault, close } = refusal;
    let too_many = close.code == Close::TOO_MANY.code;
    app.edge_metrics.handshake(if too_many { "too_many" } else { "bad_token" });
    let mut last = Vec::new();
    if let Some(fault) = fault {
        tracing::debug!(code = fault.code.as_str(), reason = %fault.message, "connection refused");
        last.extend_from_slice(&Frames.reply(format, &Reply::error(reply_to, fault)));
    }
    last.extend_from_slice(&frames::close(&close));
    if socket.write_all(&last).await.is_ok() {
        socket.part().await;
    }
    None
}

impl Refusal {
    fn close(close: Close) -> Self {
        Self { reply_to: None, fault: None, close }
    }

    fn too_many(fault: Fault) -> Self {
        Self { reply_to: None, fault: Some(fault), close: Close::TOO_MANY }
    }
}
