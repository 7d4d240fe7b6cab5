//! GitHub's half of the wire: its REST interface and the shapes of its answers and payloads.

pub(crate) mod api;
pub(crate) mod json;
