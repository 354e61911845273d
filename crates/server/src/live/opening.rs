//! From a fresh socket to a connection of a user: the token, the limits, the greeting.

use std::sync::Arc;

use hyper::upgrade::{OnUpgrade, Parts};
use hyper_util::rt::TokioIo;
use tidings_core::{Connection, Encode, Format, Identity, Joined, Origin};
use tidings_protocol::{
    Close, Command, ConnectionId, CorrelationId, ErrorCode, Fault, Incoming, Position, Reply, Timestamp,
    UserId,
};
use tokio::net::TcpStream;

use super::{
    admission::Place,
    frames::{self, Frames},
    reader::{Reader, Said},
    socket::Socket,
    websocket,
};
use crate::App;

/// What came with the upgrade request.
pub(super) struct Arrival {
    pub(super) token: Option<String>,
    pub(super) resume: Option<Position>,
    pub(super) format: Format,
    pub(super) origin: Origin,
}

/// Why there will be no connection, as the client is told.
struct Refusal {
    reply_to: Option<CorrelationId>,
    fault: Option<Fault>,
    close: Close,
}

/// What the loop begins with.
struct Opened {
    connection: Arc<Connection<Socket>>,
    identity: Box<Identity>,
    reader: Reader,
    said: Vec<Said>,
    place: Place,
}

/// Serves one socket from its first byte to its last.
pub(super) async fn open(app: Arc<App>, upgrade: OnUpgrade, arrival: Box<Arrival>) {
    // What the opening needs is large and short-lived: boxed, it does not stay with every idle connection.
    let opening = Box::pin(introduce(app.clone(), upgrade, arrival)).await;
    if let Some(Opened { connection, identity, reader, said, place }) = opening {
        websocket::run(app, connection, reader, identity, said, place).await;
    }
}

async fn introduce(app: Arc<App>, upgrade: OnUpgrade, arrival: Box<Arrival>) -> Option<Opened> {
    let app = &app;
    let Ok(Parts { io, read_buf, .. }) = upgrade.await.ok()?.downcast::<TokioIo<TcpStream>>() else {
        tracing::error!("a WebSocket came through a listener that tidings_server::serve does not know");
        return None;
    };
    let socket = Socket(io.into_inner());
    let mut reader = Reader::new(&app.settings.limits, arrival.format.encoding, arrival.format.deflate);
    // What the client sent right behind its request: lost if it were not read first.
    let mut said = Vec::new();
    reader.decode(&mut read_buf.to_vec(), &mut said);
    let Arrival { token, resume, format, origin } = *arrival;
    let (identity, asked) =
        match identify(app, &socket, token, &mut reader, &mut said, origin.connected_at).await {
            Ok(known) => known,
            Err(refusal) => return refuse(app, &socket, format, refusal).await,
        };
    let place = match app.admission.enter(origin.ip) {
        Ok(place) => place,
        Err(fault) => return refuse(app, &socket, format, Refusal::too_many(fault)).await,
    };
    let connection = match app.tidings.hub.connect(&identity, format, origin, socket) {
        Ok(connection) => connection,
        Err((fault, socket)) => return refuse(app, &socket, format, Refusal::too_many(fault)).await,
    };
    let opened = Opened { connection, identity: Box::new(identity), reader, said, place };
    match greet(app, &opened, resume, asked).await {
        Ok(()) => Some(opened),
        Err(fault) => {
            app.tidings.hub.disconnect(&*opened.connection);
            let refusal = Refusal { reply_to: None, fault: Some(fault), close: Close::INTERNAL };
            refuse(app, &opened.connection.outlet, format, refusal).await
        }
    }
}

/// The id of the `authenticate` message, where there was one.
type Asked = Option<Option<CorrelationId>>;

/// Who is there: by the token that came along, by a first `authenticate`, or nobody in particular where that is allowed.
async fn identify(
    app: &App,
    socket: &Socket,
    token: Option<String>,
    reader: &mut Reader,
    said: &mut Vec<Said>,
    now: Timestamp,
) -> Result<(Identity, Asked), Refusal> {
    let refused = |reply_to, fault| Refusal { reply_to, fault: Some(fault), close: Close::TOKEN_INVALID };
    if let Some(token) = token {
        let identity =
            app.tokens.verify(&token, app.tidings.clock().now()).map_err(|fault| refused(None, fault))?;
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
        Ok(Command::Authenticate { token }) => {
            let identity = app
                .tokens
                .verify(&token, app.tidings.clock().now())
                .map_err(|fault| refused(id.clone(), fault))?;
            Ok((identity, Some(id)))
        }
        Ok(_) => {
            let fault = Fault::new(
                ErrorCode::Unauthorized,
                "expected authenticate as the first message, or a token with the request",
            );
            Err(Refusal { reply_to: id, fault: Some(fault), close: Close::AUTHENTICATION_TIMEOUT })
        }
        Err(fault) => Err(Refusal { reply_to: id, fault: Some(fault), close: Close::AUTHENTICATION_TIMEOUT }),
    }
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
                Said::Ping(payload) => {
                    let answered = socket.write_all(&frames::pong(&payload)).await;
                    answered.map_err(|_| Refusal::close(Close::NORMAL))?;
                }
                Said::Pong => {}
                Said::End(close) => return Err(Refusal::close(close)),
            }
        }
        let gone = |_| Refusal::close(Close::NORMAL);
        socket.0.readable().await.map_err(gone)?;
        reader.read(&socket.0, said).map_err(gone)?;
    }
}

/// A user that nobody else is, for the time of one connection.
fn anonymous(now: Timestamp) -> Option<Identity> {
    let user = UserId::parse(&format!("anonymous:{}", ConnectionId::new(now))).ok()?;
    Some(Identity { user, roles: Vec::new(), grants: Vec::new(), anonymous: true, expires_at: None })
}

async fn greet(app: &App, opened: &Opened, resume: Option<Position>, asked: Asked) -> Result<(), Fault> {
    let (connection, identity) = (&opened.connection, &opened.identity);
    let greeting = |joined: Joined| Reply::ConnectionEstablished {
        connection_id: connection.id,
        user: identity.user.clone(),
        server_time: app.tidings.clock().now(),
        ping_interval: app.settings.live.ping_interval.as_millis() as u64,
        resume: joined.position.map(|position| position.to_string()),
        recovered: joined.recovered,
    };
    let shared: Arc<Connection> = connection.clone();
    app.tidings.welcome(&shared, identity, resume, &greeting).await?;
    if let (Some(reply_to), Some(expires_at)) = (asked, identity.expires_at) {
        let answer = Reply::Authenticated { reply_to, user: identity.user.clone(), expires_at };
        connection.send(Frames.reply(connection.format, &answer));
    }
    connection.flush();
    app.edge_metrics.handshake("accepted");
    Ok(())
}

async fn refuse(app: &App, socket: &Socket, format: Format, refusal: Refusal) -> Option<Opened> {
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
