//! Listening, the server's own heartbeat, and leaving without losing anybody.

mod connection;
mod express;
mod prefixed;

pub(crate) use prefixed::Prefixed;

use std::{future::Future, io, sync::Arc, time::Duration};

use axum::Router;
use tidings_core::{Encode, Pace};
use tidings_protocol::{Close, Reply};
use tokio::{
    net::TcpListener,
    sync::watch,
    time::{Instant, MissedTickBehavior},
};

use crate::{App, jobs, live::frames::Frames};

/// Connections written to in one turn before others get theirs.
const TURN_CONNECTIONS: usize = 256;
/// Longest that a large room waits for entries that are being committed, to send them with those that were.
const JOINING_MAX: Duration = Duration::from_millis(2);
/// How often the hub looks at what is due.
const TICK: Duration = Duration::from_millis(250);
/// How often it is asked what other servers revoked.
const REVOCATIONS: Duration = Duration::from_millis(500);
/// How often it is kept who came and who went: what comes together until then is one transaction.
const PEOPLE: Duration = Duration::from_millis(200);
/// How often badges are told that were not told at once.
const BADGES: Duration = Duration::from_millis(100);
/// How often it is kept to whom entries came.
const RECEIPTS: Duration = Duration::from_millis(250);
/// How long the store may take to keep it at the very end.
const LAST_WORD: Duration = Duration::from_secs(2);
/// After `goodbye`: the shortest wait, and the spread for each connection there is.
const RETRY_AFTER_MS: u64 = 500;
const SPREAD_MS_EACH: u64 = 2;
/// Connections closed at once while draining, and the pause between.
const FAREWELL_BATCH: usize = 500;
const FAREWELL_PAUSE: Duration = Duration::from_millis(50);

/// Serves until `shutdown` is ready, then drains: no new connections, `goodbye` to all, and up to `server.shutdown_grace` for them to
/// leave. Must run on a tokio runtime with I/O and time.
///
/// # Errors
/// When the listener cannot be used.
pub async fn serve(
    app: Arc<App>,
    router: Router,
    listener: std::net::TcpListener,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    // Where the store cannot say yet, nobody can come in either, and the first who could is looked at again by then.
    let _ = app.tidings.read_revocations().await;
    let _ = app.tidings.look_for_inboxes().await;
    let _ = app.tidings.look_for_receipts().await;
    let turns = tokio::spawn(turns(app.clone()));
    let ticks = tokio::spawn(ticks(app.clone()));
    let settling = tokio::spawn(settling(app.clone()));
    let revocations = tokio::spawn(revocations(app.clone()));
    let people = tokio::spawn(people(app.clone()));
    let badges = tokio::spawn(badges(app.clone()));
    let receipts = tokio::spawn(receipts(app.clone()));
    let jobs = tokio::spawn(jobs::run(app.clone()));
    // Each connection that speaks HTTP holds a receiver: when the last is gone, all requests are answered.
    let (leave, _) = watch::channel(());
    tokio::select! {
        () = accept(&app, &router, &listener, || Some(leave.subscribe())) => {}
        () = shutdown => {}
    }
    let end = Instant::now() + app.settings.server.shutdown_grace;
    app.drain();
    let leaving = async {
        leave.send_replace(());
        tokio::join!(leave.closed(), farewell(&app));
    };
    // Who comes now is still answered: that the server is alive, and not ready.
    tokio::select! {
        () = accept(&app, &router, &listener, || None) => {}
        _ = tokio::time::timeout_at(end, leaving) => {}
    }
    turns.abort();
    ticks.abort();
    settling.abort();
    revocations.abort();
    jobs.abort();
    badges.abort();
    receipts.abort();
    people.abort();
    // Aborted, it lets go of what it holds at its next step: only then can this have its turn.
    let _ = people.await;
    if !matches!(tokio::time::timeout(LAST_WORD, app.tidings.keep_receipts()).await, Ok(Ok(()))) {
        tracing::warn!("the last receipts could not be kept");
    }
    match tokio::time::timeout(LAST_WORD, app.tidings.leave_people()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, "when people were last seen could not be kept"),
        Err(_) => tracing::warn!("when people were last seen could not be kept in time"),
    }
    Ok(())
}

