-- Receipts: of which entries somebody wants to know to whom they came, and what is known of it.

CREATE TABLE tidings_tracked (
    id bytea PRIMARY KEY, -- of the entry, or of the notification; UUID, beginning with the time
    until bigint NOT NULL, -- when its receipts go
    notification boolean NOT NULL -- who has seen and read it, inboxes know
);
CREATE INDEX tidings_tracked_until ON tidings_tracked (until);

-- Whom it is meant for, or who has it.
CREATE TABLE tidings_receipts (
    id bytea NOT NULL,
    user_id text COLLATE "C" NOT NULL,
    seen_at bigint,
    read_at bigint,
    PRIMARY KEY (id, user_id)
);
CREATE INDEX tidings_receipts_user ON tidings_receipts (user_id, id);

-- On what; each has its receipt.
CREATE TABLE tidings_deliveries (
    id bytea NOT NULL,
    user_id text COLLATE "C" NOT NULL,
    device text COLLATE "C" NOT NULL,
    client_type text,
    at bigint NOT NULL,
    PRIMARY KEY (id, user_id, device)
);

ALTER TABLE tidings_receipts ALTER COLUMN user_id SET STATISTICS 0;
ALTER TABLE tidings_deliveries ALTER COLUMN user_id SET STATISTICS 0, ALTER COLUMN device SET STATISTICS 0,
    ALTER COLUMN client_type SET STATISTICS 0;
