//! Inboxes: what comes in, what is done with it, what time does, and that the counters are right whatever happens.

pub mod model;
pub mod steps;
