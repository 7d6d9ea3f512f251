//! A shuffled order of numbers that needs no memory: each number gives another one.
//!
//! Invariant: for one size and key it is a bijection of `0..size`.

fn mix(value: u64, key: u64) -> u64 {
    let mut z = value.wrapping_add(key).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z ^ (z >> 29)
}

/// The number at place `index` (below `size`): four rounds of a Feistel network, walked until the
/// result is below `size`.
pub(super) fn permute(index: u64, size: u64, key: u64) -> u64 {
    if size < 2 || index >= size {
        return index;
    }
    let bits = (64 - (size - 1).leading_zeros()).max(2);
    let half = bits.div_ceil(2);
    let mask = (1_u64 << half) - 1;
    let mut value = index;
    loop {
        let (mut left, mut right) = (value >> half, value & mask);
        for round in 0..4 {
            let next = left ^ (mix(right, key.wrapping_add(round)) & mask);
            (left, right) = (right, next);
        }
        value = (left << half) | right;
        if value < size {
            return value;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_comes_once() {
        for size in [1, 2, 3, 10, 1_000, 4_097] {
            let mut seen: Vec<u64> = (0..size).map(|index| permute(index, size, 42)).collect();
            seen.sort_unstable();
            assert_eq!(seen, (0..size).collect::<Vec<_>>());
        }
    }
}
