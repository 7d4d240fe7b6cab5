//! A forge and a mailbox in one process over real bare repositories, for rehearsals and tests
