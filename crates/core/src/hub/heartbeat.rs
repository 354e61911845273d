//! Signs of life: one wheel of seconds for all connections, each in it at the next moment something is due for it.

use std::{
    sync::{Arc, Weak, atomic::Ordering},
    time::Duration,
};

use tidings_protocol::{Close, Timestamp};

use super::{
    Hub,
    connection::{Connection, Pushed, Worth},
};
use crate::Monotonic;

/// Seconds that the wheel reaches ahead; what is due later is looked at once in between.
const SECONDS: u64 = 64;

/// How long a peer may take to answer a ping.
const PONG_WAIT: Duration = Duration::from_secs(10);

pub(super) struct Wheel {
    slots: Vec<Vec<Weak<Connection>>>,
    /// The second that was handled last.
    at: u64,
}

impl Default for Wheel {
    fn default() -> Self {
        Self { slots: (0..SECONDS).map(|_| Vec::new()).collect(), at: 0 }
    }
}

impl Wheel {
    fn put(&mut self, connection: &Arc<Connection>, due: Monotonic) {
        let second = due.0.div_ceil(1000).clamp(self.at + 1, self.at + SECONDS - 1);
        connection.life.look_at.store(second * 1000, Ordering::Relaxed);
        self.slots[(second % SECONDS) as usize].push(Arc::downgrade(connection));
    }

    fn take_due(&mut self, now: Monotonic) -> Vec<Weak<Connection>> {
        let mut due = Vec::new();
        let second = now.0 / 1000;
        // After a long pause of the whole process, one round has everything.
        for at in (self.at + 1..=second).take(SECONDS as usize) {
            due.append(&mut self.slots[(at % SECONDS) as usize]);
        }
        self.at = self.at.max(second);
        due
    }
}

impl Hub {
    /// Begins to look after a connection.
    pub(super) fn watch(&self, connection: &Arc<Connection>, now: Monotonic) {
        self.wheel.lock().put(connection, now.after(Duration::from_secs(1)));
    }

    /// A fresh token: the connection lives until it ends, also if that is sooner than before.
    pub fn set_expiry(&self, connection: &Arc<Connection>, expires_at: Option<Timestamp>) {
        connection.set_expiry(expires_at);
        let end = self.token_end(connection, self.clock.monotonic());
        let look_at = connection.life.look_at.load(Ordering::Relaxed);
        if let Some(end) = end.filter(|end| end.0 < look_at) {
            self.wheel.lock().put(connection, end);
        }
    }

    /// Pings the silent, ends the dead, the idle and those whose token has ended.
    pub(super) fn beat(&self, now: Monotonic) {
        let due = self.wheel.lock().take_due(now);
        for connection in due.iter().filter_map(Weak::upgrade) {
            // An earlier look was put in after this one, and has put in the next.
            if connection.life.look_at.load(Ordering::Relaxed) > now.0 {
                continue;
            }
            match self.look_after(&connection, now) {
                Ok(next) => self.wheel.lock().put(&connection, next),
                Err(close) => connection.end(close),
            }
        }
    }

    /// When to look again, or how the connection ends.
    fn look_after(&self, connection: &Arc<Connection>, now: Monotonic) -> Result<Monotonic, Close> {
        let settings = &self.settings;
        let life = &connection.life;
        let at = |field: &std::sync::atomic::AtomicU64| Monotonic(field.load(Ordering::Relaxed));
        let token_end = self.token_end(connection, now);
        if token_end.is_some_and(|end| end <= now) {
            return Err(Close::TOKEN_EXPIRED);
        }
        let idle_end = at(&life.active).after(settings.limits.idle_timeout);
        if idle_end <= now {
            return Err(Close::IDLE);
        }
        let ping_at = at(&life.heard).after(settings.live.ping_interval);
        let pinged = at(&life.pinged);
        let next = if pinged != Monotonic(0) {
            if now.since(pinged) >= PONG_WAIT {
                return Err(Close::NO_SIGN_OF_LIFE);
            }
            pinged.after(PONG_WAIT)
        } else if ping_at <= now {
            life.pinged.store(now.0.max(1), Ordering::Relaxed);
            if connection.push(self.encode().ping(None), Worth::Transient) == Pushed::First {
                self.flush_later(connection.clone());
            }
            now.after(PONG_WAIT)
        } else {
            ping_at
        };
        let next = next.min(idle_end).min(token_end.unwrap_or(next));
        Ok(next.min(self.idle_from(connection, now).unwrap_or(next)))
    }

    /// When the connection's user counts as away for doing nothing; none when they do already.
    fn idle_from(&self, connection: &Connection, now: Monotonic) -> Option<Monotonic> {
        let life = &connection.life;
        if life.idle.load(Ordering::Relaxed) {
            return None;
        }
        let from = Monotonic(life.acted.load(Ordering::Relaxed)).after(self.settings.live.away_after);
        if from > now {
            return Some(from);
        }
        life.idle.store(true, Ordering::Relaxed);
        self.refresh_status(&connection.user);
        None
    }

    /// When the connection's token ends, by the monotonic clock: the wall clock is asked each time, as it may be set.
    fn token_end(&self, connection: &Connection, now: Monotonic) -> Option<Monotonic> {
        let expires = u64::from(connection.life.expires.load(Ordering::Relaxed));
        let left = (expires + self.settings.leeway.as_secs()).saturating_sub(self.clock.now().seconds());
        (expires != 0).then(|| now.after(Duration::from_secs(left)))
    }
}
