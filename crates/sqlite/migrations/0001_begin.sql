-- Everything is kept by what identifies it; no index beyond that but for what the store is asked. `sum` is a CRC-32 over the row's other
-- columns (src/sum.rs): SQLite itself does not notice a flipped bit in what it keeps.

-- What there is one of: `epoch` is the epoch of logs that begin now.
CREATE TABLE meta (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- AUTOINCREMENT: what still refers to a room that was deleted can never be taken for another one's.
CREATE TABLE rooms (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE, -- `room:orders`, `user:ada`, `everyone`
    epoch TEXT NOT NULL,
    head INTEGER NOT NULL, -- offset of the last entry that ever was
    data TEXT NOT NULL,
    created_at INTEGER NOT NULL, -- milliseconds since 1970, as all times here
    head_sum INTEGER NOT NULL, -- over key, epoch, head: written with each append
    data_sum INTEGER NOT NULL -- over data, created_at
) STRICT;

CREATE TABLE entries (
    room INTEGER NOT NULL, -- rooms.id
    offset INTEGER NOT NULL,
    id BLOB NOT NULL, -- UUID, 16 bytes
    time INTEGER NOT NULL,
    type TEXT NOT NULL,
    sender TEXT,
    data TEXT NOT NULL,
    sum INTEGER NOT NULL,
    PRIMARY KEY (room, offset)
) STRICT, WITHOUT ROWID;

CREATE TABLE members (
    room INTEGER NOT NULL, -- rooms.id
    user TEXT NOT NULL,
    role TEXT NOT NULL,
    since INTEGER NOT NULL,
    sum INTEGER NOT NULL,
    PRIMARY KEY (room, user)
) STRICT, WITHOUT ROWID;

-- For the rooms of a user: asked with every connection.
CREATE INDEX members_by_user ON members (user);

CREATE TABLE revocations (
    user TEXT NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL,
    sum INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Idempotency keys, as SHA-256: callers put users' names into them.
CREATE TABLE keys (
    key BLOB NOT NULL PRIMARY KEY,
    print BLOB NOT NULL,
    places BLOB NOT NULL, -- of each entry its id (16 bytes) and its offset (8 bytes, big-endian)
    at INTEGER NOT NULL,
    sum INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- For letting the old ones go without looking at all.
CREATE INDEX keys_by_age ON keys (at);

CREATE TABLE audit (
    number INTEGER NOT NULL PRIMARY KEY,
    time INTEGER NOT NULL,
    actor TEXT NOT NULL,
    act TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,
    hash BLOB NOT NULL
) STRICT;

CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END;

CREATE TRIGGER audit_is_not_shortened BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END;

CREATE TABLE jobs (
    name TEXT NOT NULL PRIMARY KEY,
    claimed_until INTEGER,
    ended_at INTEGER,
    report TEXT, -- JSON, when it last ended well
    trouble TEXT -- a sentence, when it did not
) STRICT, WITHOUT ROWID;
