-- Notifications. What one user has is an item of theirs; what went to a room's members, a role or everyone is one broadcast for all, and an
-- item too for each user who changed something of it.

-- Inboxes that are known. `since`, `seen_up_to` and `read_up_to` are numbers of broadcasts. Whoever changes something of an inbox
-- locks its row first.
CREATE TABLE tidings_inboxes (
    user_id text COLLATE "C" PRIMARY KEY,
    since bigint NOT NULL, -- the last of before it was known
    unread bigint NOT NULL DEFAULT 0, -- of the user's own, by what is written in the items
    revision bigint NOT NULL DEFAULT 0,
    seen_up_to bigint NOT NULL DEFAULT 0,
    seen_at bigint,
    read_up_to bigint NOT NULL DEFAULT 0,
    read_at bigint
) WITH (fillfactor = 70);

CREATE TABLE tidings_items (
    user_id text COLLATE "C" NOT NULL,
    id bytea NOT NULL, -- UUID, beginning with the time
    number bigint, -- of the broadcast whose state this is; NULL for the user's own
    bucket bigint NOT NULL, -- severity, read, archived and snoozed as one number, for lists of any filter; 32 for a deleted broadcast
    category text COLLATE "C",
    created_at bigint NOT NULL,
    expires_at bigint, -- of the user's own
    seen_at bigint,
    read_at bigint,
    archived_at bigint,
    snoozed_until bigint,
    due_at bigint, -- when time changes it: the first of snoozed_until and expires_at
    dedupe bytea, -- SHA-256 of the key
    content text, -- JSON; NULL for a broadcast
    PRIMARY KEY (user_id, id)
);

-- A list of any filter is a merge of a few stretches of one of these two.
CREATE INDEX tidings_items_bucket ON tidings_items (user_id, bucket, id) INCLUDE (number, due_at);
CREATE INDEX tidings_items_category ON tidings_items (user_id, category, bucket, id) INCLUDE (number, due_at) WHERE category IS NOT NULL;
CREATE INDEX tidings_items_unseen ON tidings_items (user_id, id) WHERE seen_at IS NULL;
-- What time has changed: in one inbox, for the counters, and in all, for settling.
CREATE INDEX tidings_items_due_of_user ON tidings_items (user_id, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX tidings_items_due ON tidings_items (due_at) WHERE due_at IS NOT NULL;
CREATE UNIQUE INDEX tidings_items_key ON tidings_items (user_id, dedupe) WHERE dedupe IS NOT NULL;
-- For receipts, and for letting the old ones go.
CREATE INDEX tidings_items_id ON tidings_items (id, user_id);
-- For letting a broadcast go, and for counting those of which a user has a state.
CREATE INDEX tidings_items_broadcast ON tidings_items (number) WHERE number IS NOT NULL;
CREATE INDEX tidings_items_touched ON tidings_items (user_id, number) WHERE number IS NOT NULL;

CREATE TABLE tidings_broadcasts (
    number bigint PRIMARY KEY, -- in the order in which they became visible
    id bytea NOT NULL UNIQUE,
    audience text COLLATE "C" NOT NULL, -- `room:orders`, `role:admin`, `everyone`
    severity bigint NOT NULL,
    category text COLLATE "C",
    created_at bigint NOT NULL,
    expires_at bigint,
    dedupe bytea,
    content text NOT NULL
);
CREATE INDEX tidings_broadcasts_number ON tidings_broadcasts (audience, number) INCLUDE (created_at, expires_at);
CREATE INDEX tidings_broadcasts_severity ON tidings_broadcasts (audience, severity, id);
CREATE INDEX tidings_broadcasts_category ON tidings_broadcasts (audience, category, severity, id) WHERE category IS NOT NULL;
CREATE INDEX tidings_broadcasts_expiring ON tidings_broadcasts (expires_at) WHERE expires_at IS NOT NULL;
CREATE UNIQUE INDEX tidings_broadcasts_key ON tidings_broadcasts (audience, dedupe) WHERE dedupe IS NOT NULL;

-- The number of the last broadcast that ever was, and how many came and went. Its lock makes numbers become visible in their order.
CREATE TABLE tidings_broadcasting (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    last bigint NOT NULL,
    changes bigint NOT NULL
) WITH (fillfactor = 10);
INSERT INTO tidings_broadcasting (last, changes) VALUES (0, 0);

CREATE TABLE tidings_preferences (
    user_id text COLLATE "C" PRIMARY KEY,
    data text NOT NULL,
    revision bigint NOT NULL
);

CREATE TABLE tidings_scheduled (
    id bytea PRIMARY KEY,
    next_at bigint NOT NULL, -- when it is due, or when the lease of whoever has it ends
    due_at bigint NOT NULL,
    user_id text COLLATE "C", -- whom alone it is about
    data text NOT NULL
);
CREATE INDEX tidings_scheduled_next ON tidings_scheduled (next_at);
CREATE INDEX tidings_scheduled_user ON tidings_scheduled (user_id) WHERE user_id IS NOT NULL;

-- Statistics are samples of what is in a column, which an erasure does not reach: of users and their words there are none.
ALTER TABLE tidings_inboxes ALTER COLUMN user_id SET STATISTICS 0;
ALTER TABLE tidings_items ALTER COLUMN user_id SET STATISTICS 0, ALTER COLUMN content SET STATISTICS 0,
    ALTER COLUMN category SET STATISTICS 0;
ALTER TABLE tidings_preferences ALTER COLUMN user_id SET STATISTICS 0, ALTER COLUMN data SET STATISTICS 0;
ALTER TABLE tidings_scheduled ALTER COLUMN user_id SET STATISTICS 0, ALTER COLUMN data SET STATISTICS 0;
