-- When people were last seen, and what the back end was last told of them.
CREATE TABLE people (
    user TEXT NOT NULL PRIMARY KEY,
    last_seen INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    server TEXT, -- servers.id: where they are online; NULL for who is offline
    sum INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- For finding whose server is gone.
CREATE INDEX people_online ON people (server) WHERE server IS NOT NULL;

-- Servers that were there, each with its lease; one that is wrong only costs an event, so there is no sum.
CREATE TABLE servers (
    id TEXT NOT NULL PRIMARY KEY,
    renewed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
