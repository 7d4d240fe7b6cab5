-- Deliveries of the forges, each stored before it is answered. Instants are microseconds since 1970, UTC.
CREATE TABLE inbox (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    connection  TEXT    NOT NULL,
    delivery_id TEXT    NOT NULL,
    event       TEXT    NOT NULL,
    body        BLOB    NOT NULL,
    received_at INTEGER NOT NULL,
    finished_at INTEGER,
    UNIQUE (connection, delivery_id)
) STRICT;

CREATE INDEX inbox_pending ON inbox (id) WHERE finished_at IS NULL;
