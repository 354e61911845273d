-- Chat. What a message says is the data of its entry, and nowhere else; here is what makes a message of it. All that belongs to one is kept by the
-- message's place, so that it goes with the entry by one range.

CREATE TABLE messages (
    room INTEGER NOT NULL, -- rooms.id
    offset INTEGER NOT NULL, -- its entry's
    id BLOB NOT NULL, -- its entry's, UUID, 16 bytes
    number INTEGER NOT NULL, -- 1, 2, 3, … in the room
    thread BLOB NOT NULL, -- id of the thread's first message; empty for none
    reply_to BLOB,
    replies INTEGER NOT NULL, -- how many have its id as their thread
    edited_at INTEGER,
    deleted_at INTEGER,
    pinned_at INTEGER,
    pinned_by TEXT,
    sum INTEGER NOT NULL,
    PRIMARY KEY (room, offset)
) STRICT, WITHOUT ROWID;

CREATE INDEX messages_by_id ON messages (id);
-- Pages of one thread, and of what is in none.
CREATE INDEX messages_by_thread ON messages (room, thread, offset);
CREATE INDEX messages_pinned ON messages (room, offset) WHERE pinned_at IS NOT NULL;
CREATE INDEX messages_pinned_by ON messages (pinned_by) WHERE pinned_by IS NOT NULL;

-- What retention took of a room: the number of its last message that went. No row where none did.
CREATE TABLE chat_gone (
    room INTEGER NOT NULL PRIMARY KEY,
    number INTEGER NOT NULL
) STRICT;

-- Up to where users have read. `number` is the message's at `offset`.
CREATE TABLE chat_marks (
    user TEXT NOT NULL,
    room INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    number INTEGER NOT NULL,
    at INTEGER NOT NULL,
    private INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    sum INTEGER NOT NULL,
    PRIMARY KEY (user, room)
) STRICT, WITHOUT ROWID;
CREATE INDEX chat_marks_of_room ON chat_marks (room, user);

-- Whom a message mentions; `open` while they have not read it.
CREATE TABLE chat_mentions (
    room INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    user TEXT NOT NULL,
    open INTEGER NOT NULL,
    PRIMARY KEY (room, offset, user)
) STRICT, WITHOUT ROWID;
CREATE INDEX chat_mentions_of_user ON chat_mentions (user);
CREATE INDEX chat_mentions_open ON chat_mentions (user, room, offset) WHERE open = 1;

CREATE TABLE chat_reactions (
    room INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    emoji TEXT NOT NULL,
    user TEXT NOT NULL,
    at INTEGER NOT NULL,
    sum INTEGER NOT NULL,
    PRIMARY KEY (room, offset, emoji, user)
) STRICT, WITHOUT ROWID;
-- For the first users of each.
CREATE INDEX chat_reactions_first ON chat_reactions (room, offset, emoji, at, user);
CREATE INDEX chat_reactions_of_user ON chat_reactions (user);

-- How many there are of each: a message may have a hundred thousand.
CREATE TABLE chat_reaction_counts (
    room INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    emoji TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (room, offset, emoji)
) STRICT, WITHOUT ROWID;

-- What messages said before.
CREATE TABLE chat_versions (
    room INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    number INTEGER NOT NULL, -- 1, 2, 3, …
    sender TEXT, -- the message's
    until INTEGER NOT NULL,
    data TEXT NOT NULL,
    sum INTEGER NOT NULL,
    PRIMARY KEY (room, offset, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX chat_versions_of_sender ON chat_versions (sender) WHERE sender IS NOT NULL;

-- By the room's text: a room may be muted before there is anything in it.
CREATE TABLE chat_mutes (
    user TEXT NOT NULL,
    room TEXT NOT NULL,
    until INTEGER, -- NULL for good
    PRIMARY KEY (user, room)
) STRICT, WITHOUT ROWID;
CREATE INDEX chat_mutes_of_room ON chat_mutes (room);
