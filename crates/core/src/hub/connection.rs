//! One connection as the hub sees it: whose it is, what it follows, and the queue to its socket.

use std::{
    future::poll_fn,
    io::{self, IoSlice},
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
    },
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use parking_lot::Mutex;
use tidings_protocol::{Close, ConnectionId, Timestamp, UserId};

use super::{
    Room,
    queue::{Queue, Written},
    receipts::{Owed, Proof},
};
use crate::{Format, Identity, Monotonic, presence::User};

/// Where a connection's bytes go. A write must not block.
pub trait Outlet: Send + Sync {
    /// Writes some of the bytes; `WouldBlock` when none can be taken now.
    ///
    /// # Errors
    /// As a socket's.
    fn write(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize>;

    /// Ready when a write that would have blocked is worth trying again, or the peer is gone.
    fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<()>;
}

impl Life {
    /// Whether its user is not looking, by their own word or by doing nothing.
    pub(crate) fn is_away(&self) -> bool {
        self.away.load(Ordering::Relaxed) || self.idle.load(Ordering::Relaxed)
    }
}

/// What a client said of itself when it came.
#[derive(Clone, Debug)]
pub struct Origin {
    /// `web`, `mobile`, …
    pub client_type: Option<Box<str>>,
    /// The client's version.
    pub client_version: Option<Box<str>>,
    /// The client's name for its device.
    pub device_id: Option<Box<str>>,
    /// Where it comes from.
    pub ip: IpAddr,
    /// Since when.
    pub connected_at: Timestamp,
}

/// One socket of one user.
pub struct Connection<O: ?Sized = dyn Outlet> {
    /// Its id.
    pub id: ConnectionId,
    /// Whose it is.
    pub(crate) user: Arc<User>,
    /// Who its last token says is there, and what that opens.
    identity: Mutex<Arc<Identity>>,
    /// What its frames look like.
    pub format: Format,
    /// What the client said of itself.
    pub origin: Box<Origin>,
    queue_bytes_max: usize,
    state: Mutex<State>,
    pub(crate) subscriptions: Mutex<Vec<Subscription>>,
    pub(crate) life: Life,
    /// The socket.
    pub outlet: O,
}

/// A connection following a room.
pub(crate) struct Subscription {
    pub(crate) room: Arc<Room>,
    /// Its place among the room's subscribers.
    pub(crate) place: u32,
}

/// Signs of life, in milliseconds of the monotonic clock.
#[derive(Default)]
pub(crate) struct Life {
    /// When anything was heard, a pong too.
    pub(crate) heard: AtomicU64,
    /// When the client last said something of its own.
    pub(crate) active: AtomicU64,
    /// When the client last did something, which asking whether the server is there is not.
    pub(crate) acted: AtomicU64,
    /// When the ping went out that is not answered yet; 0 for none.
    pub(crate) pinged: AtomicU64,
    /// When the hub looks after the connection next.
    pub(crate) look_at: AtomicU64,
    /// When the token ends, in seconds since 1970; 0 for never.
    pub(crate) expires: AtomicU32,
    /// Whether its user said `away` on it.
    pub(crate) away: AtomicBool,
    /// Whether its user has done nothing on it for `live.away_after`.
    pub(crate) idle: AtomicBool,
}

#[derive(Default)]
struct State {
    queue: Queue,
    /// On its way to be flushed by whoever pushed first; the next who pushes need not flush.
    dirty: bool,
    /// The socket took no more; its task flushes when it does again.
    blocked: bool,
    end: Option<Box<Close>>,
    waker: Option<Waker>,
    /// Proofs that entries came; mostly there is none.
    owed: Option<Box<Owed>>,
}

/// What a piece is worth when the queue is full.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Worth {
    /// May be left out, and is counted then.
    Transient,
    /// Must not be left out: rather the connection ends and resumes.
    Kept,
}

