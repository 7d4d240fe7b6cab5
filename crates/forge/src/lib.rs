//! The forge port and its adapters
