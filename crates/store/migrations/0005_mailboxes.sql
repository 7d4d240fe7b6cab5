-- How far each mailbox was read. A server that numbers its mails anew says so by another validity.
CREATE TABLE mailboxes (
    name     TEXT    PRIMARY KEY,
    validity INTEGER NOT NULL,
    last     INTEGER NOT NULL
) STRICT;
