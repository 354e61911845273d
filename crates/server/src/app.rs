//! What all edges share: the façade, who may come in, and whether the server is on its way out.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use prometheus_client::registry::Registry;
use tidings_core::{Clock, Hub, HubSettings, Kinds, Store, Tidings, metrics::Metrics};
use tidings_sealing::Keyring;
use tidings_settings::Settings;
use tokio::sync::Notify;

use crate::{
    api::idempotency::Idempotency,
    auth::{ApiKeys, Callers, Tokens},
    clock::SystemClock,
    jobs::Jobs,
    live::{admission::Admission, frames::Frames},
    ops::{health::Pulse, metrics::EdgeMetrics, store_health::StoreHealth},
};

/// A server before it listens.
pub struct App {
    /// Rooms, connections and the store.
    pub tidings: Arc<Tidings>,
    /// The settings it was made with.
    pub settings: Arc<Settings>,
    /// The master keys, for what is sealed outside of the store.
    pub keyring: Keyring,
    /// Who may speak for a back end.
    pub api_keys: ApiKeys,
    /// Who may speak for a user.
    pub tokens: Tokens,
    /// How much each user asks over HTTP.
    pub callers: Callers,
    /// Who may connect at all, by address.
    pub admission: Admission,
    /// What `/metrics` shows.
    pub registry: Registry,
    /// What the hub and the façade count.
    pub metrics: Arc<Metrics>,
    /// What the edges count.
    pub edge_metrics: EdgeMetrics,
    /// Answers to POSTs that may be sent again.
    pub idempotency: Idempotency,
    /// The fan-out's sign of life, for `/readyz`.
    pub pulse: Pulse,
    /// The store's last word on itself, for `/readyz`.
    pub store_health: StoreHealth,
    /// How background jobs stand.
    pub jobs: Jobs,
    /// Held by whoever writes in the archive's folder.
    pub(crate) archive_lock: tokio::sync::Mutex<()>,
    /// When it was made.
    pub started: Instant,
    draining: AtomicBool,
    /// Says that the hub has a turn to do.
    pub(crate) turn: Arc<Notify>,
}

impl App {
    /// Puts a server together, in front of a store.
    ///
    /// # Errors
    /// A sentence on which setting cannot be used: a key file that is no key, a master key of the wrong length.
    pub fn new(settings: Settings, store: Box<dyn Store>) -> Result<Arc<Self>, String> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let turn = Arc::new(Notify::new());
        let (metrics, edge_metrics, mut registry) =
            (Arc::new(Metrics::default()), EdgeMetrics::default(), Registry::default());
        metrics.register(&mut registry);
        edge_metrics.register(&mut registry);
        let jobs = Jobs::default();
        jobs.metrics.register(&mut registry);
        let hub_settings = HubSettings {
            live: settings.live.clone(),
            limits: settings.limits.clone(),
            leeway: settings.auth.leeway,
        };
        let wake = turn.clone();
        let wake = Box::new(move || wake.notify_one());
        let hub = Hub::new(hub_settings, clock.clone(), Box::new(Frames), wake, metrics.clone());
        let tidings = Tidings::new(hub, store, Kinds::new(&settings.rooms), clock);
        Ok(Arc::new(Self {
            tidings: Arc::new(tidings),
            keyring: Keyring::new(&settings.security.encryption_keys)?,
            api_keys: ApiKeys::new(&settings.auth.api_keys),
            tokens: Tokens::new(&settings.auth)?,
            callers: Callers::new(&settings.limits),
            admission: Admission::new(&settings.limits),
            settings: Arc::new(settings),
            registry,
            metrics,
            edge_metrics,
            idempotency: Idempotency::default(),
            pulse: Pulse::default(),
            store_health: StoreHealth::default(),
            jobs,
            archive_lock: tokio::sync::Mutex::default(),
            started: Instant::now(),
            draining: AtomicBool::new(false),
            turn,
        }))
    }

    /// Whether the server is about to stop: not ready, and no new connections.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// From now on the server is about to stop.
    pub(crate) fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }
}
