//! `tidings serve`: the server in production.

use std::process::ExitCode;

use clap::Args;

use crate::load::{FLAGS_HELP, File, Given, check_production, refuse_on};
use crate::{listen_address, log, output, run};

/// Run the server in production
///
/// Refuses to start on missing or weak secrets and says which. SIGTERM and Ctrl-C let connections leave within
/// server.shutdown_grace; a second Ctrl-C ends at once. Once it accepts connections it prints one line,
/// `listening on http://…`, to standard output; the log goes to standard error.
#[derive(Args)]
#[command(after_help = FLAGS_HELP)]
pub(crate) struct Serve {
    #[command(flatten)]
    file: File,
}

impl Serve {
    pub(crate) fn run(self, given: Given) -> anyhow::Result<ExitCode> {
        let loaded = given.load(&self.file)?;
        refuse_on(check_production(&loaded))?;
        let settings = loaded.settings;
        log::start(&settings.log)?;
        let addresses = listen_address::resolve("server.listen", &settings.server.listen)?;
        let listener = listen_address::bind("server.listen", &addresses)?;
        let url = format!("http://{}", listener.local_addr()?);
        let ready = || Ok(output::line(format_args!("listening on {url}"))?);
        run::run(settings, |app| tidings_server::router(app.clone()), listener, ready)?;
        Ok(ExitCode::SUCCESS)
    }
}
