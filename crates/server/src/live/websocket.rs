//! The loop that serves one connection: bytes to read, room to write, or an end.

use std::{future::poll_fn, io, sync::Arc, task::Poll};

use tidings_core::{
    Connection, Next,
    limits::{Bucket, Rate},
};
use tidings_protocol::{Close, Command, Incoming, Reply};

use super::{
    admission::Place,
    burst::Burst,
    commands, frames,
    reader::{Reader, Said},
    socket::{Socket, farewell_end},
};
use crate::App;

/// Messages a connection may send, after its limit, that are refused, before it is closed: a flood is not argued with.
const REFUSALS: Rate = Rate::per_minute(300, 300);

/// "Closed without a close frame" (RFC 6455 section 7.4.1): never on the wire, only counted.
const LOST: u16 = 1006;

/// What there is to do for a connection.
enum Ready {
    Read,
    Write,
    End(Close),
}

/// All that serving one connection needs. One box, because the task's future is as long as what it holds.
pub(super) struct Serving {
    pub(super) registered: Registered,
    pub(super) reader: Reader,
    /// Messages that were refused.
    pub(super) refusals: Bucket,
}

/// Takes the connection out of the hub however its task ends, a panic included.
pub(super) struct Registered {
    pub(super) app: Arc<App>,
    pub(super) connection: Arc<Connection<Socket>>,
    /// Given back with the connection.
    pub(super) _place: Place,
}

impl Drop for Registered {
    fn drop(&mut self) {
        self.app.tidings.hub.disconnect(&*self.connection);
    }
}

/// Serves a connection until it ends, beginning with what the client said already.
///
/// What is needed only while there is something to do is boxed: this future's size is paid for by every idle connection.
pub(super) async fn run(mut serving: Box<Serving>, said: Box<[Said]>) {
    let mut end = Box::pin(hear(&mut serving, said.into_vec())).await;
    let close = loop {
        if let Some(close) = end {
            break close;
        }
        end = match ready(&serving.registered.connection).await {
            Ready::End(close) => Some(close),
            Ready::Write => {
                serving.registered.connection.flush();
                None
            }
            Ready::Read => match serving.read() {
                Ok(said) if said.is_empty() => None,
                Ok(said) => Box::pin(hear(&mut serving, said)).await,
                Err(_) => {
                    serving.registered.app.edge_metrics.closed(LOST);
                    return;
                }
            },
        };
    };
    Box::pin(farewell(serving, close)).await;
}

impl Serving {
    fn read(&mut self) -> io::Result<Vec<Said>> {
        let mut said = Vec::new();
        self.reader.read(&self.registered.connection.outlet.0, &mut said)?;
        Ok(said)
    }
}

/// Waits for something to do. Room to write is waited for only while something waits to be written.
async fn ready(connection: &Connection<Socket>) -> Ready {
    let socket = &connection.outlet.0;
    poll_fn(|cx| {
        let pause = match connection.next(cx) {
            Next::End(close) => return Poll::Ready(Ready::End(close)),
            Next::Write { pause } => {
                if socket.poll_write_ready(cx).is_ready() {
                    return Poll::Ready(Ready::Write);
                }
                pause
            }
            Next::Read => false,
        };
        // Whoever does not read its answers is not asked for more.
        if !pause && socket.poll_read_ready(cx).is_ready() {
            return Poll::Ready(Ready::Read);
        }
        Poll::Pending
    })
    .await
}

/// Handles what was read at once, and sends all answers in one write.
async fn hear(serving: &mut Serving, said: Vec<Said>) -> Option<Close> {
    let Serving { registered: Registered { app, connection, .. }, refusals, .. } = serving;
    let shared: Arc<Connection> = connection.clone();
    let now = app.tidings.clock().monotonic();
    let active = said.iter().any(|said| matches!(said, Said::Message(_)));
    connection.heard(now, active);
    let mut burst = Burst::default();
    let mut end = None;
    let mut said = said.into_iter().peekable();
    while let Some(next) = said.next() {
        burst.goes_on = said.peek().is_some_and(is_publish);
        match next {
            Said::Pong(number) => {
                number.into_iter().for_each(|number| app.tidings.hub.proved(&shared, number));
            }
            Said::Answered(frame) => connection.send(frame),
            Said::End(close) => end = Some(close),
            Said::Message(incoming) => end = answer(app, &shared, refusals, &mut burst, incoming).await.err(),
        }
        if end.is_some() {
            break;
        }
        if !burst.goes_on && !burst.is_empty() {
            burst.publish(app, &shared).await;
        }
        if connection.is_congested() {
            connection.drained().await;
        }
    }
    if !burst.is_empty() {
        burst.publish(app, &shared).await;
    }
    connection.flush();
    end
}

fn is_publish(said: &Said) -> bool {
    matches!(said, Said::Message(Incoming { command: Ok(Command::Publish { .. }), .. }))
}

/// Answers one message; one of several publishes waits in the burst for those behind it.
async fn answer(
    app: &Arc<App>,
    connection: &Arc<Connection>,
    refusals: &mut Bucket,
    burst: &mut Burst,
    incoming: Incoming,
) -> Result<(), Close> {
    let Incoming { id, command } = incoming;
    if !matches!(command, Ok(Command::Ping { .. })) {
        app.tidings.hub.acted(connection);
    }
    let admitted = app.tidings.admit_message(connection);
    let outcome = match admitted.and(command) {
        Ok(Command::Publish { room, event, data }) if burst.goes_on || !burst.is_empty() => {
            burst.add(id, room, event, data);
            return Ok(());
        }
        Ok(command) => commands::handle(app, connection, id.clone(), command).await,
        Err(fault) => {
            app.edge_metrics.invalid_messages.inc();
            let now = app.tidings.clock().monotonic();
            refusals.take(REFUSALS, now).map_err(|_| Close::POLICY)?;
            Err(fault)
        }
    };
    let reply = match outcome {
        Ok(reply) => reply,
        Err(fault) => Some(Reply::error(id, fault)),
    };
    if let Some(reply) = reply {
        connection.send(app.tidings.hub.encode().reply(connection.format, &reply));
    }
    Ok(())
}

/// Says goodbye: what waits, then the close frame, then our side of the socket.
async fn farewell(serving: Box<Serving>, close: Close) {
    // What is heard from here on is thrown away: what only hearing needs need not wait.
    let Serving { registered, reader, .. } = *serving;
    drop(reader);
    let connection = registered.connection.clone();
    let socket = &connection.outlet;
    registered.app.edge_metrics.closed(close.code);
    let end = farewell_end(&close);
    let is_slow = close == Close::SLOW_READER;
    // Who said goodbye first hears its own code again (RFC 6455 section 5.5.1).
    let mut last = Some(frames::close(&close));
    connection.end(close);
    // Out of the hub first: nobody shall be told that somebody is here who only waits for the last bytes to leave.
    registered.app.tidings.hub.disconnect(&*connection);
    // Who is waited for so long keeps its place among those of its address: sockets that nobody counts would be without a bound.
    let _place = is_slow.then_some(registered);
    socket.write_until_done(end, || connection.finish(&mut last)).await;
    socket.part_until(end).await;
}
