//! Adapters of the port for mail: a folder of files, and SMTP.
//!
//! Invariant: both write the same message (RFC 5322, MIME with text and HTML), so that what lies
//! in the folder is what would have been sent.

mod folder;
mod message;
mod smtp;

pub use folder::FolderMailer;
pub use message::{InvalidSender, Sender};
pub use smtp::{SmtpMailer, SmtpSettings, SmtpSetupError, SmtpTls};
