//! The known name nearest to an unknown one, for error messages.

/// The candidate that is fewest edits away, if it is near enough to be meant.
#[must_use]
pub fn find_nearest<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let most = (name.chars().count() / 3).max(1) + 1;
    candidates
        .into_iter()
        .map(|candidate| (count_edits(name, candidate), candidate))
        .filter(|(edits, _)| *edits <= most)
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, candidate)| candidate)
}

/// Insertions, removals and replacements that lead from one text to the other (Levenshtein 1966),
/// one row of the table at a time.
fn count_edits(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (line, left) in from.chars().enumerate() {
        let mut diagonal = line;
        let mut before = line + 1;
        for (cell, right) in row.iter_mut().skip(1).zip(&to) {
            let replaced = diagonal + usize::from(left != *right);
            diagonal = *cell;
            *cell = replaced.min(*cell + 1).min(before + 1);
            before = *cell;
        }
        if let Some(first) = row.first_mut() {
            *first = line + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted() {
        for (from, to, edits) in
            [("", "", 0), ("", "abc", 3), ("abc", "", 3), ("kitten", "sitting", 3), ("ab", "ba", 2)]
        {
            assert_eq!(count_edits(from, to), edits, "{from} {to}");
        }
    }

    #[test]
    fn the_nearest_name_is_found_and_nonsense_is_not() {
        let known = ["listen", "data_dir", "public_url"];
        assert_eq!(find_nearest("lisen", known), Some("listen"));
        assert_eq!(find_nearest("data-dir", known), Some("data_dir"));
        assert_eq!(find_nearest("zzzzzz", known), None);
    }
}
