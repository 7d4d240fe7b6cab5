//! embargod
