//! Faults on purpose: what was promised still holds when processes are killed, disks fail and databases go away.
//!
//! Small by default, so that every run of the tests has them; in full with `TIDINGS_SOAK=1` (`make soak`). What is shown by which test stands
//! in `docs/reliability.md`. Here tests may wait for time: a fault lasts for a while, and a quiet period is one.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail as tests do: at the spot, with a reason"
)]

mod harness;
mod ledger;
mod report;
mod sizes;
mod strace;

mod clock;
mod damage;
mod full;
mod killed;
mod positions;
mod postgres;
mod presence;
mod syncs;
