-- By what messages are found: tokens (core/src/search/tokens.rs), hashes of words, and no words. PostgreSQL never takes a key out of a GIN index again, so
-- what is a key there must not be a word that somebody said.

CREATE TABLE tidings_search (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- the order in which messages came
    room bigint NOT NULL,
    "offset" bigint NOT NULL, -- its entry's
    time bigint NOT NULL, -- its entry's
    tokens bigint[] NOT NULL,
    UNIQUE (room, "offset")
);
-- Without a list of what is pending: it would have to be looked through with every search.
CREATE INDEX tidings_search_tokens ON tidings_search USING gin (tokens) WITH (fastupdate = off);
CREATE INDEX tidings_search_room ON tidings_search (room, number);
CREATE INDEX tidings_search_time ON tidings_search (time, number);

-- Samples of what is in a column outlive an erasure.
ALTER TABLE tidings_search ALTER COLUMN tokens SET STATISTICS 0;
