//! How many connections, and how many attempts, one address may have.

use std::{net::IpAddr, sync::Arc};

use hashbrown::HashMap;
use parking_lot::Mutex;
use tidings_core::{
    Monotonic,
    limits::{Bucket, Rate},
};
use tidings_protocol::Fault;
use tidings_settings::Limits;

/// Addresses remembered before those that used nothing lately are forgotten.
const SWEEP_AT: usize = 10_000;

/// Counts by address.
pub struct Admission {
    attempts: Rate,
    connections_max: usize,
    addresses: Addresses,
}

type Addresses = Arc<Mutex<HashMap<IpAddr, Address>>>;

#[derive(Default)]
struct Address {
    attempts: Bucket,
    connections: usize,
}

/// A connection's place among those of its address; given back when dropped.
pub struct Place(Option<(IpAddr, Addresses)>);

impl Admission {
    /// Takes `limits.attempts_per_minute` and `limits.connections_per_ip`.
    pub fn new(limits: &Limits) -> Self {
        let attempts = Rate::per_minute(limits.attempts_per_minute, limits.attempts_per_minute);
        Self { attempts, connections_max: limits.connections_per_ip, addresses: Arc::default() }
    }

    /// Counts an attempt to connect.
    ///
    /// # Errors
    /// `rate_limited` with the time to wait.
    pub fn attempt(&self, ip: IpAddr, now: Monotonic) -> Result<(), Fault> {
        let mut addresses = self.addresses.lock();
        if addresses.len() >= SWEEP_AT {
            addresses.retain(|_, address| address.connections > 0 || !address.attempts.is_full(now));
        }
        let taken = addresses.entry(ip).or_default().attempts.take(self.attempts, now);
        taken
            .map_err(|wait_ms| Fault::rate_limited("too many attempts to connect from this address", wait_ms))
    }

    /// Takes a place for a connection.
    ///
    /// # Errors
    /// `rate_limited` when the address has as many as it may.
    pub fn enter(&self, ip: IpAddr) -> Result<Place, Fault> {
        if self.connections_max == 0 {
            return Ok(Place(None));
        }
        let mut addresses = self.addresses.lock();
        let address = addresses.entry(ip).or_default();
        if address.connections >= self.connections_max {
            return Err(Fault::rate_limited("too many connections from this address", 5_000));
        }
        address.connections += 1;
        drop(addresses);
        Ok(Place(Some((ip, self.addresses.clone()))))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some((ip, addresses)) = self.0.take()
            && let Some(address) = addresses.lock().get_mut(&ip)
        {
            address.connections -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use tidings_settings::Settings;

    use super::*;

    #[test]
    fn a8_places_are_limited_by_address_and_given_back() {
        let mut limits = Settings::default().limits;
        limits.connections_per_ip = 2;
        let admission = Admission::new(&limits);
        let (here, there) = (IpAddr::from([1, 1, 1, 1]), IpAddr::from([2, 2, 2, 2]));
        let first = admission.enter(here).unwrap();
        let _second = admission.enter(here).unwrap();
        assert!(admission.enter(here).is_err());
        assert!(admission.enter(there).is_ok());
        drop(first);
        assert!(admission.enter(here).is_ok());
    }

    #[test]
    fn a8_attempts_are_limited_by_address() {
        let mut limits = Settings::default().limits;
        limits.attempts_per_minute = 60;
        let admission = Admission::new(&limits);
        let ip = IpAddr::from([1, 1, 1, 1]);
        for _ in 0..60 {
            admission.attempt(ip, Monotonic(5)).unwrap();
        }
        assert_eq!(admission.attempt(ip, Monotonic(5)).unwrap_err().retry_after_ms, Some(1_000));
        assert!(admission.attempt(ip, Monotonic(1_005)).is_ok());
    }
}
