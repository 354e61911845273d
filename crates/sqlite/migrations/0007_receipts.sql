-- Receipts: of which entries somebody wants to know to whom they came, and what is known of it.

CREATE TABLE tracked (
    id BLOB NOT NULL PRIMARY KEY, -- of the entry, or of the notification; UUID, 16 bytes, beginning with the time
    until INTEGER NOT NULL, -- when its receipts go
    notification INTEGER NOT NULL, -- 1: who has seen and read it, inboxes know
    sum INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX tracked_until ON tracked (until);

-- Whom it is meant for, or who has it.
CREATE TABLE receipts (
    id BLOB NOT NULL,
    user TEXT NOT NULL,
    seen_at INTEGER,
    read_at INTEGER,
    sum INTEGER NOT NULL,
    PRIMARY KEY (id, user)
) STRICT, WITHOUT ROWID;
CREATE INDEX receipts_of_user ON receipts (user, id);

-- On what; each has its receipt.
CREATE TABLE deliveries (
    id BLOB NOT NULL,
    user TEXT NOT NULL,
    device TEXT NOT NULL,
    client_type TEXT,
    at INTEGER NOT NULL,
    sum INTEGER NOT NULL,
    PRIMARY KEY (id, user, device)
) STRICT, WITHOUT ROWID;
