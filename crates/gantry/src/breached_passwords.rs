//! A file of passwords that were stolen elsewhere: lines of SHA-1 in hexadecimal, in ascending
//! order, each with a colon and a count behind it or without; the form in which Pwned Passwords
//! is handed out.
//!
//! Invariants: the file is searched where it lies and never loaded; memory and reads of one
//! look-up grow with the logarithm of its size.

use std::cmp::Ordering;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use gantry_ports::{BreachListError, BreachedPasswords};

use crate::failure::{Failure, file_failure};

/// More bytes than a line has: the hash, a colon, a count and the end.
const LONGEST_LINE: u64 = 80;
/// Hexadecimal digits of a hash.
const DIGITS: usize = 40;
/// Places at which a file is looked at before it is used.
const PROBES: u64 = 2_048;

/// The list, open.
pub struct BreachFile {
    file: Mutex<File>,
    /// Where the last line ends.
    length: u64,
}

/// One line of the list.
struct Line {
    start: u64,
    /// Where the next one begins.
    end: u64,
    sha1: [u8; 20],
}

/// Opens the list of the settings, if there is one.
///
/// # Errors
/// A usage failure for a file that cannot be read, or is not such a list.
pub fn open(path: Option<&Path>) -> Result<Option<Arc<dyn BreachedPasswords>>, Failure> {
    let Some(path) = path else { return Ok(None) };
    let file = File::open(path).map_err(|error| {
        file_failure("read", path, &error).with_next("correct `auth.breached_passwords`")
    })?;
    let list = BreachFile::new(file).and_then(|list| list.probe().map(|()| list));
    let list = list.map_err(|reason| {
        Failure::usage(format!("`auth.breached_passwords`: {}: {reason}", path.display()))
            .with_next("give a file with one SHA-1 a line in hexadecimal, sorted by hash")
    })?;
    Ok(Some(Arc::new(list)))
}

impl BreachFile {
    fn new(mut file: File) -> Result<Self, String> {
        let whole = file.seek(SeekFrom::End(0)).map_err(|error| error.to_string())?;
        let tail = read_between(&mut file, whole.saturating_sub(LONGEST_LINE), whole)?;
        let blank = tail.iter().rev().take_while(|byte| byte.is_ascii_whitespace()).count();
        let length = whole.saturating_sub(u64::try_from(blank).unwrap_or(u64::MAX));
        if length == 0 {
            return Err("it is empty".to_owned());
        }
        Ok(Self { file: Mutex::new(file), length })
    }

    /// Looks at places all over the file: each line must be one, and none below its forerunner.
    fn probe(&self) -> Result<(), String> {
        let step = (self.length / PROBES).max(1);
        let mut earlier: Option<Line> = None;
        let mut place = 0;
        while place < self.length {
            let line = self.line_at(place)?;
            if earlier.as_ref().is_some_and(|earlier| earlier.sha1 > line.sha1) {
                return Err(format!("the line at byte {} is below the one before", line.start));
            }
            place = line.end.max(place.saturating_add(step));
            earlier = Some(line);
        }
        // The last line may lie between two places.
        self.line_at(self.length.saturating_sub(1)).map(drop)
    }

    /// The line that has the byte at `place`.
    fn line_at(&self, place: u64) -> Result<Line, String> {
        let from = place.saturating_sub(LONGEST_LINE);
        let to = place.saturating_add(LONGEST_LINE).min(self.length);
        let window = {
            let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            read_between(&mut file, from, to)?
        };
        let refuse = || format!("there is no hash at byte {place}");
        let middle = usize::try_from(place - from).map_err(|_| refuse())?;
        let (before, behind) = window.split_at_checked(middle).ok_or_else(refuse)?;
        let is_end = |byte: &u8| *byte == b'\n';
        let first = match before.iter().rposition(is_end) {
            Some(newline) => newline + 1,
            None if from == 0 => 0,
            None => return Err(refuse()),
        };
        let last = match behind.iter().position(is_end) {
            Some(newline) => middle + newline,
            None if to == self.length => window.len(),
            None => return Err(refuse()),
        };
        let offset = |index: usize| from.saturating_add(u64::try_from(index).unwrap_or(u64::MAX));
        let sha1 = window.get(first..last).and_then(read_hash).ok_or_else(refuse)?;
        Ok(Line { start: offset(first), end: offset(last).saturating_add(1), sha1 })
    }

