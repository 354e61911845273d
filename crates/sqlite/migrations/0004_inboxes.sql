-- Notifications. What one user has is an item of theirs; what went to a room's members, a role or everyone is one broadcast for all, and an
-- item too for each user who changed something of it.

-- Inboxes that are known. `since`, `seen_up_to` and `read_up_to` are numbers of broadcasts.
CREATE TABLE inboxes (
    user TEXT NOT NULL PRIMARY KEY,
    since INTEGER NOT NULL, -- the last of before it was known
    unread INTEGER NOT NULL, -- of the user's own, by what is written in the items
    revision INTEGER NOT NULL,
    seen_up_to INTEGER NOT NULL,
    seen_at INTEGER,
    read_up_to INTEGER NOT NULL,
    read_at INTEGER,
    sum INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE items (
    user TEXT NOT NULL,
    id BLOB NOT NULL, -- UUID, 16 bytes, beginning with the time
    number INTEGER, -- of the broadcast whose state this is; NULL for the user's own
    bucket INTEGER NOT NULL, -- severity, read, archived and snoozed as one number, for lists of any filter; 32 for a deleted broadcast
    category TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER, -- of the user's own
    seen_at INTEGER,
    read_at INTEGER,
    archived_at INTEGER,
    snoozed_until INTEGER,
    due_at INTEGER, -- when time changes it: the first of snoozed_until and expires_at
    dedupe BLOB, -- SHA-256 of the key
    content TEXT, -- JSON; NULL for a broadcast
    content_sum INTEGER NOT NULL, -- over user, id, number, category, created_at, expires_at, content
    state_sum INTEGER NOT NULL, -- over user, id, bucket and the four times
    PRIMARY KEY (user, id)
) STRICT, WITHOUT ROWID;

-- A list of any filter is a merge of a few stretches of one of these two.
CREATE INDEX items_by_bucket ON items (user, bucket, id, number, due_at);
CREATE INDEX items_by_category ON items (user, category, bucket, id, number, due_at) WHERE category IS NOT NULL;
CREATE INDEX items_unseen ON items (user, id) WHERE seen_at IS NULL;
-- What time has changed: in one inbox, for the counters, and in all, for settling.
CREATE INDEX items_due_of_user ON items (user, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX items_due ON items (due_at) WHERE due_at IS NOT NULL;
CREATE UNIQUE INDEX items_by_key ON items (user, dedupe) WHERE dedupe IS NOT NULL;
-- For receipts, and for letting the old ones go.
CREATE INDEX items_by_id ON items (id, user, number, bucket);
-- For letting a broadcast go, and for counting those of which a user has a state.
CREATE INDEX items_of_broadcast ON items (number) WHERE number IS NOT NULL;
CREATE INDEX items_touched ON items (user, number, bucket, snoozed_until) WHERE number IS NOT NULL;

CREATE TABLE broadcasts (
    number INTEGER NOT NULL PRIMARY KEY, -- in the order in which they came
    id BLOB NOT NULL UNIQUE,
    audience TEXT NOT NULL, -- `room:orders`, `role:admin`, `everyone`
    severity INTEGER NOT NULL,
    category TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    dedupe BLOB,
    content TEXT NOT NULL,
    sum INTEGER NOT NULL
) STRICT;

CREATE INDEX broadcasts_by_number ON broadcasts (audience, number, created_at, expires_at);
CREATE INDEX broadcasts_by_severity ON broadcasts (audience, severity, id, number, created_at, expires_at);
CREATE INDEX broadcasts_by_category ON broadcasts (audience, category, severity, id, number, created_at, expires_at)
    WHERE category IS NOT NULL;
CREATE INDEX broadcasts_order ON broadcasts (number, id);
CREATE INDEX broadcasts_expiring ON broadcasts (expires_at) WHERE expires_at IS NOT NULL;
CREATE UNIQUE INDEX broadcasts_by_key ON broadcasts (audience, dedupe) WHERE dedupe IS NOT NULL;

-- The number of the last broadcast that ever was, and how many came and went.
CREATE TABLE broadcasting (
    singleton INTEGER NOT NULL PRIMARY KEY CHECK (singleton = 1),
    last INTEGER NOT NULL,
    changes INTEGER NOT NULL
) STRICT;
INSERT INTO broadcasting (singleton, last, changes) VALUES (1, 0, 0);

CREATE TABLE preferences (
    user TEXT NOT NULL PRIMARY KEY,
    data TEXT NOT NULL,
    revision INTEGER NOT NULL,
    sum INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE scheduled (
    id BLOB NOT NULL PRIMARY KEY,
    next_at INTEGER NOT NULL, -- when it is due, or when the lease of whoever has it ends
    due_at INTEGER NOT NULL,
    user TEXT, -- whom alone it is about
    data TEXT NOT NULL,
    sum INTEGER NOT NULL -- without next_at
) STRICT, WITHOUT ROWID;
CREATE INDEX scheduled_next ON scheduled (next_at);
CREATE INDEX scheduled_of_user ON scheduled (user) WHERE user IS NOT NULL;
