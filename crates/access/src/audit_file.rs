//! Checks a file of an exported audit log, without a database.
//!
//! Invariants: one batch at a time is in memory; a file is believed as far as its seals chain: what
//! comes after the last seal is counted and not believed, and a file that begins in the middle says
//! so.

use gantry_ports::store::{AuditEntry, AuditSeal};
use gantry_types::Timestamp;
use serde_json::Value;

use crate::seal_audit::derive_digest;

/// More entries under one seal than any server makes: such a file is none of ours.
const MOST_ENTRIES: usize = 1_000_000;

/// What a file proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuditFileProof {
    /// Every seal fits its entries and the seal before.
    Whole {
        /// The seal that the file begins behind, which it cannot prove; `None` when it begins at
        /// the beginning.
        behind: Option<u64>,
        /// Seals.
        seals: u64,
        /// Entries that they cover.
        entries: u64,
        /// Entries behind the last seal, which nothing covers yet.
        unsealed: u64,
    },
    /// The first seal that does not fit.
    Broken {
        /// Its number.
        seal: u64,
        /// When it claims to have been made.
        sealed_at: Timestamp,
    },
}

/// A line of a file is none of an exported audit log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} is none of an exported audit log (format `jsonl`): {reason}")]
pub struct AuditFileError {
    /// Its number, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub reason: String,
}

/// Reads a file line by line.
#[derive(Debug, Default)]
pub struct AuditFile {
    line: u64,
    behind: Option<u64>,
    last: Option<AuditSeal>,
    seals: u64,
    entries: u64,
    open: Vec<AuditEntry>,
    broken: Option<(u64, Timestamp)>,
}

impl AuditFile {
    /// Before the first line.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a line.
    ///
    /// # Errors
    /// [`AuditFileError`].
    pub fn read(&mut self, line: &str) -> Result<(), AuditFileError> {
        self.line += 1;
        if line.trim().is_empty() {
            return Ok(());
        }
        self.take(line).map_err(|reason| AuditFileError { line: self.line, reason })
    }

    fn take(&mut self, line: &str) -> Result<(), String> {
        let value: Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
        match value.get("kind").and_then(Value::as_str) {
            Some("anchor") => self.take_anchor(read_seal(&value)?),
            Some("entry") => self.take_entry(read_entry(&value)?),
            Some("seal") => {
                self.take_seal(read_seal(&value)?);
                Ok(())
            }
            Some(other) => Err(format!("its kind is `{other}`")),
            None => Err("it has no kind".to_owned()),
        }
    }

    fn take_anchor(&mut self, seal: AuditSeal) -> Result<(), String> {
        if self.last.is_some() || !self.open.is_empty() {
            return Err("an anchor is the first line, or there is none".to_owned());
        }
        self.behind = Some(seal.number);
        self.last = Some(seal);
        Ok(())
    }

    fn take_entry(&mut self, entry: AuditEntry) -> Result<(), String> {
        if self.open.len() >= MOST_ENTRIES {
            return Err("there are too many entries without a seal".to_owned());
        }
        self.open.push(entry);
        Ok(())
    }

    fn take_seal(&mut self, seal: AuditSeal) {
        let covered = std::mem::take(&mut self.open);
        let follows = self.last.as_ref().map_or(1, |last| last.number.saturating_add(1));
        let fits = seal.number == follows
            && covered.len() as u64 == seal.entries
            && covered.last().is_some_and(|entry| entry.id == seal.last_id)
            && derive_digest(self.last.as_ref(), &covered) == seal.digest;
        if !fits && self.broken.is_none() {
            self.broken = Some((seal.number, seal.sealed_at));
        }
        self.seals += 1;
        self.entries += covered.len() as u64;
        self.last = Some(seal);
    }

    /// What the file proves, after the last line.
    #[must_use]
    pub fn finish(self) -> AuditFileProof {
        match self.broken {
            Some((seal, sealed_at)) => AuditFileProof::Broken { seal, sealed_at },
            None => AuditFileProof::Whole {
                behind: self.behind,
                seals: self.seals,
                entries: self.entries,
                unsealed: self.open.len() as u64,
            },
        }
    }
}

fn read_entry(value: &Value) -> Result<AuditEntry, String> {
    Ok(AuditEntry {
        id: parse(value, "id")?,
        organization_id: parse(value, "organization_id")?,
        user_id: parse(value, "user_id")?,
        action: parse(value, "action")?,
        subject: parse(value, "subject")?,
        details: find(value, "details")?,
        ip: parse(value, "ip")?,
        at: parse(value, "at")?,
    })
}

fn read_seal(value: &Value) -> Result<AuditSeal, String> {
    Ok(AuditSeal {
        number: parse(value, "number")?,
        last_id: parse(value, "last_id")?,
        entries: parse(value, "entries")?,
        digest: parse(value, "digest")?,
        sealed_at: parse(value, "sealed_at")?,
    })
}

