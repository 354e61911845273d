//! `GET /__echo`, for the cases of a WebSocket test suite: the product's handshake, reader, queue, loop, goodbye and limits, with an
//! echo where it has its commands. Only for programs on the same machine, and only in builds that ask for it.

use std::{net::SocketAddr, sync::Arc};

use axum::extract::{ConnectInfo, Request, State};
use http::{Extensions, HeaderMap, StatusCode};
use hyper::upgrade::OnUpgrade;
use tidings_core::limits::Bucket;

use super::{
    opening::{Arrival, anonymous, register, socket_of},
    reader::Reader,
    upgrade::shake_hands,
    websocket::{self, Serving},
};
use crate::{App, problem::HttpFault, problem::no_such_path};

/// Answers 101 and says back whatever comes.
///
/// # Errors
/// As the product's upgrade; `not_found` for other machines.
pub(super) async fn echo(
    State(app): State<Arc<App>>,
    request: Request,
) -> Result<(StatusCode, HeaderMap), HttpFault> {
    if !is_local(request.extensions()) {
        return Err(no_such_path().await);
    }
    shake_hands(app, request, open)
}

fn is_local(extensions: &Extensions) -> bool {
    let peer = extensions.get::<ConnectInfo<SocketAddr>>();
    peer.is_some_and(|peer| peer.0.ip().to_canonical().is_loopback())
}

async fn open(app: Arc<App>, upgrade: OnUpgrade, arrival: Box<Arrival>) {
    let Some((socket, mut ahead)) = socket_of(upgrade).await else { return };
    let Arrival { format, origin, .. } = *arrival;
    let Some(identity) = anonymous(origin.connected_at) else { return };
    let Ok(registered) = register(&app, Arc::new(identity), format, origin, socket) else { return };
    let limits = &app.settings.limits;
    let mut reader = Reader::new(limits, format.encoding, format.deflate).echo(format.deflate);
    let mut said = Vec::new();
    reader.decode(&mut ahead, &mut said);
    let serving = Serving { registered, reader, refusals: Bucket::default() };
    websocket::run(Box::new(serving), said.into_boxed_slice()).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_programs_on_this_machine_are_let_in() {
        let check = |peer: &str, expect| {
            let mut extensions = Extensions::new();
            extensions.insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 1)));
            assert_eq!(is_local(&extensions), expect, "{peer}");
        };
        check("127.0.0.1", true);
        check("127.9.9.9", true);
        check("::1", true);
        check("::ffff:127.0.0.1", true);
        check("10.0.0.1", false);
        check("0.0.0.0", false);
        check("::ffff:10.0.0.1", false);
        assert!(!is_local(&Extensions::new()), "a peer that nobody named");
    }
}
