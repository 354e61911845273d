//! Listening, the server's own heartbeat, and leaving without losing anybody.

use std::{
    convert::Infallible,
    future::Future,
    io,
    net::SocketAddr,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use axum::{Router, body::Body, extract::ConnectInfo};
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tidings_core::Encode;
use tidings_protocol::{Close, Reply};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    time::{Instant, MissedTickBehavior},
};
use tower::ServiceExt;

use crate::{App, api, live::frames::Frames};

/// The two ways of an answer.
enum Either<L, R> {
    Left(L),
    Right(R),
}

/// Connections written to in one turn before others get theirs.
const TURN_CONNECTIONS: usize = 256;
/// How often the hub looks at what is due.
const TICK: Duration = Duration::from_millis(250);
/// Largest head of a request, in bytes and in headers.
const HEAD_BYTES_MAX: usize = 16 * 1024;
const HEADERS_MAX: usize = 100;
/// How long a kept-alive HTTP connection may at least be silent, and a later head may take.
const HEAD_TIMEOUT: Duration = Duration::from_secs(75);
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
    let turns = tokio::spawn(turns(app.clone()));
    let ticks = tokio::spawn(ticks(app.clone()));
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
            Ok((stream, peer)) => serve_connection(app, router.clone(), stream, peer, leave()),
            Err(error) => rest_after(&error).await,
        }
    }
}

/// Serves one connection; for one answer only, if nobody waits for it.
fn serve_connection(
    app: &Arc<App>,
    router: Router,
    stream: TcpStream,
    peer: SocketAddr,
    mut leave: Option<watch::Receiver<()>>,
) {
    // Joined writes are made by the hub; the kernel shall not wait for more.
    let _ = stream.set_nodelay(true);
    let app = app.clone();
    let (requests, first_in) = (Arc::new(Requests::default()), app.settings.limits.handshake_timeout);
    let counted = requests.clone();
    let service = service_fn(move |mut request: Request<Incoming>| {
        let under_way = counted.clone().begin();
        let answer = if api::is_publish(&app, &request) {
            Either::Left(api::publish_directly(app.clone(), request))
        } else {
            request.extensions_mut().insert(ConnectInfo(peer));
            // Boxed: hyper keeps room for the longest answer with every connection.
            Either::Right(Box::pin(router.clone().oneshot(request.map(Body::new))))
        };
        async move {
            let _under_way = under_way;
            Ok::<_, Infallible>(match answer {
                Either::Left(answer) => answer.await,
                Either::Right(answer) => answer.await.unwrap_or_else(|never| match never {}),
            })
        }
    });
    let connection = http1::Builder::new()
        // Watched by `silent`: hyper would make a timer for each request.
        .header_read_timeout(None)
        .max_buf_size(HEAD_BYTES_MAX)
        .max_headers(HEADERS_MAX)
        .keep_alive(leave.is_some())
        // Without it a second buffer is got for each request, to see whether the client leaves before its answer.
        .half_close(true)
        // Answers are short: one piece costs less than a list of two.
        .writev(false)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::spawn(async move {
        let mut connection = pin!(connection);
        // A client that leaves in the middle of its request is no event.
        tokio::select! {
            _ = connection.as_mut() => {}
            () = silent(&requests, first_in) => {}
            () = told(leave.as_mut()) => {
                connection.as_mut().graceful_shutdown();
                let _ = connection.await;
            }
        }
    });
}

/// The requests of one connection.
#[derive(Default)]
struct Requests {
    begun: AtomicU32,
    under_way: AtomicU32,
}

/// Lasts until the answer is there. One that streams would have to take it along.
struct UnderWay(Arc<Requests>);

impl Requests {
    fn begin(self: Arc<Self>) -> UnderWay {
        self.begun.fetch_add(1, Ordering::Relaxed);
        self.under_way.fetch_add(1, Ordering::Relaxed);
        UnderWay(self)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Ends when a client has not finished the head of its first request within `first_in`, or has begun none for [`HEAD_TIMEOUT`] since
/// and waits for no answer.
async fn silent(requests: &Requests, first_in: Duration) {
    let (mut wait, mut begun) = (first_in, 0);
    loop {
        tokio::time::sleep(wait).await;
        let by_now = requests.begun.load(Ordering::Relaxed);
        if by_now == begun && requests.under_way.load(Ordering::Relaxed) == 0 {
            return;
        }
        (wait, begun) = (HEAD_TIMEOUT, by_now);
    }
}

/// Ends when connections are told to leave, if this one is.
async fn told(leave: Option<&mut watch::Receiver<()>>) {
    match leave {
        Some(leave) => drop(leave.changed().await),
        None => std::future::pending().await,
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
        loop {
            tokio::task::yield_now().await;
            if !app.tidings.hub.turn(TURN_CONNECTIONS) {
                break;
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
