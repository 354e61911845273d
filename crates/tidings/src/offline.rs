//! Doing in a server's place what is asked of the store: rooms' rules and the store, and nobody who can connect.

use std::sync::Arc;

use anyhow::{Context, anyhow};
use tidings_protocol::Fault;
use tidings_server::App;
use tidings_settings::{Auth, Log, Settings};
use tidings_sqlite::OpenError;

use crate::log;
use crate::store::Address;

/// Opens a store that is there already; nothing is created. `ask` is the HTTP call to make instead while a server runs.
///
/// # Errors
/// The store cannot be used, or a server has it.
pub(crate) async fn open(settings: Settings, ask: &str) -> anyhow::Result<Arc<App>> {
    // What goes wrong without being an error is told; what goes well is the verb's to say.
    log::start(&Log { level: "warn".to_owned(), ..settings.log.clone() })?;
    let url = settings.store.url.clone();
    let address = Address::parse(&url).context("store.url")?;
    let store = address.open_existing(&settings).await.map_err(|error| match error.downcast_ref() {
        Some(OpenError::InUse(_)) => {
            anyhow!("{error:#}\nnothing was done; while a server runs, ask it: {ask}")
        }
        _ => error,
    })?;
    // Nobody comes in here, so no key has to be there.
    let settings = Settings { auth: Auth::default(), ..settings };
    App::new(settings, store).map_err(|wrong| anyhow!(wrong))
}

/// Why an act could not be written to the audit log, with what the store says of itself.
pub(crate) async fn not_written(app: &App, fault: Fault) -> anyhow::Error {
    match app.tidings.store().health().await {
        Ok(()) => anyhow!(fault.message),
        Err(why) => anyhow!("{}: {why}", fault.message),
    }
}
