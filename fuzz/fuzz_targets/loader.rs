//! Files that are, or claim to be, workbooks: the loader must refuse or read them, and never panic,
//! hang or take memory without end.
//!
//! Bytes that begin as a zip archive go to the loader as they are. All others are the parts of one,
//! each behind a line `@@ NAME`, which are packed first: damage within XML would otherwise mostly be
//! damage to a compressed stream.
#![no_main]

use std::io::{Cursor, Write};

use gantry_workbook::{Limits, load};
use libfuzzer_sys::fuzz_target;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

const MARK: &[u8] = b"@@ ";

/// The parts of a text: names and contents.
fn parts(data: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut parts: Vec<(String, Vec<u8>)> = Vec::new();
    for line in data.split_inclusive(|byte| *byte == b'\n') {
        match (line.strip_prefix(MARK), parts.last_mut()) {
            (Some(name), _) => {
                let name = String::from_utf8_lossy(name).trim().to_owned();
                parts.push((name, Vec::new()));
            }
            (None, Some((_, content))) => content.extend_from_slice(line),
            (None, None) => {}
        }
    }
    parts
}

/// The archive of a text; nothing where two parts have one name.
fn packed(data: &[u8]) -> Option<Vec<u8>> {
    let mut package = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, content) in parts(data) {
        package.start_file(name, options).ok()?;
        package.write_all(&content).ok()?;
    }
    Some(package.finish().ok()?.into_inner())
}

fuzz_target!(|data: &[u8]| {
    let file = if data.starts_with(b"PK") { Some(data.to_vec()) } else { packed(data) };
    if let Some(file) = file {
        let _ = load(Cursor::new(file), &Limits::default());
    }
});