/// Serves whoever comes, without end. Connections that are to be waited for get a receiver.
async fn accept(
    app: &Arc<App>,
    router: &Router,
    listener: &TcpListener,
    leave: impl Fn() -> Option<watch::Receiver<()>>,
) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => connection::serve(app, router.clone(), stream, peer, leave()),
            Err(error) => rest_after(&error).await,
        }
    }
}

/// An accept can fail for want of file descriptors: then trying at once again would only burn the processor.
async fn rest_after(error: &io::Error) {
    tracing::warn!(%error, "a connection could not be accepted");
    tokio::time::sleep(Duration::from_millis(100)).await;
}

/// Hands out what publishes into large rooms left. Each turn begins behind all that is ready to run, so that publishes which
/// arrive together leave together.
async fn turns(app: Arc<App>) {
    loop {
        app.turn.notified().await;
        let mut waiting_since: Option<Instant> = None;
        loop {
            tokio::task::yield_now().await;
            let has_waited = waiting_since.is_some_and(|since| since.elapsed() >= JOINING_MAX);
            let pace = if has_waited { Pace::Now } else { Pace::Joining };
            let left = app.tidings.hub.turn(TURN_CONNECTIONS, pace);
            waiting_since = left.rooms.then(|| waiting_since.unwrap_or_else(Instant::now));
            match waiting_since {
                _ if left.connections => {}
                // Whether something came or the time is over: the next turn finds out.
                Some(since) => drop(tokio::time::timeout_at(since + JOINING_MAX, app.turn.notified()).await),
                None => break,
            }
        }
    }
}

async fn ticks(app: Arc<App>) {
    let mut interval = tokio::time::interval(TICK);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        app.tidings.tick();
        app.pulse.beat(app.tidings.clock().monotonic());
    }
}

/// Reads what the hub was not handed. Beside the ticks: a store that is away must not hold up the heart.
async fn settling(app: Arc<App>) {
    let mut interval = tokio::time::interval(TICK);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        app.tidings.settle().await;
    }
}

/// Takes over what other servers revoke, so that a connection ends wherever it is, and that they have begun to notify.
async fn revocations(app: Arc<App>) {
    let mut interval = tokio::time::interval(REVOCATIONS);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        if let Err(fault) = app.tidings.read_revocations().await {
            tracing::debug!(code = fault.code.as_str(), "revocations could not be read, trying again");
        }
        if let Err(error) = app.tidings.look_for_inboxes().await {
            tracing::debug!(%error, "it could not be read whether there are inboxes, trying again");
        }
        if let Err(error) = app.tidings.look_for_receipts().await {
            tracing::debug!(%error, "it could not be read of what receipts are kept, trying again");
        }
    }
}

/// Tells users how many notifications they have, and how much of rooms they have not read, where that was not done at once.
async fn badges(app: Arc<App>) {
    let mut interval = tokio::time::interval(BADGES);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        app.tidings.tell_counts().await;
        app.tidings.tell_rooms_unread().await;
    }
}

/// Keeps to whom entries came. What cannot be kept now is tried again.
async fn receipts(app: Arc<App>) {
    let mut interval = tokio::time::interval(RECEIPTS);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        if let Err(error) = app.tidings.keep_receipts().await {
            tracing::debug!(%error, "it could not be kept to whom entries came, trying again");
        }
    }
}

/// Keeps who came and who went. What cannot be kept now is tried again.
async fn people(app: Arc<App>) {
    let mut interval = tokio::time::interval(PEOPLE);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        if let Err(error) = app.tidings.keep_people().await {
            tracing::debug!(%error, "it could not be kept who is online, trying again");
        }
    }
}

/// Tells all clients when to come back, and closes their connections a few at a time; also those that say only now who they
/// are. What is said to a connection that has ended already goes nowhere.
async fn farewell(app: &App) {
    let hub = &app.tidings.hub;
    let spread_ms = (hub.connection_count() as u64 * SPREAD_MS_EACH).clamp(500, 10_000);
    let goodbye = Reply::Goodbye { retry_after_ms: RETRY_AFTER_MS, spread_ms };
    while hub.connection_count() > 0 {
        for batch in hub.all_connections().chunks(FAREWELL_BATCH) {
            for connection in batch {
                connection.send(Frames.reply(connection.format, &goodbye));
                connection.flush();
                connection.end(Close::RESTART);
            }
            tokio::time::sleep(FAREWELL_PAUSE).await;
        }
        tokio::time::sleep(FAREWELL_PAUSE).await;
    }
}
