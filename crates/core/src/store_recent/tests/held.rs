//! A store that does what it is asked when it is told to, and as often as not too late.

use std::{
    ops::RangeInclusive,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Poll, Waker},
};

use parking_lot::Mutex;

use super::super::*;
use crate::{
    MemoryStore,
    store::{DataKeyId, KeyStore, People, Person, Rewrap, ServerId, WrappedKey},
};

/// A store in memory of which each call is done at once, or held until somebody lets it go.
pub(super) struct Held {
    pub(super) memory: Arc<MemoryStore>,
    /// Whether calls are held.
    pub(super) holds: AtomicBool,
    pub(super) shared: bool,
    /// Pages that were read.
    pub(super) reads: Mutex<Vec<(Page, usize)>>,
    /// Calls that are not done yet; none where one was.
    pub(super) calls: Mutex<Vec<Option<Call>>>,
}

/// What becomes of a call.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Fate {
    Done,
    /// It is done, and nobody knows.
    DoneUncertain,
    /// It is not done, and nobody knows.
    LostUncertain,
}

type Call = Box<dyn FnOnce(Fate) + Send>;

/// Where a call's outcome is put, for whoever waits for it.
type Outcome<T> = Mutex<(Option<Result<T, StoreError>>, Option<Waker>)>;

impl Held {
    pub(super) fn new(shared: bool) -> Arc<Self> {
        Arc::new(Self {
            memory: Arc::default(),
            holds: AtomicBool::new(false),
            shared,
            reads: Mutex::default(),
            calls: Mutex::default(),
        })
    }

    /// From now on calls wait, or not.
    pub(super) fn hold(&self, holds: bool) {
        self.holds.store(holds, Ordering::Relaxed);
    }

    /// Lets a call go; false when it went before.
    pub(super) fn let_go(&self, index: usize, fate: Fate) -> bool {
        let call = self.calls.lock().get_mut(index).and_then(Option::take);
        call.map(|call| call(fate)).is_some()
    }

    /// How many calls there were.
    pub(super) fn count(&self) -> usize {
        self.calls.lock().len()
    }

    pub(super) fn read_count(&self) -> usize {
        self.reads.lock().len()
    }

    fn call<'a, T: Send + 'static>(
        &'a self,
        work: impl FnOnce(&MemoryStore) -> Result<T, StoreError> + Send + 'static,
    ) -> Answer<'a, T> {
        let slot: Arc<Outcome<T>> = Arc::default();
        let (memory, answer) = (self.memory.clone(), slot.clone());
        let call: Call = Box::new(move |fate| {
            let uncertain = || Err(StoreError::Uncertain("the line was cut".into()));
            let outcome = match fate {
                Fate::Done => work(&memory),
                Fate::DoneUncertain => work(&memory).and_then(|_| uncertain()),
                Fate::LostUncertain => uncertain(),
            };
            let mut answer = answer.lock();
            answer.0 = Some(outcome);
            let waker = answer.1.take();
            drop(answer);
            waker.into_iter().for_each(Waker::wake);
        });
        self.calls.lock().push(Some(call));
        if !self.holds.load(Ordering::Relaxed) {
            self.let_go(self.count() - 1, Fate::Done);
        }
        Box::pin(std::future::poll_fn(move |context| {
            let mut slot = slot.lock();
            match slot.0.take() {
                Some(outcome) => Poll::Ready(outcome),
                None => {
                    slot.1 = Some(context.waker().clone());
                    Poll::Pending
                }
            }
        }))
    }
}

fn now<T>(answer: Answer<'_, T>) -> Result<T, StoreError> {
    futures_util::FutureExt::now_or_never(answer).unwrap()
}

macro_rules! held {
    ($($name:ident($($argument:ident: $type:ty),*) -> $answer:ty;)*) => {
        $(fn $name(&self, $($argument: $type),*) -> Answer<'_, $answer> {
            self.call(move |memory| now(memory.$name($($argument),*)))
        })*
    };
}

impl KeyStore for Held {
    crate::key_calls!(held);
}

crate::hand_on_inbox!(Held, |held| held.memory);
crate::hand_on_chat!(Held, |held| held.memory);
crate::hand_on_receipts!(Held, |held| held.memory);

impl People for Held {
    crate::people_calls!(held);
}

impl Store for Held {
    fn read(&self, room: RoomKey, page: Page, limit: usize) -> Answer<'_, Stretch> {
        self.reads.lock().push((page, limit));
        self.call(move |memory| now(memory.read(room, page, limit)))
    }
    fn backup<'a>(&'a self, to: &'a Path) -> Answer<'a, ()> {
        self.memory.backup(to)
    }
    fn is_shared(&self) -> bool {
        self.shared
    }
    crate::calls_beside_logs!(held);
    crate::calls_about_logs!(held);
    held! {
        append(entries: Vec<(Entry, Keep)>, once: Option<Once>) -> Appended;
        append_one(entry: Entry, keep: Keep) -> Arc<Entry>;
        entries_of(user: UserId, after: Option<(RoomKey, Offset)>, limit: usize) -> Vec<Arc<Entry>>;
        audit(act: AuditAct) -> AuditRecord;
        health() -> ();
    }
}
