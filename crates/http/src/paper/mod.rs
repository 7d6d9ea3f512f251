//! Invoices and credit notes as they are shown: what they say, and the same as a PDF file.
//!
//! Invariants: page and file say the same, because both are written from [`InvoiceWords`]; the bytes
//! of a file follow from its invoice alone.

mod invoice;
mod sheets;
mod typeface;
mod words;

pub use invoice::write_pdf;
pub use words::{AmountWords, InvoiceWords};
