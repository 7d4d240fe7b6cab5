//! Reports from outside: each becomes a private issue and a case that nobody has opened yet; what is said about it goes back
//! and forth between the issue and whoever sent it.
//!
//! What may not live here: reading a mail (a crate of its own), and deciding about a report, which the core does.

mod files;
mod forge;
mod held;
mod letters;
mod receive;
mod words;

pub(crate) use forge::{follow, take_in as take_in_from_forge};
pub(crate) use held::look;
pub(crate) use letters::{HandedOver, hand_over, send};
pub(crate) use receive::{reserve, take_in};
