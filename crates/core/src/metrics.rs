//! What is counted. Handles are kept here, so that counting is one atomic addition; names are given in [`Metrics::register`].

use prometheus_client::{metrics::counter::Counter, registry::Registry};

macro_rules! counters {
    ($($(#[doc = $doc:literal])* $field:ident = $name:literal;)*) => {
        /// Counters of what the hub and the façade do.
        #[derive(Default, Debug)]
        pub struct Metrics { $($(#[doc = $doc])* pub $field: Counter,)* }

        impl Metrics {
            /// Makes the counters known under their public names.
            pub fn register(&self, registry: &mut Registry) {
                $(registry.register($name, concat!($($doc),*).trim().trim_end_matches('.'), self.$field.clone());)*
            }
        }
    };
}

counters! {
    /// Entries taken.
    entries = "tidings_entries";
    /// Entries handed to connections.
    deliveries = "tidings_deliveries";
    /// Transient entries not handed to a connection because its queue was full.
    dropped = "tidings_dropped_entries";
    /// Connections closed because they read too slowly.
    slow_readers = "tidings_slow_readers";
    /// Connections opened.
    opened = "tidings_connections_opened";
    /// Connections that ended, for whatever reason.
    closed = "tidings_connections_closed";
    /// Joins with a position from which everything missed could be given.
    recovered = "tidings_recoveries";
    /// Joins with a position from which something is no longer kept.
    unrecovered = "tidings_recoveries_failed";
    /// Times that somebody came online, as the back end is told.
    users_online = "tidings_user_online_events";
    /// Times that somebody went offline, as the back end is told.
    users_offline = "tidings_user_offline_events";
    /// Times that the back end could not be told so, because too much waited.
    user_events_dropped = "tidings_user_events_dropped";
    /// Deliveries that were proved and not noted in receipts, because too many waited.
    receipts_lost = "tidings_receipts_lost";
}
