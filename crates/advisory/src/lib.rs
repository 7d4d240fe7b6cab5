#![doc = include_str!("../README.md")]

mod announcement;
mod cve_request;
mod libvirt_notice;
mod release_notes;
mod source;
mod vendor_notice;

pub use announcement::{PublishedBranch, announcement};
pub use cve_request::cve_request;
pub use libvirt_notice::{LibvirtNotice, NoticeBranch, NoticeError, NoticeProduct};
pub use release_notes::release_notes;
pub use source::{Advisory, Severity, SourceError};
pub use vendor_notice::{AttachedPatches, NoticeFacts, vendor_notice};
