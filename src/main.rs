//! embargod
fn main() {}
