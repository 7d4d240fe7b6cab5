-- What was last observed of a case, for whoever looks from outside; made anew at any time.
CREATE TABLE snapshots (
    case_id TEXT    PRIMARY KEY REFERENCES cases (id),
    at      INTEGER NOT NULL,
    body    TEXT    NOT NULL
) STRICT;

-- What was done once outside of any case, by a key of its own.
CREATE TABLE marks (
    key TEXT    PRIMARY KEY,
    at  INTEGER NOT NULL
) STRICT;
