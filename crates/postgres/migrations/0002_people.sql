-- When people were last seen, and what the back end was last told of them.
CREATE TABLE tidings_people (
    user_id text COLLATE "C" PRIMARY KEY,
    last_seen bigint NOT NULL,
    revision bigint NOT NULL,
    -- tidings_servers.id: where they are online; NULL for who is offline.
    server text COLLATE "C"
);
-- For finding whose server is gone.
CREATE INDEX tidings_people_server ON tidings_people (server) WHERE server IS NOT NULL;
ALTER TABLE tidings_people ALTER COLUMN user_id SET STATISTICS 0;

-- Servers that were there, each with its lease.
CREATE TABLE tidings_servers (
    id text COLLATE "C" PRIMARY KEY,
    renewed_at bigint NOT NULL
);
