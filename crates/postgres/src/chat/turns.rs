//! Acts that wait for their turn, room by room: those that wait together are one transaction under the room's row, for a commit costs the same
//! for one and for many, and a room's row can be held only once.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use parking_lot::Mutex;
use tidings_core::{
    Entry, RoomKey, StoreError,
    store::chat::{Act, Done, Refusal},
};
use tidings_settings::Keep;
use tokio::{
    sync::oneshot,
    time::{Duration, Instant},
};

use super::acting::{self, Stopped};
use crate::{
    failure::{Failure, Kind},
    pool::Pool,
    work::{QUICK, int},
};

/// Most acts that wait, and most bytes of theirs.
const WAITING_MAX: usize = 8_192;
const WAITING_BYTES_MAX: usize = 32 << 20;
/// Most acts that are committed together, and most bytes of theirs.
const TOGETHER_MAX: usize = 64;
const TOGETHER_BYTES_MAX: usize = 8 << 20;
/// An act waits and is committed within this: the rest of the two seconds is for the way.
const ANSWER_MAX: Duration = Duration::from_millis(1_900);
/// How often the same is tried again because another server was quicker.
const RACES_MAX: usize = 3;

/// What came of an act.
type Outcome = Result<Result<Done, Refusal>, StoreError>;

/// The acts that wait. Each room of theirs has a task that does them, which ends with the last one.
pub(crate) struct Turns {
    pool: Arc<Pool>,
    waiting: Arc<Mutex<Waiting>>,
}

#[derive(Default)]
struct Waiting {
    /// A room is here as long as its task runs.
    rooms: HashMap<RoomKey, VecDeque<Turn>>,
    acts: usize,
    bytes: usize,
}

/// One act that waits.
pub(super) struct Turn {
    pub(super) act: Act,
    /// The entry that tells it.
    pub(super) told: (Entry, Keep),
    since: Instant,
    answer: oneshot::Sender<Outcome>,
}

impl Turns {
    pub(crate) fn new(pool: &Arc<Pool>) -> Self {
        Self { pool: pool.clone(), waiting: Arc::default() }
    }

    /// Has an act wait for its turn; its outcome comes later.
    pub(super) fn push(
        &self,
        act: Act,
        entry: Entry,
        keep: Keep,
    ) -> Result<oneshot::Receiver<Outcome>, StoreError> {
        let (answer, outcome) = oneshot::channel();
        let room = entry.room.clone();
        let turn = Turn { act, told: (entry, keep), since: Instant::now(), answer };
        if self.waiting.lock().push(turn)? {
            tokio::spawn(run(self.pool.clone(), self.waiting.clone(), room));
        }
        Ok(outcome)
    }
}

impl Waiting {
    /// Whether the room has no task yet.
    fn push(&mut self, turn: Turn) -> Result<bool, StoreError> {
        let bytes = turn.bytes();
        let is_full = self.acts >= WAITING_MAX || self.bytes + bytes > WAITING_BYTES_MAX;
        if is_full && self.acts > 0 {
            let why = "too many acts in chats wait for PostgreSQL; it is slower than what is done";
            return Err(StoreError::Unavailable(why.into()));
        }
        (self.acts, self.bytes) = (self.acts + 1, self.bytes + bytes);
        let room = turn.told.0.room.clone();
        let is_new = !self.rooms.contains_key(&room);
        self.rooms.entry(room).or_default().push_back(turn);
        Ok(is_new)
    }

    /// What is next in a room, as much as is committed together; none when that was all.
    fn next(&mut self, room: &RoomKey) -> Option<Vec<Turn>> {
        let turns = self.rooms.get_mut(room)?;
        let (mut together, mut bytes) = (Vec::<Turn>::new(), 0);
        while let Some(next) = turns.front() {
            let has_space = together.len() < TOGETHER_MAX && bytes + next.bytes() <= TOGETHER_BYTES_MAX;
            // What keeps no log takes messages away, which the act behind it has to see.
            let is_of_these = next.is_for_a_log() && together.iter().all(Turn::is_for_a_log);
            let fits = together.is_empty() || has_space && is_of_these;
            if !fits {
                break;
            }
            bytes += next.bytes();
            together.extend(turns.pop_front());
        }
        (self.acts, self.bytes) = (self.acts - together.len(), self.bytes - bytes);
        if together.is_empty() {
            self.rooms.remove(room);
            return None;
        }
        Some(together)
    }

    /// All that waits in a room.
    fn rest(&mut self, room: &RoomKey) -> VecDeque<Turn> {
        let turns = self.rooms.get_mut(room).map(std::mem::take).unwrap_or_default();
        self.acts -= turns.len();
        self.bytes -= turns.iter().map(Turn::bytes).sum::<usize>();
        turns
    }
}

impl Turn {
    /// What it costs to keep it, about.
    fn bytes(&self) -> usize {
        let act = match &self.act {
            Act::Edit { data, words, .. } => {
                data.as_str().len() + words.as_ref().map_or(0, |words| words.len())
            }
            Act::Delete { tombstone, .. } => tombstone.as_str().len(),
            Act::Send(_) | Act::React { .. } | Act::Pin { .. } | Act::Read { .. } => 0,
        };
        512 + act + self.told.0.data.as_str().len()
    }

    /// When it is done, in milliseconds.
    pub(super) fn now(&self) -> i64 {
        int(self.told.0.time.millis())
    }

    fn is_for_a_log(&self) -> bool {
        matches!(self.told.1, Keep::For(_))
    }
}

/// Does what waits in a room, until that is all.
async fn run(pool: Arc<Pool>, waiting: Arc<Mutex<Waiting>>, room: RoomKey) {
    loop {
        let Some(turns) = waiting.lock().next(&room) else { return };
        let oldest = turns.iter().map(|turn| turn.since).min().unwrap_or_else(Instant::now);
        let until = (oldest + ANSWER_MAX).min(Instant::now() + QUICK);
        if let Err(failure) = take(&pool, turns, until).await
            && matches!(failure.kind, Kind::Lost | Kind::Late)
        {
            // Who waits behind would only wait for the same.
            let rest = waiting.lock().rest(&room);
            refuse(rest, &failure.into());
        }
    }
}

/// Does acts in one transaction and answers them; the failure, when it was nobody's own.
async fn take(pool: &Arc<Pool>, turns: Vec<Turn>, until: Instant) -> Result<(), Failure> {
    let mut races = 0;
    loop {
        let failure = match acting::act_all(pool, &turns, until).await {
            Ok(outcomes) => {
                for (turn, outcome) in turns.into_iter().zip(outcomes) {
                    // Whoever asked may have gone.
                    let _ = turn.answer.send(outcome.with(turn.told.0).map_err(StoreError::from));
                }
                return Ok(());
            }
            Err(Stopped::Before(failure)) => failure,
            Err(Stopped::During(error)) => {
                refuse(turns, &error);
                return Ok(());
            }
        };
        let is_own = !matches!(failure.kind, Kind::Lost | Kind::Late | Kind::Full);
        if failure.kind == Kind::Raced && races < RACES_MAX {
            races += 1;
        } else if is_own && turns.len() > 1 {
            // What is wrong with one must not take the others with it.
            for turn in turns {
                Box::pin(take(pool, vec![turn], until)).await?;
            }
            return Ok(());
        } else {
            refuse(turns, &failure.clone().into());
            return if is_own { Ok(()) } else { Err(failure) };
        }
    }
}

fn refuse(turns: impl IntoIterator<Item = Turn>, error: &StoreError) {
    for turn in turns {
        let _ = turn.answer.send(Err(error.clone()));
    }
}
