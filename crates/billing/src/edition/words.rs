//! What to say of an unknown word.

use gantry_types::find_nearest;

/// The known word that was probably meant, or all known ones.
pub(super) fn remedy_for(word: &str, known: &[&str]) -> String {
    match find_nearest(word, known.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None if known.is_empty() => "leave it out".to_owned(),
        None => format!("known here: {}", known.join(", ")),
    }
}
