-- Data keys, each sealed under a master key that is in no store. None is ever deleted: what it sealed may be in an archive.
CREATE TABLE tidings_data_keys (
    id bytea PRIMARY KEY, -- 16 random bytes
    scope text COLLATE "C" NOT NULL UNIQUE, -- `room:orders`; a pseudonym in the place of a user's id
    master text COLLATE "C" NOT NULL, -- id of the master key
    wrapped bytea NOT NULL
);
-- For knowing under which master keys there are any, without looking at all.
CREATE INDEX tidings_data_keys_master ON tidings_data_keys (master);
ALTER TABLE tidings_data_keys ALTER COLUMN scope SET STATISTICS 0;