/// What became of a piece.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Pushed {
    /// It waits, and the caller must see to a flush.
    First,
    /// It waits, and somebody else will flush.
    Behind,
    /// The queue was full and it was left out.
    Dropped,
    /// The queue was full of what must not be lost: the connection ends.
    Overflowed,
    /// The connection has ended.
    Ended,
}

/// What a connection's task should do next.
#[derive(Debug)]
pub enum Next {
    /// End, like this.
    End(Close),
    /// Write when the socket takes bytes again, and read.
    Write {
        /// Whether so much waits that nothing more should be read before.
        pause: bool,
    },
    /// Read.
    Read,
}

/// What a connection begins with.
pub(crate) struct Beginning {
    pub(crate) id: ConnectionId,
    pub(crate) user: Arc<User>,
    pub(crate) identity: Arc<Identity>,
    pub(crate) format: Format,
    pub(crate) origin: Origin,
    pub(crate) queue_bytes_max: usize,
    pub(crate) now: Monotonic,
}

impl<O> Connection<O> {
    pub(crate) fn new(beginning: Beginning, outlet: O) -> Self {
        let Beginning { id, user, identity, format, origin, queue_bytes_max, now } = beginning;
        let life = Life::default();
        life.heard.store(now.0, Ordering::Relaxed);
        life.active.store(now.0, Ordering::Relaxed);
        life.acted.store(now.0, Ordering::Relaxed);
        life.expires.store(seconds(identity.expires_at), Ordering::Relaxed);
        let (state, subscriptions) = (Mutex::default(), Mutex::default());
        Self {
            id,
            user,
            identity: Mutex::new(identity),
            format,
            origin: Box::new(origin),
            queue_bytes_max,
            state,
            subscriptions,
            life,
            outlet,
        }
    }
}

impl<O: Outlet + ?Sized> Connection<O> {
    /// Whose it is.
    pub fn user(&self) -> &UserId {
        &self.user.id
    }

    /// Who its last token says is there, and what that opens.
    pub fn identity(&self) -> Arc<Identity> {
        self.identity.lock().clone()
    }

    pub(crate) fn set_identity(&self, identity: Arc<Identity>) {
        *self.identity.lock() = identity;
    }

    /// Puts a frame of the connection's own on the queue: an answer, a pong. Call [`Self::flush`] after the last one.
    pub fn send(&self, frame: Bytes) {
        self.push(frame, Worth::Kept);
    }

    pub(crate) fn push(&self, piece: Bytes, worth: Worth) -> Pushed {
        self.push_proving(piece, worth, None)
    }

    /// [`Self::push`] of a piece whose arrival is to be proved: the ping that asks for it is its end.
    pub(crate) fn push_proving(&self, piece: Bytes, worth: Worth, proof: Option<&Proof>) -> Pushed {
        let mut state = self.state.lock();
        if state.end.is_some() {
            return Pushed::Ended;
        }
        // An empty queue takes a piece of any size: otherwise a large entry could never pass.
        if !state.queue.is_empty() && state.queue.live_bytes() + piece.len() > self.queue_bytes_max {
            if worth == Worth::Transient {
                return Pushed::Dropped;
            }
            state.end(Close::SLOW_READER);
            return Pushed::Overflowed;
        }
        state.queue.push(piece);
        if let Some(proof) = proof {
            state.owed.get_or_insert_default().push(proof.clone());
        }
        if state.dirty || state.blocked {
            return Pushed::Behind;
        }
        state.dirty = true;
        Pushed::First
    }

