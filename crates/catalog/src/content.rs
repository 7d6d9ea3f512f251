//! What an uploaded file is, told from its bytes and not from what its name claims.

use gantry_engine_api::media_type_of;
use gantry_kit::{FileKind, Format, TableError, sniff};

use crate::error::CatalogError;

/// The first bytes of our model files: predictors, and generators of synthetic tables.
const MODEL_MAGICS: [&[u8]; 2] = [b"GANTRYMODEL", b"GANTRYSYNTH"];

/// What an uploaded file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Content {
    /// A table, which is profiled.
    Table { media_type: &'static str },
    /// A model that an operation made here or elsewhere.
    Model,
    /// An Excel workbook (.xlsx, .xlsm), which operations read as a whole.
    Workbook,
}

impl Content {
    pub(crate) fn media_type(&self) -> &'static str {
        match self {
            Self::Table { media_type } => media_type,
            Self::Model => "application/x-gantry-model",
            Self::Workbook => media_type_of("book.xlsx"),
        }
    }
}

/// Recognises a file by its beginning, which ends with a whole line where the file is text.
pub(crate) fn derive_content(head: &[u8]) -> Result<Content, CatalogError> {
    if MODEL_MAGICS.iter().any(|magic| head.starts_with(magic)) {
        return Ok(Content::Model);
    }
    let found = match sniff(head) {
        Err(TableError::NotText { kind: FileKind::Spreadsheet }) if holds(head, b"xl/") => {
            return Ok(Content::Workbook);
        }
        found => found?,
    };
    let media_type = match found.format {
        Format::JsonLines => "application/x-ndjson",
        Format::Parquet => media_type_of("table.parquet"),
        Format::Delimited if found.delimiter == Some('\t') => "text/tab-separated-values",
        Format::Delimited => "text/csv",
    };
    Ok(Content::Table { media_type })
}

/// Whether the bytes stand somewhere in the head: names of an archive's files stand in it plainly.
fn holds(head: &[u8], name: &[u8]) -> bool {
    head.windows(name.len()).any(|window| window == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_decide_and_not_names() {
        let media_type = |head: &[u8]| derive_content(head).map(|content| content.media_type());
        assert_eq!(media_type(b"a,b\n1,2\n").unwrap(), "text/csv");
        assert_eq!(media_type(b"a\tb\n1\t2\n").unwrap(), "text/tab-separated-values");
        assert_eq!(media_type(b"{\"a\":1}\n{\"a\":2}\n").unwrap(), "application/x-ndjson");
        assert_eq!(media_type(b"GANTRYMODEL\x01").unwrap(), "application/x-gantry-model");
        assert_eq!(media_type(b"GANTRYSYNTH\x01").unwrap(), "application/x-gantry-model");
        let workbook = b"PK\x03\x04....[Content_Types].xml....PK\x03\x04....xl/workbook.xml";
        assert!(media_type(workbook).unwrap().ends_with("spreadsheetml.sheet"));
        let text = b"PK\x03\x04....[Content_Types].xml....PK\x03\x04....word/document.xml";
        assert!(matches!(media_type(text), Err(CatalogError::Unreadable(_))));
        assert!(matches!(media_type(b"%PDF-1.7\n"), Err(CatalogError::Unreadable(_))));
    }
}
