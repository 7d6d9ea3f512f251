//! Where a falling curve bends.

/// The number of clusters at which a curve of (clusters, inertia) bends most: the point furthest
/// below the line from its first to its last, both axes scaled to that line (Satopää et al.,
/// "Finding a kneedle in a haystack", 2011). None for fewer than three points, or a curve that
/// does not fall or nowhere lies below the line. `curve` must rise by clusters.
pub fn find_elbow(curve: &[(usize, f64)]) -> Option<usize> {
    let ([first, .., last], true) = (curve, curve.len() >= 3) else { return None };
    let (width, height) = (last.0.checked_sub(first.0)? as f64, first.1 - last.1);
    if width <= 0.0 || height.is_nan() || height <= 0.0 {
        return None;
    }
    let mut best: Option<(f64, usize)> = None;
    for (clusters, inertia) in curve {
        let along = (*clusters as f64 - first.0 as f64) / width;
        let below = (first.1 - inertia) / height - along;
        if below > best.map_or(1e-9, |(most, _)| most) {
            best = Some((below, *clusters));
        }
    }
    best.map(|(_, clusters)| clusters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bend_is_found_and_a_line_has_none() {
        let curve = [(1, 100.0), (2, 40.0), (3, 10.0), (4, 8.0), (5, 7.0), (6, 6.0)];
        assert_eq!(find_elbow(&curve), Some(3));
        assert_eq!(find_elbow(&[(1, 3.0), (2, 2.0), (3, 1.0)]), None);
        assert_eq!(find_elbow(&[(1, 1.0), (2, 2.0), (3, 3.0)]), None);
        assert_eq!(find_elbow(&[(1, 1.0), (2, 0.5)]), None);
        assert_eq!(find_elbow(&[(1, 3.0), (2, f64::NAN), (3, 1.0)]), None);
    }
}
