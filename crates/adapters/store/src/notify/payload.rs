//! Hints as texts of `NOTIFY`, which may have fewer than 8,000 bytes.

use gantry_ports::Hint;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The most bytes of one text.
const MOST_BYTES: usize = 7_900;

#[derive(Serialize)]
struct Sent<'a> {
    from: Uuid,
    hints: &'a [Hint],
}

#[derive(Deserialize)]
struct Received {
    from: Uuid,
    hints: Vec<Hint>,
}

/// As few texts as hold all hints in order.
pub(super) fn encode(from: Uuid, hints: &[Hint]) -> Vec<String> {
    // No hint has more bytes than a job's: two ids and the names around them.
    const HINTS_PER_TEXT: usize = 48;
    hints
        .chunks(HINTS_PER_TEXT)
        .filter_map(|hints| serde_json::to_string(&Sent { from, hints }).ok())
        .filter(|text| text.len() <= MOST_BYTES)
        .collect()
}

/// Who sent a text, and its hints; `None` for one that this version does not understand.
pub(super) fn decode(text: &str) -> Option<(Uuid, Vec<Hint>)> {
    serde_json::from_str(text).ok().map(|Received { from, hints }| (from, hints))
}

#[cfg(test)]
mod tests {
    use gantry_types::{JobId, OrganizationId};

    use super::*;

    #[test]
    fn hints_come_back_and_no_text_is_too_long() {
        let organization_id = OrganizationId::generate();
        let mut hints = vec![Hint::JobsReady, Hint::Missed, Hint::Account { organization_id }];
        hints.extend((0..500).map(|_| Hint::Job { id: JobId::generate(), organization_id }));
        hints.push(Hint::Cancel { id: JobId::generate() });
        let from = Uuid::now_v7();
        let texts = encode(from, &hints);
        assert!(texts.iter().all(|text| text.len() <= MOST_BYTES));
        let back = texts.iter().flat_map(|text| {
            let (sender, hints) = decode(text).unwrap();
            assert_eq!(sender, from);
            hints
        });
        assert_eq!(back.collect::<Vec<_>>(), hints);
        assert_eq!(decode("{\"from\":1}"), None);
    }
}
