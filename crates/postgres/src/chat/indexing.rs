//! What messages are found by: written with them, in their transaction.

use tidings_core::{Entry, search::Token};

use crate::{
    failure::Failure,
    work::{Work, int, number, numbers, text, texts},
};

/// What a batch puts into the index, as columns.
#[derive(Default)]
pub(super) struct Indexed {
    room: Vec<i64>,
    offset: Vec<i64>,
    time: Vec<i64>,
    tokens: Vec<String>,
}

impl Indexed {
    pub(super) fn add(&mut self, place: (i64, i64), message: &Entry, words: &str) {
        self.room.push(place.0);
        self.offset.push(place.1);
        self.time.push(int(message.time.millis()));
        self.tokens.push(tokens(message, words));
    }

    pub(super) async fn insert(&self, work: &Work) -> Result<(), Failure> {
        if self.room.is_empty() {
            return Ok(());
        }
        let sql = r#"INSERT INTO tidings_search (room, "offset", time, tokens)
                     SELECT room, "offset", time, tokens::bigint[]
                     FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[]) WITH ORDINALITY
                          AS new(room, "offset", time, tokens, turn) ORDER BY turn"#;
        let columns = [numbers(&self.room), numbers(&self.offset), numbers(&self.time), texts(&self.tokens)];
        work.execute(sql, &columns).await.map(drop)
    }
}

/// Has a message found by other words from now on, or by none.
pub(super) async fn change(
    work: &Work,
    place: (i64, i64),
    message: &Entry,
    words: Option<&str>,
) -> Result<(), Failure> {
    let (room, offset) = place;
    let Some(words) = words else {
        let sql = r#"DELETE FROM tidings_search WHERE room = $1 AND "offset" = $2"#;
        return work.execute(sql, &[number(&room), number(&offset)]).await.map(drop);
    };
    let sql = r#"INSERT INTO tidings_search (room, "offset", time, tokens) VALUES ($1, $2, $3, $4::bigint[])
                 ON CONFLICT (room, "offset") DO UPDATE SET tokens = EXCLUDED.tokens"#;
    let (time, tokens) = (int(message.time.millis()), tokens(message, words));
    work.execute(sql, &[number(&room), number(&offset), number(&time), text(&tokens)]).await.map(drop)
}

/// Tokens as PostgreSQL writes an array.
fn tokens(message: &Entry, words: &str) -> String {
    let tokens = Token::of_message(&message.room, message.from.as_ref(), words);
    let each: Vec<String> = tokens.into_iter().map(|token| token.number().to_string()).collect();
    format!("{{{}}}", each.join(","))
}
