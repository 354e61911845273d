//! What `serve` and `dev` share: from settings and a bound socket to a server that runs until a signal.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use axum::Router;
use tidings_server::App;
use tidings_settings::Settings;
use tokio::runtime::{Builder, Runtime};

use crate::signals::Signals;
use crate::store::Address;
use crate::{file_limit, small_pages};

/// How long background work may go on after the last connection has gone.
const LAST_WORK: Duration = Duration::from_secs(1);

/// Opens the store, serves until a signal, and then until the connections have left or `server.shutdown_grace` is over.
///
/// `ready` is called when the server accepts connections.
///
/// # Errors
/// The runtime does not start, the store cannot be used, or the listener breaks.
pub(crate) fn run(
    settings: Settings,
    routes: impl FnOnce(&Arc<App>) -> Router,
    listener: TcpListener,
    ready: impl FnOnce() -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    small_pages::prefer();
    let files = file_limit::raise();
    let runtime = runtime(settings.server.threads).context("the runtime does not start")?;
    let result = runtime.block_on(async {
        let store = Address::parse(&settings.store.url).context("store.url")?.open(&settings).await?;
        let app = App::new(settings, store).map_err(|wrong| anyhow!(wrong))?;
        let router = routes(&app);
        let signals = Signals::listen().context("signals cannot be listened to")?;
        tracing::info!(version = env!("CARGO_PKG_VERSION"), address = %listener.local_addr()?, files, "started");
        // The socket listens already: what comes from here on is accepted as soon as `serve` runs.
        ready()?;
        // On a worker thread like all else: accepting from this one would wake another for each connection.
        let serving = tokio::spawn(async move {
            let signals = signals;
            tidings_server::serve(app, router, listener, signals.first()).await
        });
        serving.await.context("serving broke off")?.context("the listener broke")
    });
    runtime.shutdown_timeout(LAST_WORK);
    if result.is_ok() {
        tracing::info!("stopped");
    }
    result
}

/// So many worker threads, 0 for one for each core. A single one needs no scheduler between threads.
pub(crate) fn runtime(threads: usize) -> std::io::Result<Runtime> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = if threads == 0 { cores } else { threads };
    let mut builder = match threads {
        1 => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    builder.worker_threads(threads).enable_all().thread_name("tidings").build()
}
