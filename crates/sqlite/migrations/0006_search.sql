-- By what messages are found. The index knows tokens (core/src/search/tokens.rs) as hexadecimal digits: hashes of words, and no words.

-- A message's place in the index. `number` is the order in which messages came. Where `room` is NULL the message is gone, and the index forgets it a few
-- at a time, which needs the tokens: it has no content of its own. First those that were erased, with offset 0. Without sums: what is found is looked
-- at again.
CREATE TABLE search (
    number INTEGER NOT NULL PRIMARY KEY,
    room INTEGER, -- rooms.id
    offset INTEGER, -- its entry's; when it is gone 0 or NULL
    time INTEGER NOT NULL,
    tokens BLOB NOT NULL -- 6 bytes each
) STRICT;
CREATE UNIQUE INDEX search_by_place ON search (room, offset) WHERE room IS NOT NULL;
CREATE INDEX search_by_time ON search (time);
CREATE INDEX search_leaving ON search (offset DESC) WHERE room IS NULL;

-- The rowid is `search.number`. What is deleted is only marked so until the index is merged (src/search/forgetting.rs): FTS5's own `secure-delete` looks for
-- each token in each segment, 14 ms a message.
CREATE VIRTUAL TABLE search_index USING fts5(tokens, content='', columnsize=0, detail=none, tokenize='ascii');
