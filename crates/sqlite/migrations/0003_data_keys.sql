-- Data keys, each sealed under a master key that is in no store. None is ever deleted: what it sealed may be in an archive.
CREATE TABLE data_keys (
    id BLOB NOT NULL PRIMARY KEY, -- 16 random bytes
    scope TEXT NOT NULL UNIQUE, -- `room:orders`; a pseudonym in the place of a user's id
    master TEXT NOT NULL, -- id of the master key
    wrapped BLOB NOT NULL,
    sum INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- For knowing under which master keys there are any, without looking at all.
CREATE INDEX data_keys_by_master ON data_keys (master);
