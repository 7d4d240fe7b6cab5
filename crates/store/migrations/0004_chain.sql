-- The audit log's chain: a row for every event, in the order in which they were recorded. Each hash covers the event, its case
-- and the hash before it, so that no row can be changed, left out or put in between without all that follow changing too.
CREATE TABLE chain (
    position INTEGER PRIMARY KEY,
    case_id  TEXT    NOT NULL,
    seq      INTEGER NOT NULL,
    hash     TEXT    NOT NULL,
    UNIQUE (case_id, seq)
) STRICT;

CREATE TRIGGER chain_is_not_edited BEFORE UPDATE ON chain
BEGIN SELECT RAISE(ABORT, 'the chain only grows'); END;

CREATE TRIGGER chain_is_not_deleted BEFORE DELETE ON chain
BEGIN SELECT RAISE(ABORT, 'the chain only grows'); END;
