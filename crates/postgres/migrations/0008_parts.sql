-- What was asked for once, for several users, is a row each: called off by this id, all of them are.
ALTER TABLE tidings_scheduled ADD COLUMN part_of bytea;
CREATE INDEX tidings_scheduled_parts ON tidings_scheduled (part_of) WHERE part_of IS NOT NULL;
