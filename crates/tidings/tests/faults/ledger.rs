//! Who publishes writes down what was acknowledged, who reads writes down what came, and afterwards the books are compared.

mod book;
mod readers;
mod run;
mod store;
mod verdict;
mod writers;

pub(crate) use run::{Load, Recovery, seconds};
pub(crate) use store::Truth;
pub(crate) use verdict::Verdict;

/// What is published: unique, and small enough to hold millions of.
pub(crate) type Key = u64;

/// The rooms that are written to.
pub(crate) fn room(number: usize) -> String {
    format!("ledger_{number}")
}
