//! Is the whole fix in effect on this branch? The backport engine, usable alone on any repository
