//! The signals that end a server: the first one lets it drain, a second interrupt ends it at once.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::output::note;

/// SIGTERM and SIGINT, listened to from the moment this is made.
pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Begins to listen. Needs a runtime.
    ///
    /// # Errors
    /// The system refuses.
    pub(crate) fn listen() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Ends at the first signal. From then on an interrupt ends the process.
    pub(crate) async fn first(mut self) {
        let name = tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        };
        tracing::info!(signal = name, "stopping; connections are asked to leave");
        tokio::spawn(async move {
            if self.interrupt.recv().await.is_some() {
                note("interrupted a second time; ending at once");
                std::process::exit(1);
            }
        });
    }
}
