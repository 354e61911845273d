-- The tables of version 1. Times are milliseconds since 1970; JSON is text, so that it comes back byte by byte.
-- Texts that are sorted or searched are in the collation "C": their order must not depend on the database's locale.

CREATE TABLE tidings_meta (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    version integer NOT NULL,
    -- Epoch of logs that begin now; another one whenever a room was deleted.
    epoch text NOT NULL
);

-- Every append updates a row: room on the page keeps the update from touching the indexes.
CREATE TABLE tidings_rooms (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key text COLLATE "C" NOT NULL UNIQUE,
    epoch text NOT NULL,
    head bigint NOT NULL CHECK (head >= 0),
    data text NOT NULL DEFAULT 'null',
    created_at bigint NOT NULL
) WITH (fillfactor = 70);

CREATE TABLE tidings_entries (
    room bigint NOT NULL,
    "offset" bigint NOT NULL CHECK ("offset" > 0),
    time bigint NOT NULL,
    id bytea NOT NULL,
    type text NOT NULL,
    sender text COLLATE "C",
    data text NOT NULL,
    PRIMARY KEY (room, "offset", time)
) PARTITION BY RANGE (time);

CREATE INDEX tidings_entries_sender ON tidings_entries (sender, room, "offset") WHERE sender IS NOT NULL;

-- The safety net: what no week's partition is there for. Housekeeping moves it where it belongs.
CREATE TABLE tidings_entries_rest PARTITION OF tidings_entries DEFAULT;

CREATE TABLE tidings_members (
    room text COLLATE "C" NOT NULL,
    user_id text COLLATE "C" NOT NULL,
    role text NOT NULL,
    since bigint NOT NULL,
    PRIMARY KEY (room, user_id)
);
CREATE UNIQUE INDEX tidings_members_user ON tidings_members (user_id, room);

CREATE TABLE tidings_revocations (
    user_id text COLLATE "C" PRIMARY KEY,
    at bigint NOT NULL
);
CREATE INDEX tidings_revocations_at ON tidings_revocations (at);

-- Statistics are samples of what is in a column, which an erasure does not reach: of users and their words there are none.
ALTER TABLE tidings_rooms ALTER COLUMN key SET STATISTICS 0, ALTER COLUMN data SET STATISTICS 0;
ALTER TABLE tidings_entries ALTER COLUMN sender SET STATISTICS 0, ALTER COLUMN data SET STATISTICS 0;
ALTER TABLE tidings_entries_rest ALTER COLUMN sender SET STATISTICS 0, ALTER COLUMN data SET STATISTICS 0;
ALTER TABLE tidings_members ALTER COLUMN user_id SET STATISTICS 0;
ALTER TABLE tidings_revocations ALTER COLUMN user_id SET STATISTICS 0;

CREATE TABLE tidings_keys (
    key text COLLATE "C" PRIMARY KEY,
    print bytea NOT NULL,
    -- 24 bytes an entry: its id, and its offset with the highest byte first.
    places bytea NOT NULL,
    used_at bigint NOT NULL
);
CREATE INDEX tidings_keys_used_at ON tidings_keys (used_at);

CREATE TABLE tidings_audit (
    number bigint PRIMARY KEY,
    time bigint NOT NULL,
    actor text NOT NULL,
    act text NOT NULL,
    subject text NOT NULL,
    detail text NOT NULL,
    hash bytea NOT NULL
);

CREATE FUNCTION tidings_audit_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is only ever appended to';
END
$$;
CREATE TRIGGER tidings_audit_rows_are_final BEFORE UPDATE OR DELETE ON tidings_audit
    FOR EACH ROW EXECUTE FUNCTION tidings_audit_is_final();
CREATE TRIGGER tidings_audit_is_final BEFORE TRUNCATE ON tidings_audit
    FOR EACH STATEMENT EXECUTE FUNCTION tidings_audit_is_final();

CREATE TABLE tidings_jobs (
    name text COLLATE "C" PRIMARY KEY,
    claimed_until bigint,
    ended_at bigint,
    is_ok boolean,
    outcome text
);
