//! Finding messages by their words, in rooms that the searcher may read, and in no others.

use futures_util::future::try_join_all;
use hashbrown::HashSet;
use tidings_protocol::{
    EntryId, Fault, RoomName, UserId,
    chat::{HITS_MAX, SearchHit, SearchOrder, SearchPage, SearchRequest, SnippetPart},
};

use super::{Tidings, chat::Author, unavailable};
use crate::{
    Entry, RoomKey,
    access::{self, Act},
    search::{Hits, Query, snippet, text_of},
    store::{
        Erased,
        search::{Candidate, Found, ROOMS_MAX, Search},
    },
};

/// Messages of a page when nobody says how many.
const HITS: u16 = 20;
/// Bytes of data in one page: whoever finds large messages gets fewer of them, but at least one.
const PAGE_BYTES_MAX: usize = 512 << 10;
/// How many of the newest that have the words are compared where the best are asked for.
const BEST_OF: usize = 500;
/// How often one search asks the store, and for how many candidates at a time: each time is bounded, and so is the search.
const TURNS_MAX: usize = 4;
const CANDIDATES_AT_ONCE: usize = 250;
/// After so many milliseconds it does not ask again.
const PATIENCE_MS: u64 = 30;
/// Of the rooms that a user may read without being a member, so many are looked through.
const OPEN_ROOMS_MAX: usize = 2_000;

/// A message that has the words.
struct Hit {
    number: u64,
    room: RoomKey,
    id: EntryId,
    bytes: usize,
    hits: Hits,
}

impl Tidings {
    /// Messages that have all the words of a query. The work is bounded, so a page may be short, or empty, and yet say where to go on.
    ///
    /// In all rooms of a user are those of which they are a member and, of the rooms that began last, those that they may read without; at most
    /// [`ROOMS_MAX`] together. What was sealed is not found.
    ///
    /// # Errors
    /// `invalid_request` for too long a query; `forbidden` and `not_found` for the room; `unavailable`.
    pub async fn search(&self, searcher: Author<'_>, asked: SearchRequest) -> Result<SearchPage, Fault> {
        let query = Query::parse(&asked.query).map_err(|why| Fault::invalid("query", why.to_string()))?;
        let limit = asked.limit.unwrap_or(HITS);
        if !(1..=HITS_MAX).contains(&limit) {
            return Err(Fault::invalid("limit", "expected a number from 1 to 100"));
        }
        let expected = "expected the next_cursor of the page before";
        let before = asked.cursor.map(|cursor| cursor.parse()).transpose();
        let before = before.map_err(|_| Fault::invalid("cursor", expected))?;
        let rooms = self.rooms_to_search(searcher, asked.room.as_ref()).await?;
        let Some(query) = query.filter(|_| rooms.as_ref().is_none_or(|rooms| !rooms.is_empty())) else {
            return Ok(SearchPage { items: Vec::new(), next_cursor: None });
        };
        let is_best = asked.order == Some(SearchOrder::Best);
        let limit = usize::from(limit);
        let wanted = if is_best { BEST_OF } else { limit };
        let (tokens, from) = (query.tokens(), asked.from);
        let (since, until) = (asked.since, asked.until);
        let search = Search { tokens, rooms, from, since, until, before, limit: wanted };
        let (mut hits, next) = self.gather(&query, search, wanted).await?;
        if is_best {
            // What fits as well stays in its order, the newest first.
            hits.sort_by(|a, b| a.hits.cmp_best(&b.hits));
            hits.truncate(limit);
        }
        let shortened = shorten(&mut hits);
        let items = self.shown(&query, searcher.user(), hits).await?;
        let next = shortened.or(next).filter(|_| !is_best);
        Ok(SearchPage { items, next_cursor: next.map(|number| number.to_string()) })
    }

