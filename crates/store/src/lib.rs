//! What must survive a crash: deliveries, cases, events, effects and leases in one database