fn find(value: &Value, name: &str) -> Result<Value, String> {
    value.get(name).cloned().ok_or_else(|| format!("it has no `{name}`"))
}

macro_rules! parse_as {
    ($($kind:ty),+ $(,)?) => {$(
        impl FromLine for $kind {
            fn from_line(value: Value) -> Result<Self, serde_json::Error> {
                serde_json::from_value(value)
            }
        }
    )+};
}

/// What a member of a line can be read as.
trait FromLine: Sized {
    fn from_line(value: Value) -> Result<Self, serde_json::Error>;
}

parse_as!(
    String,
    u64,
    Timestamp,
    gantry_types::AuditEntryId,
    Option<gantry_types::OrganizationId>,
    Option<gantry_types::UserId>,
);

fn parse<T: FromLine>(value: &Value, name: &str) -> Result<T, String> {
    T::from_line(find(value, name)?).map_err(|error| format!("`{name}`: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit_export::{describe_anchor, describe_entry, describe_seal};
    use gantry_types::AuditEntryId;
    use serde_json::json;

    fn entry(micros: i64) -> AuditEntry {
        AuditEntry {
            id: AuditEntryId::generate(),
            organization_id: None,
            user_id: None,
            action: "user.change".to_owned(),
            subject: "user 1".to_owned(),
            details: json!({ "z": 1, "a": { "name": "Ada", "locale": "en" } }),
            ip: "192.0.2.1".to_owned(),
            at: Timestamp::from_micros(1_700_000_000_000_000 + micros),
        }
    }

    fn seal(last: Option<&AuditSeal>, entries: &[AuditEntry]) -> AuditSeal {
        AuditSeal {
            number: last.map_or(1, |last| last.number + 1),
            last_id: entries.last().unwrap().id,
            entries: entries.len() as u64,
            digest: derive_digest(last, entries),
            sealed_at: Timestamp::from_micros(1_700_000_999_000_000),
        }
    }

    /// Two batches of two entries, and one entry behind them.
    fn lines() -> (Vec<String>, AuditSeal) {
        let (one, two) = ([entry(1), entry(2)], [entry(3), entry(4)]);
        let first = seal(None, &one);
        let second = seal(Some(&first), &two);
        let mut lines: Vec<Value> = one.iter().map(describe_entry).collect();
        lines.push(describe_seal(&first));
        lines.extend(two.iter().map(describe_entry));
        lines.push(describe_seal(&second));
        lines.push(describe_entry(&entry(5)));
        (lines.iter().map(Value::to_string).collect(), first)
    }

    fn prove(lines: &[String]) -> AuditFileProof {
        let mut file = AuditFile::new();
        for line in lines {
            file.read(line).unwrap();
        }
        file.finish()
    }

    #[test]
    fn a_whole_file_is_believed_and_persons_may_be_erased() {
        let (mut lines, _) = lines();
        let whole = AuditFileProof::Whole { behind: None, seals: 2, entries: 4, unsealed: 1 };
        assert_eq!(prove(&lines), whole);
        lines[0] = lines[0].replace("192.0.2.1", "").replace("\"name\":\"Ada\"", "\"name\":\"\"");
        assert_eq!(prove(&lines), whole);
    }

    #[test]
    fn a_part_of_a_file_chains_to_its_anchor() {
        let (lines, first) = lines();
        let mut part = vec![describe_anchor(&first).to_string()];
        part.extend_from_slice(&lines[3..]);
        let whole = AuditFileProof::Whole { behind: Some(1), seals: 1, entries: 2, unsealed: 1 };
        assert_eq!(prove(&part), whole);
        let broken = prove(&part[1..]);
        assert!(matches!(broken, AuditFileProof::Broken { seal: 2, .. }), "{broken:?}");
    }

    #[test]
    fn what_was_changed_removed_or_moved_shows() {
        let (good, _) = lines();
        let changes: [fn(&mut Vec<String>); 5] = [
            |lines| lines[3] = lines[3].replace("user.change", "user.create"),
            |lines| drop(lines.remove(3)),
            |lines| lines.swap(3, 4),
            |lines| lines.insert(3, lines[0].clone()),
            |lines| lines[4] = lines[4].replace("\"locale\":\"en\"", "\"locale\":\"de\""),
        ];
        for change in changes {
            let mut forged = good.clone();
            change(&mut forged);
            let proof = prove(&forged);
            assert!(matches!(proof, AuditFileProof::Broken { seal: 2, .. }), "{proof:?}");
        }
    }

    #[test]
    fn another_file_is_refused_with_its_line() {
        let mut file = AuditFile::new();
        file.read("").unwrap();
        let refused = file.read("id,at,action").unwrap_err();
        assert_eq!(refused.line, 2);
        assert!(refused.to_string().contains("jsonl"), "{refused}");
        assert!(file.read("{\"kind\":\"seal\"}").is_err());
    }
}
