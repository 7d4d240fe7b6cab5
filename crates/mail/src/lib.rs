#![doc = include_str!("../README.md")]

mod automatic;
mod incoming;
mod openpgp;

pub use incoming::{Attachment, Incoming, Limits, Own, read};
pub use openpgp::{KeyError, PrivateKey, PublicKey};
