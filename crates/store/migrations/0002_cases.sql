-- Cases, and the events from which everything known of a case follows. Instants are microseconds since 1970, UTC.
CREATE TABLE cases (
    id        TEXT    PRIMARY KEY,
    year      INTEGER NOT NULL,
    number    INTEGER NOT NULL,
    project   TEXT    NOT NULL,
    issue     INTEGER NOT NULL,
    opened_at INTEGER NOT NULL,
    UNIQUE (year, number)
) STRICT;

CREATE TABLE events (
    case_id TEXT    NOT NULL REFERENCES cases (id),
    seq     INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    body    TEXT    NOT NULL,
    PRIMARY KEY (case_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER events_are_not_edited BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'events only grow'); END;

CREATE TRIGGER events_are_not_deleted BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'events only grow'); END;