    /// The rooms that a searcher may read; none for all.
    async fn rooms_to_search(
        &self,
        searcher: Author<'_>,
        room: Option<&RoomName>,
    ) -> Result<Option<Vec<RoomKey>>, Fault> {
        if let Some(room) = room {
            let key = self.known(room.clone(), "room")?;
            if let Author::User(identity) = searcher {
                self.may(identity, Act::Search, room).await?;
            }
            return Ok(Some(vec![key]));
        }
        let Author::User(identity) = searcher else { return Ok(None) };
        let may = |room: &RoomName, is_member| {
            access::decide(&self.kinds, identity, Act::Search, room, is_member).is_ok()
        };
        let mut names: Vec<RoomName> = Vec::new();
        if !identity.anonymous {
            let own = self.store.rooms_of(identity.user.clone(), None, ROOMS_MAX);
            let own = own.await.map_err(unavailable)?.into_iter().map(|(room, _)| room);
            names.extend(own.filter(|room| may(room, true)));
        }
        let known: HashSet<RoomName> = names.iter().cloned().collect();
        let open = self.store.rooms_with_messages(OPEN_ROOMS_MAX).await.map_err(unavailable)?;
        let open = open.into_iter().filter_map(|key| key.name().cloned());
        names.extend(open.filter(|room| !known.contains(room) && may(room, false)));
        names.truncate(ROOMS_MAX);
        Ok(Some(names.into_iter().map(RoomKey::Named).collect()))
    }

    /// So many messages that have the words, the newest first, and where to go on.
    async fn gather(
        &self,
        query: &Query,
        mut search: Search,
        wanted: usize,
    ) -> Result<(Vec<Hit>, Option<u64>), Fault> {
        let begun = self.clock.monotonic();
        let mut hits: Vec<Hit> = Vec::new();
        for _ in 0..TURNS_MAX {
            search.limit = (wanted - hits.len()).saturating_mul(2).clamp(20, CANDIDATES_AT_ONCE);
            let Found { candidates, next } = self.store.search(search.clone()).await.map_err(unavailable)?;
            let last = candidates.last().map(|last| last.number);
            for Candidate { number, entry } in candidates {
                let Some(found) = found_in(query, &entry) else { continue };
                let (room, id, bytes) = (entry.room.clone(), entry.id, entry.data.as_str().len());
                hits.push(Hit { number, room, id, bytes, hits: found });
                if hits.len() == wanted {
                    let is_last = next.is_none() && last == Some(number);
                    return Ok((hits, Some(number).filter(|_| !is_last)));
                }
            }
            search.before = next;
            let is_late = self.clock.monotonic().since(begun).as_millis() as u64 > PATIENCE_MS;
            if next.is_none() || is_late {
                break;
            }
        }
        Ok((hits, search.before))
    }

    /// Messages as they stand now, with what is shown of them; without those that do not say it any more.
    async fn shown(
        &self,
        query: &Query,
        viewer: Option<&UserId>,
        hits: Vec<Hit>,
    ) -> Result<Vec<SearchHit>, Fault> {
        let read = |hit: &Hit| self.store.message(hit.room.clone(), hit.id, viewer.cloned());
        let messages = try_join_all(hits.iter().map(read)).await.map_err(unavailable)?;
        let mut items = Vec::with_capacity(messages.len());
        for message in messages.into_iter().flatten() {
            let Some(room) = message.entry.room.name().cloned() else { continue };
            let Some(text) = text_of(&message.entry.data).filter(|_| message.deleted_at.is_none()) else {
                continue;
            };
            let Some(hits) = query.found_in(&text) else { continue };
            let part = |(text, hit): (String, bool)| SnippetPart { text, hit };
            items.push(SearchHit {
                snippet: snippet(&text, &hits).into_iter().map(part).collect(),
                message: super::chat::shown::message(&room, message),
            });
        }
        Ok(items)
    }
}

/// Where a message says what is looked for, if it does: an index only knows that it may.
fn found_in(query: &Query, entry: &Entry) -> Option<Hits> {
    if entry.r#type.as_str() == Erased::ENTRY_TYPE {
        return None;
    }
    query.found_in(&text_of(&entry.data)?)
}

/// Leaves away what is too much for one page; where to go on then.
fn shorten(hits: &mut Vec<Hit>) -> Option<u64> {
    let mut bytes = 0;
    let fits = |hit: &&Hit| {
        bytes += hit.bytes;
        bytes <= PAGE_BYTES_MAX
    };
    let count = hits.iter().take_while(fits).count().max(1);
    if count >= hits.len() {
        return None;
    }
    hits.truncate(count);
    hits.last().map(|last| last.number)
}
