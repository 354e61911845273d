//! `GET /v1/rooms/{room}/messages`: what a room keeps, page by page, in either direction. With `type=chat_message` its chat, see [`super::chat`].

use std::{str::FromStr, sync::Arc};

use axum::{extract::Request, response::Response};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use tidings_core::store::{Page, Stretch};
use tidings_protocol::{Epoch, Fault, Offset};

use super::{answer::Answer, chat, endpoint::Outcome, page, path, query::Query};
use crate::{App, live::commands};

/// Gives a back end a page of any room.
pub(crate) async fn get(app: Arc<App>, mut request: Request) -> Outcome {
    if chat::is_asked(Query::of(request.uri()))? {
        return chat::messages(app, request).await;
    }
    let room = path::room(&mut request).await?;
    let asked = Asked::of(Query::of(request.uri()))?;
    let stretch = app.tidings.history(&room, asked.page, asked.epoch.as_ref(), asked.limit).await?;
    Ok(asked.answer(&stretch))
}

/// Which page is asked for.
pub(super) struct Asked {
    pub(super) page: Page,
    pub(super) epoch: Option<Epoch>,
    pub(super) limit: usize,
}

impl Asked {
    /// Reads `before`, `after`, `epoch`, `limit` and `cursor`; without any of them the newest page is meant.
    ///
    /// # Errors
    /// `invalid_request` with the one that is wrong.
    pub(super) fn of(query: Query<'_>) -> Result<Self, Fault> {
        let offset = |name| query.one::<u64>(name, "an offset: a whole number, not negative");
        let (before, after) = (offset("before")?.map(Offset), offset("after")?.map(Offset));
        let epoch = query.one::<String>("epoch", "an epoch")?.map(|epoch| Epoch(epoch.into()));
        let limit = page::limit(query)?;
        let cursor = query.one::<Cursor>("cursor", "the next_cursor of the page before")?;
        match (before, after, cursor) {
            (Some(_), Some(_), _) => Err(Fault::invalid("before", "expected either before or after")),
            (None, None, Some(Cursor { page, epoch: begun })) => match epoch {
                None => Ok(Self { page, epoch: Some(begun), limit }),
                Some(_) => Err(Fault::invalid("epoch", "the cursor knows it: expected only one of them")),
            },
            (.., Some(_)) => {
                Err(Fault::invalid("cursor", "the cursor knows where: expected only one of them"))
            }
            (before, after, None) => Ok(Self { page: commands::page(before, after), epoch, limit }),
        }
    }

    /// What is answered: entries as clients see them, their data as it came.
    pub(super) fn answer(&self, stretch: &Stretch) -> Response {
        Answer::fresh(write(stretch, self.page))
    }
}

/// The JSON of `tidings_protocol::http::Messages`, by hand: entries are most of what is ever read.
fn write(stretch: &Stretch, page: Page) -> Vec<u8> {
    let size: usize = stretch.entries.iter().map(|entry| entry.data.as_str().len() + 256).sum();
    let mut out = Vec::with_capacity(size + 128);
    out.extend_from_slice(b"{\"items\":[");
    for (place, entry) in stretch.entries.iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        entry.message().write_json(&mut out);
    }
    let epoch = &stretch.head.epoch;
    let cursor = stretch.further(page).map(|page| Cursor { page, epoch: epoch.clone() }.text());
    // Base64 has no character that JSON would escape; an epoch might.
    let cursor = cursor.map_or("null".into(), |cursor| format!("\"{cursor}\""));
    let epoch = serde_json::Value::from(&*epoch.0);
    let (offset, oldest) = (stretch.head.offset, stretch.oldest);
    let rest =
        format!("],\"next_cursor\":{cursor},\"epoch\":{epoch},\"offset\":{offset},\"oldest\":{oldest}}}");
    out.extend_from_slice(rest.as_bytes());
    out
}

/// Where the next page begins, and in which life of the log.
#[derive(PartialEq, Debug)]
pub(super) struct Cursor {
    pub(super) page: Page,
    pub(super) epoch: Epoch,
}