    /// Puts an answer and the history it promises on the queue, as one: nothing live comes between.
    pub(crate) fn push_with_history<'a>(
        &self,
        answer: Option<Bytes>,
        history: impl Iterator<Item = &'a Bytes>,
        proof: Option<(Proof, Bytes)>,
    ) {
        let mut state = self.state.lock();
        if state.end.is_none() {
            answer.into_iter().for_each(|answer| state.queue.push(answer));
            history.for_each(|frame| state.queue.push_history(frame.clone()));
            if let Some((proof, ping)) = proof {
                state.queue.push_history(ping);
                state.owed.get_or_insert_default().push(proof);
            }
        }
    }

    /// The peer answered the ping of a number: what that proves.
    pub(crate) fn prove(&self, number: u64) -> Vec<Proof> {
        self.owed(|owed| Some(owed.up_to(number))).unwrap_or_default()
    }

    /// Something about the proofs that are outstanding, if there are any.
    pub(crate) fn owed<T>(&self, look: impl FnOnce(&mut Owed) -> Option<T>) -> Option<T> {
        self.state.lock().owed.as_mut().and_then(|owed| look(owed))
    }

    /// Whether so much waits that nothing more should be asked.
    pub fn is_congested(&self) -> bool {
        self.state.lock().queue.bytes() > self.queue_bytes_max / 2
    }

    /// Waits until the peer has read so much that more may be put on the queue; false when the connection has ended instead. Only
    /// for the connection's own task.
    pub async fn drained(&self) -> bool {
        self.flush();
        while self.is_congested() {
            let ended = poll_fn(|cx| match self.next(cx) {
                Next::End(_) => Poll::Ready(true),
                _ => self.outlet.poll_writable(cx).map(|()| false),
            });
            if ended.await {
                return false;
            }
            self.flush();
        }
        true
    }

    /// Writes what waits, as far as the socket takes it.
    pub fn flush(&self) {
        let mut state = self.state.lock();
        state.dirty = false;
        let was_blocked = state.blocked;
        let written = state.queue.write(|pieces| self.outlet.write(pieces));
        state.blocked = written == Written::Blocked;
        if written == Written::Broken {
            state.queue = Queue::default();
            state.end(Close::NORMAL);
        } else if state.blocked && !was_blocked {
            state.wake();
        }
    }

    /// Ends the connection. The first end counts; what waits is still written if the peer reads it soon.
    pub fn end(&self, close: Close) {
        self.state.lock().end(close);
    }

    /// What the connection's task should do; the task is woken when that changes.
    pub fn next(&self, cx: &mut Context<'_>) -> Next {
        let mut state = self.state.lock();
        if let Some(close) = &state.end {
            return Next::End((**close).clone());
        }
        if !state.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            state.waker = Some(cx.waker().clone());
        }
        match state.blocked {
            true => Next::Write { pause: state.queue.bytes() > self.queue_bytes_max / 2 },
            false => Next::Read,
        }
    }

    /// Writes what is left of an ended connection and then `last`; true when all has left or the socket is broken.
    pub fn finish(&self, last: &mut Option<Bytes>) -> bool {
        let mut state = self.state.lock();
        if let Some(frame) = last.take() {
            state.queue.push(frame);
        }
        state.queue.write(|pieces| self.outlet.write(pieces)) != Written::Blocked
    }

    /// Notes that the peer said something; `active` when it was more than a pong.
    pub fn heard(&self, now: Monotonic, active: bool) {
        self.life.heard.store(now.0, Ordering::Relaxed);
        self.life.pinged.store(0, Ordering::Relaxed);
        if active {
            self.life.active.store(now.0, Ordering::Relaxed);
        }
    }

    pub(crate) fn set_expiry(&self, expires_at: Option<Timestamp>) {
        self.life.expires.store(seconds(expires_at), Ordering::Relaxed);
    }
}

impl State {
    fn end(&mut self, close: Close) {
        if self.end.is_none() {
            if close == Close::SLOW_READER {
                self.queue.cut();
            }
            self.end = Some(Box::new(close));
            self.wake();
        }
    }

    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

fn seconds(time: Option<Timestamp>) -> u32 {
    time.map_or(0, |time| u32::try_from(time.seconds()).unwrap_or(u32::MAX))
}
