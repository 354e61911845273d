//! One TCP connection: the express lane first, hyper for all that it does not know, and an end in time.

use std::{
    convert::Infallible,
    net::SocketAddr,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use axum::{Router, body::Body, extract::ConnectInfo};
use bytes::Bytes;
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, sync::watch};
use tower::ServiceExt;

use super::{express, prefixed::Prefixed};
use crate::App;

/// Largest head of a request, in bytes and in headers.
const HEAD_BYTES_MAX: usize = 16 * 1024;
const HEADERS_MAX: usize = 100;
/// How long a kept-alive HTTP connection may at least be silent, and a later head may take.
const HEAD_TIMEOUT: Duration = Duration::from_secs(75);

/// Serves one connection; for one answer only, if nobody waits for it.
pub(super) fn serve(
    app: &Arc<App>,
    router: Router,
    mut stream: TcpStream,
    peer: SocketAddr,
    mut leave: Option<watch::Receiver<()>>,
) {
    // Joined writes are made by the hub; the kernel shall not wait for more.
    let _ = stream.set_nodelay(true);
    let app = app.clone();
    tokio::spawn(async move {
        let (requests, keep_alive) = (Arc::new(Requests::default()), leave.is_some());
        let mut silence = pin!(silent(&requests, app.settings.limits.handshake_timeout));
        let mut told = pin!(told(leave.as_mut()));
        let mut ahead = Bytes::new();
        if keep_alive {
            let end = pin!(async {
                tokio::select! {
                    () = silence.as_mut() => {}
                    () = told.as_mut() => {}
                }
            });
            match express::run(&app, &mut stream, &requests, end).await {
                Some(came) => ahead = came,
                None => return,
            }
        }
        let service = service_fn(|request| respond(router.clone(), peer, requests.clone().begin(), request));
        let connection = http1::Builder::new()
            // Watched by `silent`: hyper would make a timer for each request.
            .header_read_timeout(None)
            .max_buf_size(HEAD_BYTES_MAX)
            .max_headers(HEADERS_MAX)
            .keep_alive(keep_alive)
            // Without it a second buffer is got for each request, to see whether the client leaves before its answer.
            .half_close(true)
            // Answers are short: one piece costs less than a list of two.
            .writev(false)
            .serve_connection(TokioIo::new(Prefixed::new(ahead, stream)), service)
            .with_upgrades();
        let mut connection = pin!(connection);
        // A client that leaves in the middle of its request is no event.
        tokio::select! {
            _ = connection.as_mut() => {}
            () = silence => {}
            () = told => {
                connection.as_mut().graceful_shutdown();
                let _ = connection.await;
            }
        }
    });
}

async fn respond(
    router: Router,
    peer: SocketAddr,
    _under_way: UnderWay,
    mut request: Request<Incoming>,
) -> Result<axum::response::Response, Infallible> {
    request.extensions_mut().insert(ConnectInfo(peer));
    // Boxed: hyper keeps room for the longest answer with every connection.
    Box::pin(router.oneshot(request.map(Body::new))).await
}

/// The requests of one connection.
#[derive(Default)]
pub(super) struct Requests {
    begun: AtomicU32,
    under_way: AtomicU32,
}

/// Lasts until the answer is there. One that streams would have to take it along.
pub(super) struct UnderWay(Arc<Requests>);

impl Requests {
    pub(super) fn begin(self: Arc<Self>) -> UnderWay {
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