impl Cursor {
    pub(super) fn text(&self) -> String {
        let (direction, offset) = match self.page {
            Page::After(offset) => ('a', offset),
            Page::Before(offset) => ('b', offset),
        };
        BASE64_URL_SAFE_NO_PAD.encode(format!("{direction}{offset}:{}", self.epoch))
    }
}

impl FromStr for Cursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(drop)?;
        let text = std::str::from_utf8(&bytes).map_err(drop)?;
        let (place, epoch) = text.split_once(':').ok_or(())?;
        let (kind, offset): (fn(Offset) -> Page, _) = match place.split_at_checked(1) {
            Some(("a", offset)) => (Page::After, offset),
            Some(("b", offset)) => (Page::Before, offset),
            _ => return Err(()),
        };
        let page = kind(Offset(offset.parse().map_err(drop)?));
        Ok(Self { page, epoch: Epoch(epoch.into()) })
    }
}

#[cfg(test)]
mod tests {
    use tidings_core::{Entry, Publication, RoomKey};
    use tidings_protocol::{EntryId, Position, Timestamp, http::Messages};

    use super::*;

    fn stretch(offsets: std::ops::Range<u64>) -> Stretch {
        let time = Timestamp::from_millis(1_763_704_800_120);
        let entry = |offset| {
            let data = serde_json::from_str(r#"{"a": 1.0}"#).unwrap();
            let from = Some("a\"b".parse().unwrap());
            let publication = Publication { r#type: "x".parse().unwrap(), data, from, except: None };
            let room = RoomKey::Named("orders".parse().unwrap());
            Arc::new(Entry::new(room, publication, EntryId::new(time), time, Some(Offset(offset))))
        };
        let head = Position { epoch: Epoch("k\"3".into()), offset: Offset(9) };
        Stretch { head, oldest: Offset(2), entries: offsets.map(entry).collect() }
    }

    #[test]
    fn what_is_written_by_hand_is_what_the_type_says() {
        for (offsets, more) in [(0..0, false), (3..4, true), (2..5, false), (3..8, true)] {
            let stretch = stretch(offsets);
            let written = write(&stretch, Page::Before(Offset(20)));
            let read: Messages = serde_json::from_slice(&written).unwrap();
            assert_eq!(serde_json::to_vec(&read).unwrap(), written);
            assert_eq!((read.items.len(), read.next_cursor.is_some()), (stretch.entries.len(), more));
        }
    }

    #[test]
    fn a_cursor_survives_its_text_and_nothing_else_is_one() {
        for page in [Page::After(Offset(0)), Page::Before(Offset(u64::MAX))] {
            let cursor = Cursor { page, epoch: Epoch("k3:xw".into()) };
            assert_eq!(cursor.text().parse(), Ok(cursor));
        }
        for bad in
            ["", "a1:e", "!", &BASE64_URL_SAFE_NO_PAD.encode("c1:e"), &BASE64_URL_SAFE_NO_PAD.encode("ü1:e")]
        {
            assert_eq!(bad.parse::<Cursor>(), Err(()), "{bad}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let path = |query: &str| {
            let uri = format!("/?{query}").parse().unwrap();
            Asked::of(Query::of(&uri)).err().and_then(|fault| fault.path)
        };
        let cursor = Cursor { page: Page::After(Offset(1)), epoch: Epoch("e".into()) }.text();
        for (query, wrong) in [
            ("before=-1".to_owned(), "before"),
            ("after=1.5".to_owned(), "after"),
            ("after=99999999999999999999".to_owned(), "after"),
            ("before=1&after=1".to_owned(), "before"),
            ("limit=0".to_owned(), "limit"),
            ("limit=1001".to_owned(), "limit"),
            ("cursor=x".to_owned(), "cursor"),
            (format!("cursor={cursor}&after=1"), "cursor"),
            (format!("cursor={cursor}&epoch=e"), "epoch"),
        ] {
            assert_eq!(path(&query).as_deref(), Some(wrong), "{query}");
        }
        assert_eq!(path(&format!("cursor={cursor}&limit=5")), None);
        assert_eq!(path("after=0&epoch=e"), None);
    }
}
