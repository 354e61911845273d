-- Chat. What a message says is the data of its entry, and nowhere else; here is what makes a message of it. All that belongs to one is kept by the
-- message's place, so that it goes with the entry by one range. Whoever acts in a room locks the room's row first.

ALTER TABLE tidings_rooms
    ADD COLUMN messages bigint NOT NULL DEFAULT 0, -- number of the last message that ever was
    ADD COLUMN gone bigint NOT NULL DEFAULT 0; -- number of the last one that retention took

CREATE TABLE tidings_messages (
    room bigint NOT NULL,
    "offset" bigint NOT NULL, -- its entry's
    time bigint NOT NULL, -- its entry's, by which the entry's partition is found
    id bytea NOT NULL, -- its entry's
    number bigint NOT NULL, -- 1, 2, 3, … in the room
    thread bytea NOT NULL, -- id of the thread's first message; empty for none
    reply_to bytea,
    replies bigint NOT NULL DEFAULT 0, -- how many have its id as their thread
    edited_at bigint,
    deleted_at bigint,
    pinned_at bigint,
    pinned_by text COLLATE "C",
    PRIMARY KEY (room, "offset")
) WITH (fillfactor = 90);
-- With the room in it, so that no plan looks through a large room for one message.
CREATE INDEX tidings_messages_id ON tidings_messages (id, room);
-- Pages of one thread, and of what is in none.
CREATE INDEX tidings_messages_thread ON tidings_messages (room, thread, "offset");
CREATE INDEX tidings_messages_pinned ON tidings_messages (room, "offset") WHERE pinned_at IS NOT NULL;
CREATE INDEX tidings_messages_pinned_by ON tidings_messages (pinned_by) WHERE pinned_by IS NOT NULL;

-- Up to where users have read. `number` is the message's at `offset`.
CREATE TABLE tidings_chat_marks (
    user_id text COLLATE "C" NOT NULL,
    room bigint NOT NULL,
    "offset" bigint NOT NULL,
    number bigint NOT NULL,
    at bigint NOT NULL,
    private boolean NOT NULL,
    revision bigint NOT NULL,
    PRIMARY KEY (user_id, room)
) WITH (fillfactor = 70);
CREATE INDEX tidings_chat_marks_room ON tidings_chat_marks (room, user_id);

-- Whom a message mentions; `open` while they have not read it.
CREATE TABLE tidings_chat_mentions (
    room bigint NOT NULL,
    "offset" bigint NOT NULL,
    user_id text COLLATE "C" NOT NULL,
    open boolean NOT NULL DEFAULT true,
    PRIMARY KEY (room, "offset", user_id)
);
CREATE INDEX tidings_chat_mentions_user ON tidings_chat_mentions (user_id);
CREATE INDEX tidings_chat_mentions_open ON tidings_chat_mentions (user_id, room, "offset") WHERE open;

CREATE TABLE tidings_chat_reactions (
    room bigint NOT NULL,
    "offset" bigint NOT NULL,
    emoji text COLLATE "C" NOT NULL,
    user_id text COLLATE "C" NOT NULL,
    at bigint NOT NULL,
    PRIMARY KEY (room, "offset", emoji, user_id)
);
-- For the first users of each.
CREATE INDEX tidings_chat_reactions_first ON tidings_chat_reactions (room, "offset", emoji, at, user_id);
CREATE INDEX tidings_chat_reactions_user ON tidings_chat_reactions (user_id);

-- How many there are of each, or 0: a message may have a hundred thousand.
CREATE TABLE tidings_chat_reaction_counts (
    room bigint NOT NULL,
    "offset" bigint NOT NULL,
    emoji text COLLATE "C" NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (room, "offset", emoji)
) WITH (fillfactor = 70);

-- What messages said before.
CREATE TABLE tidings_chat_versions (
    room bigint NOT NULL,
    "offset" bigint NOT NULL,
    number bigint NOT NULL, -- 1, 2, 3, …
    sender text COLLATE "C", -- the message's
    until bigint NOT NULL,
    data text NOT NULL,
    PRIMARY KEY (room, "offset", number)
);
CREATE INDEX tidings_chat_versions_sender ON tidings_chat_versions (sender) WHERE sender IS NOT NULL;

-- By the room's text: a room may be muted before there is anything in it.
CREATE TABLE tidings_chat_mutes (
    user_id text COLLATE "C" NOT NULL,
    room text COLLATE "C" NOT NULL,
    until bigint, -- NULL for good
    PRIMARY KEY (user_id, room)
);
CREATE INDEX tidings_chat_mutes_room ON tidings_chat_mutes (room);

-- Statistics are samples of what is in a column, which an erasure does not reach: of users and their words there are none.
ALTER TABLE tidings_messages ALTER COLUMN pinned_by SET STATISTICS 0;
ALTER TABLE tidings_chat_marks ALTER COLUMN user_id SET STATISTICS 0;
ALTER TABLE tidings_chat_mentions ALTER COLUMN user_id SET STATISTICS 0;
ALTER TABLE tidings_chat_reactions ALTER COLUMN user_id SET STATISTICS 0;
ALTER TABLE tidings_chat_versions ALTER COLUMN sender SET STATISTICS 0, ALTER COLUMN data SET STATISTICS 0;
ALTER TABLE tidings_chat_mutes ALTER COLUMN user_id SET STATISTICS 0;
