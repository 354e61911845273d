//! What the back end is told of people: that they came online or went offline, once each. For whoever in this process passes it on.

use std::{
    collections::VecDeque,
    future::poll_fn,
    sync::{Arc, Weak},
    task::{Poll, Waker},
};

use parking_lot::Mutex;
use tidings_protocol::{Timestamp, UserId};

/// Most events that wait for one listener; the oldest go first, and are counted.
const WAITING_MAX: usize = 10_000;

/// Somebody came online or went offline.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UserEvent {
    /// Who.
    pub user: UserId,
    /// True: `user_online`. False: `user_offline`.
    pub online: bool,
    /// One more with each event of this user, also across restarts: an event with a lower one than another is older than that.
    pub revision: u64,
    /// When they came, or were last seen.
    pub at: Timestamp,
}

/// The events from the moment on at which somebody began to listen.
pub struct UserEvents(Arc<Mutex<Waiting>>);

#[derive(Default)]
struct Waiting {
    events: VecDeque<UserEvent>,
    dropped: u64,
    waker: Option<Waker>,
}

impl UserEvents {
    /// The next event, once there is one.
    pub async fn next(&mut self) -> UserEvent {
        poll_fn(|cx| {
            let mut waiting = self.0.lock();
            match waiting.events.pop_front() {
                Some(event) => Poll::Ready(event),
                None => {
                    waiting.waker = Some(cx.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }

    /// The next event, if there is one.
    pub fn try_next(&mut self) -> Option<UserEvent> {
        self.0.lock().events.pop_front()
    }

    /// How many events were not waited for: more came than were taken.
    pub fn dropped(&self) -> u64 {
        self.0.lock().dropped
    }
}

/// Where events come from.
#[derive(Default)]
pub(crate) struct Feed(Mutex<Vec<Weak<Mutex<Waiting>>>>);

impl Feed {
    pub(crate) fn listen(&self) -> UserEvents {
        let waiting = Arc::default();
        self.0.lock().push(Arc::downgrade(&waiting));
        UserEvents(waiting)
    }

    /// Hands an event to all who listen; to how many it cost an older one.
    pub(crate) fn tell(&self, event: &UserEvent) -> u64 {
        let mut dropped = 0;
        self.0.lock().retain(|listener| {
            let Some(listener) = listener.upgrade() else { return false };
            let mut waiting = listener.lock();
            if waiting.events.len() >= WAITING_MAX {
                waiting.events.pop_front();
                waiting.dropped += 1;
                dropped += 1;
            }
            waiting.events.push_back(event.clone());
            let waker = waiting.waker.take();
            drop(waiting);
            waker.into_iter().for_each(Waker::wake);
            true
        });
        dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(revision: u64) -> UserEvent {
        let user = UserId::parse("ada").unwrap();
        UserEvent { user, online: revision % 2 == 1, revision, at: Timestamp::from_millis(revision) }
    }

    #[test]
    fn the_oldest_go_first_and_are_counted() {
        let feed = Feed::default();
        assert_eq!(feed.tell(&event(1)), 0, "nobody listens");
        let mut events = feed.listen();
        let dropped: u64 = (2..WAITING_MAX as u64 + 5).map(|revision| feed.tell(&event(revision))).sum();
        assert_eq!((dropped, events.dropped()), (3, 3));
        assert_eq!(events.try_next(), Some(event(5)));
        drop(events);
        assert_eq!(feed.tell(&event(1)), 0, "nobody listens any more");
    }
}
