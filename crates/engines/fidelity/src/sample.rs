//! Fixed choices of rows, for everything whose cost rises with the square of the rows.

use gantry_learn::Rng;

/// `wanted` of `rows` rows in rising order, or all of them; each set is as likely as any other.
/// The same seed and stream choose the same rows.
pub(crate) fn choose_rows(rows: usize, wanted: usize, (seed, stream): (u64, u64)) -> Vec<usize> {
    if rows <= wanted {
        return (0..rows).collect();
    }
    let mut rng = Rng::stream(seed, stream);
    let mut left_wanted = wanted;
    (0..rows)
        .filter(|row| {
            let is_kept = rng.below(rows - row) < left_wanted;
            left_wanted -= usize::from(is_kept);
            is_kept
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_has_the_wanted_size_and_is_even() {
        let chosen = choose_rows(1_000, 100, (3, 1));
        assert_eq!(chosen.len(), 100);
        assert!(chosen.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(chosen, choose_rows(1_000, 100, (3, 1)));
        assert_ne!(chosen, choose_rows(1_000, 100, (4, 1)));
        let early = chosen.iter().filter(|row| **row < 500).count();
        assert!((30..=70).contains(&early), "{early}");
        assert_eq!(choose_rows(3, 9, (0, 0)), [0, 1, 2]);
    }
}