    fn search(&self, wanted: &[u8; 20]) -> Result<bool, String> {
        let (mut low, mut high) = (0, self.length);
        while low < high {
            let line = self.line_at(low + (high - low) / 2)?;
            match line.sha1.cmp(wanted) {
                Ordering::Equal => return Ok(true),
                Ordering::Less => low = line.end,
                Ordering::Greater => high = line.start,
            }
        }
        Ok(false)
    }
}

impl BreachedPasswords for BreachFile {
    fn contains(&self, sha1: &[u8; 20]) -> Result<bool, BreachListError> {
        self.search(sha1).map_err(|reason| BreachListError { reason })
    }
}

fn read_between(file: &mut File, from: u64, to: u64) -> Result<Vec<u8>, String> {
    let refuse = |error: std::io::Error| error.to_string();
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(from)).map_err(refuse)?;
    file.take(to.saturating_sub(from)).read_to_end(&mut bytes).map_err(refuse)?;
    Ok(bytes)
}

/// The hash at the beginning of a line, behind which a count may stand.
fn read_hash(line: &[u8]) -> Option<[u8; 20]> {
    let (hash, rest) = line.split_at_checked(DIGITS)?;
    let count: &[u8] = match rest.strip_suffix(b"\r".as_slice()).unwrap_or(rest) {
        [] => &[],
        [b':', count @ ..] if !count.is_empty() => count,
        [..] => return None,
    };
    let mut sha1 = [0_u8; 20];
    let is_good = count.iter().all(u8::is_ascii_digit);
    hex::decode_to_slice(hash, &mut sha1).ok().filter(|()| is_good).map(|()| sha1)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn hash(number: u32) -> [u8; 20] {
        let mut sha1 = [0_u8; 20];
        // Unequal gaps between the hashes, in ascending order.
        let spread = u64::from(number) * 2_654_435_761 + u64::from(number % 7);
        sha1[..8].copy_from_slice(&spread.to_be_bytes());
        sha1[19] = 1;
        sha1
    }

    fn open_text(text: &str) -> Result<Arc<dyn BreachedPasswords>, Failure> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        open(Some(file.path())).map(|list| list.unwrap())
    }

    #[test]
    fn what_stands_in_the_file_is_found_and_nothing_else() {
        let ends = ["\n", "\r\n"];
        for count in [1, 2, 3, 64, 5_000] {
            let lines = (0..count).map(|number| {
                let digits = hex::encode_upper(hash(number * 2));
                let behind = if number % 3 == 0 { String::new() } else { format!(":{number}") };
                format!("{digits}{behind}{}", ends[usize::from(number % 2 == 0)])
            });
            let text: String = lines.collect();
            for text in [text.as_str(), text.trim_end()] {
                let list = open_text(text).unwrap();
                for number in 0..count * 2 + 1 {
                    let found = list.contains(&hash(number)).unwrap();
                    let stands_there = number % 2 == 0 && number < count * 2;
                    assert_eq!(found, stands_there, "{number} of {count}");
                }
                assert_eq!(list.contains(&[0xff; 20]), Ok(false));
                assert_eq!(list.contains(&[0; 20]), Ok(false));
            }
        }
    }

    #[test]
    fn a_file_that_is_no_such_list_is_refused_at_the_start() {
        let good = |number| hex::encode_upper(hash(number));
        let [one, two, three] = [good(1), good(2), good(3)];
        let long = "x".repeat(300);
        for (text, reason) in [
            (String::new(), "it is empty"),
            ("\n\n".to_owned(), "it is empty"),
            ("password123\n".to_owned(), "no hash at byte 0"),
            (format!("{one}\n{two}x\n{three}\n"), "no hash at byte 41"),
            (format!("{one}:\n"), "no hash at byte 0"),
            (format!("{one}:4\n\n{two}\n"), "no hash at byte 43"),
            (format!("{one}\n{three}\n{two}\n"), "byte 82 is below the one before"),
            (format!("{one}\n{long}\n{two}\n"), "no hash at byte 41"),
        ] {
            let refusal = open_text(&text).map(drop).unwrap_err();
            assert!(refusal.cause.contains(reason), "{text:?}: {refusal}");
            assert!(refusal.cause.contains("auth.breached_passwords"), "{refusal}");
        }
        let missing = open(Some(Path::new("/nowhere/pwned.txt"))).map(drop).unwrap_err();
        assert!(missing.cause.contains("/nowhere/pwned.txt"), "{missing}");
        assert!(open(None).unwrap().is_none());
    }
}
