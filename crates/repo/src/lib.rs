//! Git as the shell: the bot's own clone, transport with leases, picks and rebuilds
