//! How large a workbook may be, and what goes wrong when a file is not one.

/// Bounds on a file; the defaults take a workbook of 100 MB on 4 GiB of memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the file.
    pub file_bytes: u64,
    /// Bytes of all parts together when unpacked.
    pub unpacked_bytes: u64,
    /// Unpacked bytes of one part for each packed byte, once it is larger than 1 MB.
    pub ratio: u64,
    /// Parts in the package.
    pub parts: usize,
    /// Elements of XML inside one another.
    pub depth: usize,
    /// Cells of all sheets together.
    pub cells: u64,
    /// Bytes of one text or formula.
    pub text_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes: 512 << 20,
            unpacked_bytes: 8 << 30,
            ratio: 1_000,
            parts: 20_000,
            depth: 64,
            cells: 40_000_000,
            text_bytes: 1 << 20,
        }
    }
}

/// Why a workbook was not loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file is no Office package.
    #[error("this is not an Excel workbook; upload a file that Excel saved as .xlsx or .xlsm")]
    NotAWorkbook,
    /// The file is of the format before 2007.
    #[error("this is an old .xls workbook; open it in Excel, save it as .xlsx and upload that")]
    LegacyXls,
    /// The file is the binary format.
    #[error("this is a binary .xlsb workbook; open it in Excel, save it as .xlsx and upload that")]
    Binary,
    /// The file has a password.
    #[error("this workbook is encrypted; remove its password in Excel and upload it again")]
    Encrypted,
    /// A part cannot be read.
    #[error(
        "the workbook is damaged in {part}: {detail}; open it in Excel, repair it and save again"
    )]
    Corrupt {
        /// The part of the package.
        part: String,
        /// What is wrong there.
        detail: String,
    },
    /// A limit was passed.
    #[error("the workbook has more {what} than the allowed {limit}; make it smaller or split it")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// How much is allowed.
        limit: u64,
    },
    /// The file could not be read.
    #[error("cannot read the file: {0}")]
    Io(#[from] std::io::Error),
}
