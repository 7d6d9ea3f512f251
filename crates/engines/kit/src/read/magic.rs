//! Recognises files that are no text table from their first bytes.

use crate::error::FileKind;

/// First bytes that no text table has.
const MAGIC: &[(&[u8], FileKind)] = &[
    (b"%PDF", FileKind::Pdf),
    (b"PAR1", FileKind::Parquet),
    (b"ARROW1", FileKind::ColumnFile),
    (b"FEA1", FileKind::ColumnFile),
    (b"Obj\x01", FileKind::ColumnFile),
    (b"ORC", FileKind::ColumnFile),
    (b"SQLite format 3\0", FileKind::Sqlite),
    (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", FileKind::OldSpreadsheet),
    (b"\x89PNG", FileKind::Image),
    (b"\xFF\xD8\xFF", FileKind::Image),
    (b"GIF87a", FileKind::Image),
    (b"GIF89a", FileKind::Image),
    (b"II*\0", FileKind::Image),
    (b"MM\0*", FileKind::Image),
    (b"\x1F\x8B", FileKind::Compressed),
    (b"BZh", FileKind::Compressed),
    (b"\xFD7zXZ\0", FileKind::Compressed),
    (b"\x28\xB5\x2F\xFD", FileKind::Compressed),
    (b"7z\xBC\xAF\x27\x1C", FileKind::Compressed),
    (b"Rar!\x1A", FileKind::Compressed),
];

/// The kind of a file that is no text table, told from its first bytes.
pub(crate) fn find_foreign_kind(head: &[u8]) -> Option<FileKind> {
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        let holds = |name: &[u8]| head.windows(name.len()).any(|window| window == name);
        let spreadsheet = holds(b"xl/")
            || holds(b"[Content_Types].xml")
            || holds(b"application/vnd.oasis.opendocument.spreadsheet");
        return Some(if spreadsheet { FileKind::Spreadsheet } else { FileKind::Zip });
    }
    if head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP") {
        return Some(FileKind::Image);
    }
    // Two of the marks are words that a header could begin with; text follows them with text.
    let is_text = |bytes: &[u8]| !bytes.iter().take(64).any(|b| *b < 9);
    if let Some((mark, kind)) = MAGIC.iter().find(|(mark, _)| head.starts_with(mark))
        && !(mark.is_ascii() && mark.iter().all(u8::is_ascii_alphanumeric) && is_text(head))
    {
        return Some(*kind);
    }
    let text = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head).trim_ascii_start();
    let begins = |word: &str| {
        text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word.as_bytes()))
    };
    if begins("<!doctype html") || begins("<html") {
        return Some(FileKind::Html);
    }
    if begins("<?xml") {
        return Some(FileKind::Xml);
    }
    None
}

/// Whether control characters show that a text without zero bytes is binary all the same.
pub(crate) fn is_binary_text(text: &str) -> bool {
    let controls =
        text.chars().filter(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r')).count();
    controls * 20 > text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_files_are_named() {
        let cases: [(&[u8], FileKind); 8] = [
            (b"PK\x03\x04....[Content_Types].xml", FileKind::Spreadsheet),
            (b"PK\x03\x04....readme.txt", FileKind::Zip),
            (b"%PDF-1.7\n", FileKind::Pdf),
            (b"PAR1\x15\x04\x15", FileKind::Parquet),
            (b"\x89PNG\r\n\x1a\n", FileKind::Image),
            (b"  <!DOCTYPE html><html>", FileKind::Html),
            (b"<?xml version=\"1.0\"?>", FileKind::Xml),
            (b"\x1f\x8b\x08", FileKind::Compressed),
        ];
        for (head, kind) in cases {
            assert_eq!(find_foreign_kind(head), Some(kind));
        }
    }

    #[test]
    fn headers_that_look_like_marks_are_text() {
        for head in ["ORC,ELF\n1,2\n", "PAR1,PAR2\n3,4\n", "BZh,x\n1,2\n", "id,x\n"] {
            assert_eq!(find_foreign_kind(head.as_bytes()), None, "{head}");
        }
    }
}
