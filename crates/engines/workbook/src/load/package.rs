//! The zip package: its parts by name, their relations, and the guard against parts that unpack
//! to far more than they promise.

use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};

use zip::ZipArchive;

use super::limits::{Limits, LoadError};
use super::xml::{Xml, attribute};

/// Text of the I/O error by which a part that unpacks beyond its bound ends.
pub(super) const TOO_MUCH: &str = "a part of the workbook unpacks to more than is allowed";

/// A relation of a part to another.
#[derive(Debug, Clone)]
pub(super) struct Relation {
    pub id: String,
    /// The last part of the type's address, such as `worksheet`.
    pub kind: String,
    pub target: String,
}

pub(super) struct Package<R> {
    zip: ZipArchive<R>,
    limits: Limits,
}

impl<R: Read + Seek> Package<R> {
    pub(super) fn open(mut reader: R, limits: &Limits) -> Result<Self, LoadError> {
        let size = reader.seek(SeekFrom::End(0))?;
        if size > limits.file_bytes {
            return Err(LoadError::TooLarge { what: "bytes", limit: limits.file_bytes });
        }
        reader.seek(SeekFrom::Start(0))?;
        let mut head = Vec::new();
        reader.by_ref().take(8192).read_to_end(&mut head)?;
        if head.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]) {
            return Err(sort_of_compound(head, &mut reader)?);
        }
        if !head.starts_with(b"PK") {
            return Err(LoadError::NotAWorkbook);
        }
        let mut zip = ZipArchive::new(reader).map_err(|e| corrupt("the package", &e))?;
        if zip.len() > limits.parts {
            return Err(LoadError::TooLarge { what: "parts", limit: limits.parts as u64 });
        }
        let mut total = 0u64;
        for i in 0..zip.len() {
            let part = zip.by_index_raw(i).map_err(|e| corrupt("the package", &e))?;
            if part.encrypted() {
                return Err(LoadError::Encrypted);
            }
            total = total.saturating_add(part.size());
        }
        if total > limits.unpacked_bytes {
            return Err(LoadError::TooLarge {
                what: "unpacked bytes",
                limit: limits.unpacked_bytes,
            });
        }
        Ok(Self { zip, limits: limits.clone() })
    }

    /// The part that holds the workbook's outline.
    pub(super) fn main_part(&mut self) -> Result<String, LoadError> {
        let relations = self.relations("")?;
        let main = relations.into_iter().find(|r| r.kind == "officeDocument");
        let main = main.ok_or(LoadError::NotAWorkbook)?.target;
        if main.ends_with(".bin") {
            return Err(LoadError::Binary);
        }
        if main.ends_with(".xml") && main.contains("workbook") || self.has(&main) {
            return Ok(main);
        }
        Err(LoadError::NotAWorkbook)
    }

    fn has(&self, part: &str) -> bool {
        self.find_part(part).is_some()
    }

    fn find_part(&self, part: &str) -> Option<usize> {
        if let Some(i) = self.zip.index_for_name(part) {
            return Some(i);
        }
        let wanted = part.to_lowercase();
        (0..self.zip.len()).find(|i| {
            let name = self.zip.name_for_index(*i).and_then(Result::ok).unwrap_or_default();
            name.replace('\\', "/").to_lowercase() == wanted
        })
    }

    /// The bytes of a part as a stream.
    pub(super) fn stream(&mut self, part: &str) -> Result<impl BufRead, LoadError> {
        let index = self.find_part(part).ok_or_else(|| LoadError::Corrupt {
            part: part.to_owned(),
            detail: "the part is missing".into(),
        })?;
        let file = self.zip.by_index(index).map_err(|e| corrupt(part, &e))?;
        let by_ratio = file.compressed_size().max(1).saturating_mul(self.limits.ratio);
        let left = by_ratio.max(1 << 20).min(self.limits.unpacked_bytes);
        Ok(BufReader::with_capacity(1 << 16, Bounded { inner: file, left }))
    }

    /// The relations of a part; none when it has no list of them.
    pub(super) fn relations(&mut self, part: &str) -> Result<Vec<Relation>, LoadError> {
        let (folder, file) = part.rsplit_once('/').unwrap_or(("", part));
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let list = format!("{prefix}_rels/{file}.rels");
        if !self.has(&list) {
            return Ok(Vec::new());
        }
        let limits = self.limits.clone();
        let mut stream = self.stream(&list)?;
        let stream: &mut dyn BufRead = &mut stream;
        let mut xml = Xml::new(stream, &list, &limits);
        let mut relations = Vec::new();
        while let Some(tag) = xml.next_start()? {
            if tag.name != "Relationship" || attribute(&tag, "TargetMode") == Some("External") {
                continue;
            }
            let get = |key| attribute(&tag, key).unwrap_or_default().to_owned();
            let kind = get("Type").rsplit('/').next().unwrap_or_default().to_owned();
            let target = resolve_target(folder, &get("Target"));
            relations.push(Relation { id: get("Id"), kind, target });
        }
        Ok(relations)
    }
}

/// The path of a target, which is relative to the folder of its source or begins with `/`.
fn resolve_target(folder: &str, target: &str) -> String {
    let mut path: Vec<&str> = Vec::new();
    if !target.starts_with('/') {
        path.extend(folder.split('/').filter(|s| !s.is_empty()));
    }
    for step in target.split('/') {
        match step {
            "" | "." => {}
            ".." => {
                path.pop();
            }
            name => path.push(name),
        }
    }
    path.join("/")
}

fn corrupt(part: &str, error: &zip::result::ZipError) -> LoadError {
    LoadError::Corrupt { part: part.to_owned(), detail: error.to_string() }
}

/// Tells an encrypted package from an old workbook: both are compound files.
fn sort_of_compound(mut head: Vec<u8>, reader: &mut impl Read) -> io::Result<LoadError> {
    reader.take(8 << 20).read_to_end(&mut head)?;
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let encrypted = head.windows(name.len()).any(|w| w == name);
    Ok(if encrypted { LoadError::Encrypted } else { LoadError::LegacyXls })
}

/// A reader that fails once more was read than allowed.
struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.left = self.left.checked_sub(n as u64).ok_or_else(|| io::Error::other(TOO_MUCH))?;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_relative_or_absolute() {
        assert_eq!(resolve_target("xl", "worksheets/sheet1.xml"), "xl/worksheets/sheet1.xml");
        assert_eq!(resolve_target("xl/worksheets", "../tables/t.xml"), "xl/tables/t.xml");
        assert_eq!(resolve_target("xl", "/xl/styles.xml"), "xl/styles.xml");
        assert_eq!(resolve_target("", "../../x"), "x");
    }
}
