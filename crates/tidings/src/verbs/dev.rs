//! `tidings dev`: a server to try things with, and its demo.

use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::bail;
use clap::Args;
use tidings_server::App;
use tidings_settings::{Loaded, Origin};

use crate::dev::{DEMO_ROOM, Dev as State, SETTING, for_development, routes};
use crate::failure::WrongCall;
use crate::load::{FLAGS_HELP, File, Given, check, refuse_on};
use crate::output::{BOLD, CYAN, RESET, line, note};
use crate::{client, listen_address, log, run};

/// Run a server to try things with, and its demo
///
/// Its keys are new at every start, and it listens on this machine only. The port is 8000, or
/// the next free one unless --server.listen asks for one.
#[derive(Args)]
#[command(after_help = FLAGS_HELP)]
pub(crate) struct Dev {
    #[command(flatten)]
    file: File,
}

impl Dev {
    pub(crate) fn run(self, given: Given) -> anyhow::Result<ExitCode> {
        let mut loaded = given.load(&self.file)?;
        let api_key = for_development(&mut loaded);
        refuse_on(check(&loaded))?;
        log::start(&loaded.settings.log)?;
        let listener = bind(&loaded)?;
        let auth = loaded.settings.auth.clone();
        let dev = State { auth, api_key, address: listener.local_addr()? };
        let (greeting, url) = (greeting(&dev), dev.url());
        let router = |app: &Arc<App>| tidings_server::router(app.clone()).merge(routes(dev));
        run::run(loaded.settings, router, listener, || {
            line(greeting)?;
            line(format_args!("listening on {url}"))?;
            Ok(())
        })?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Listens on loopback, or refuses: everybody who can connect gets the keys.
fn bind(loaded: &Loaded) -> anyhow::Result<TcpListener> {
    let address = &loaded.settings.server.listen;
    let addresses = loopback(address, loaded.origin(SETTING))?;
    match (addresses.first(), loaded.origin(SETTING)) {
        (Some(first), Origin::Default) => {
            let listener = listen_address::bind_near(SETTING, *first)?;
            let port = listener.local_addr()?.port();
            if port != first.port() {
                note(format_args!("port {} is taken, so this is port {port}", first.port()));
            }
            Ok(listener)
        }
        _ => listen_address::bind(SETTING, &addresses),
    }
}

fn loopback(address: &str, origin: &Origin) -> anyhow::Result<Vec<SocketAddr>> {
    let addresses = listen_address::resolve(SETTING, address)?;
    if addresses.iter().all(|address| address.ip().is_loopback()) {
        return Ok(addresses);
    }
    let wrong = format!(
        "{origin}: {SETTING}: `tidings dev` listens on this machine only, since it shows its keys to whoever connects; \
         found {address}. Use 127.0.0.1, or `tidings serve` for others to connect"
    );
    match origin {
        Origin::Flag(_) => Err(WrongCall::new(wrong).into()),
        _ => bail!(wrong),
    }
}

fn greeting(dev: &State) -> String {
    let (url, key) = (dev.url(), &dev.api_key);
    // As it was called: it may not be in the PATH.
    let tidings = std::env::args().next().unwrap_or_else(|| "tidings".to_owned());
    let at = if url == client::DEFAULT_URL { String::new() } else { format!(" --url {url}") };
    format!(
        "\
{BOLD}Tidings {version}{RESET}, to try things with: its keys are new at every start.

  the demo        {CYAN}{url}/{RESET}
  as two people   {CYAN}{url}/?user=ada{RESET}
                  {CYAN}{url}/?user=grace{RESET}

{BOLD}Publish{RESET} into the demo's room, as a back end would:

  curl {url}/v1/publish \\
    -H 'Authorization: Bearer {key}' -H 'Content-Type: application/json' \\
    -d '{{\"to\":{{\"room\":\"{DEMO_ROOM}\"}},\"type\":\"note\",\"data\":{{\"text\":\"Hello from curl\"}}}}'

{BOLD}Listen{RESET} to it, or publish, from another terminal:

  {tidings} listen room:{DEMO_ROOM}{at}
  {tidings} publish room:{DEMO_ROOM} note '{{\"text\":\"Hello\"}}'{at}
",
        version = env!("CARGO_PKG_VERSION"),
    )
}
