//! Mails that the product writes, and the outbox from which they are sent.
//!
//! Invariants: a letter exists in every language; it is written into the store in the transaction
//! of what it tells of, and sent afterwards; one source gives the text and the HTML, so that they
//! say the same.

mod letter;
mod outbox;
mod paper;

pub use letter::{Addressee, Letter};
pub use outbox::Outbox;
pub use paper::{Letters, LettersError};
