//! Who tells each row something: the rows that are nearest to it, and those that name the same row of
//! another table.
//!
//! Invariants: no row is told of itself, but where it is the only one; which rows are joined depends
//! on the table and the order of the nodes alone.

use std::collections::BTreeMap;

/// The nearest others that a node is joined with, and the others of one foreign key, at most.
pub(super) const NEIGHBOURS: usize = 5;

/// One kind of edges.
pub(super) struct Edges {
    /// Who tells each node something, `each` of them node by node; the place behind the last node
    /// where there are fewer.
    pub(super) places: Vec<i32>,
    pub(super) each: usize,
    /// One over their number, by node; 0 where there are none.
    pub(super) shares: Vec<f32>,
    /// The means of their features, node by node.
    pub(super) gathered: Vec<f32>,
}

impl Edges {
    /// Joins each node with the nearest others; with as many as there are where these are few.
    pub(super) fn join_near(features: &[f32], width: usize) -> Self {
        Self::gather(&find_neighbours(features, width), (features, width))
    }

    /// Joins each node with the next ones that have its key, in a ring.
    pub(super) fn join_kin(keys: &[Option<u32>], about: (&[f32], usize)) -> Self {
        Self::gather(&find_kin(keys), about)
    }

    fn gather(lists: &[Vec<u32>], (features, width): (&[f32], usize)) -> Self {
        let each = lists.iter().map(Vec::len).max().unwrap_or(0).max(1);
        let mut places = vec![lists.len() as i32; lists.len() * each];
        let mut shares = Vec::with_capacity(lists.len());
        let mut gathered = vec![0.0; features.len()];
        let lines = places.chunks_exact_mut(each).zip(gathered.chunks_exact_mut(width));
        for (list, (line, mean)) in lists.iter().zip(lines) {
            let share = if list.is_empty() { 0.0 } else { 1.0 / list.len() as f32 };
            shares.push(share);
            for (place, other) in line.iter_mut().zip(list) {
                *place = *other as i32;
                let from = &features[*other as usize * width..][..width];
                mean.iter_mut().zip(from).for_each(|(sum, number)| *sum += number * share);
            }
        }
        Self { places, each, shares, gathered }
    }
}

/// The first rows of an order, at most so many, with families of the first foreign key together.
pub(super) fn choose_nodes(
    order: &[usize],
    kin: Option<&Vec<Option<u32>>>,
    most: usize,
) -> Vec<usize> {
    let Some(keys) = kin.filter(|_| order.len() > most) else {
        return order.iter().copied().take(most).collect();
    };
    let mut families: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for row in order {
        if let Some(key) = keys[*row] {
            families.entry(key).or_default().push(*row);
        }
    }
    let mut chosen = Vec::with_capacity(most);
    for row in order {
        match keys[*row] {
            // A family is taken when its first row comes, as far as rows tell each other something.
            Some(key) => {
                let family = families.remove(&key).unwrap_or_default();
                chosen.extend(family.into_iter().take(NEIGHBOURS + 1));
            }
            None => chosen.push(*row),
        }
        if chosen.len() >= most {
            break;
        }
    }
    chosen.truncate(most);
    chosen
}

fn find_kin(keys: &[Option<u32>]) -> Vec<Vec<u32>> {
    let mut families: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (node, key) in keys.iter().enumerate() {
        if let Some(key) = key {
            families.entry(*key).or_default().push(node as u32);
        }
    }
    let mut found = vec![Vec::new(); keys.len()];
    for family in families.values() {
        for (place, node) in family.iter().enumerate() {
            let ring = family.iter().cycle().skip(place + 1);
            found[*node as usize] = ring.take(NEIGHBOURS.min(family.len() - 1)).copied().collect();
        }
    }
    found
}

fn find_neighbours(features: &[f32], width: usize) -> Vec<Vec<u32>> {
    let nodes = features.len() / width;
    let near = NEIGHBOURS.min(nodes.saturating_sub(1)).max(1);
    let mut found = Vec::with_capacity(nodes);
    for (node, own) in features.chunks_exact(width).enumerate() {
        let mut nearest: Vec<(f32, u32)> = Vec::with_capacity(near + 1);
        for (other, numbers) in features.chunks_exact(width).enumerate() {
            if other == node && nodes > 1 {
                continue;
            }
            let far: f32 = own.iter().zip(numbers).map(|(a, b)| (a - b) * (a - b)).sum();
            if nearest.len() < near || nearest.last().is_some_and(|last| far < last.0) {
                let at = nearest.partition_point(|known| known.0 <= far);
                nearest.insert(at, (far, other as u32));
                nearest.truncate(near);
            }
        }
        found.push(nearest.into_iter().map(|(_, other)| other).collect());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_the_nearest_others() {
        let features: Vec<f32> = [0.0, 1.0, 2.5, 10.0, 11.0, 12.5, 14.0].to_vec();
        let edges = Edges::join_near(&features, 1);
        assert_eq!(edges.places.len(), 7 * NEIGHBOURS);
        assert_eq!(&edges.places[..3], &[1, 2, 3]);
        assert_eq!(&edges.places[4 * NEIGHBOURS..][..2], &[3, 5]);
        assert_eq!(edges.shares, [0.2; 7]);
    }

    #[test]
    fn kin_are_the_others_of_the_same_key() {
        let keys = [Some(7), None, Some(7), Some(2), Some(7)];
        let features = [1.0, 2.0, 4.0, 8.0, 16.0];
        let edges = Edges::join_kin(&keys, (&features, 1));
        assert_eq!(edges.each, 2);
        assert_eq!(edges.places, [2, 4, 5, 5, 4, 0, 5, 5, 0, 2]);
        assert_eq!(edges.shares, [0.5, 0.0, 0.5, 0.0, 0.5]);
        assert_eq!(edges.gathered, [10.0, 0.0, 8.5, 0.0, 2.5]);
    }

    #[test]
    fn of_many_rows_families_are_taken_together() {
        let order: Vec<usize> = vec![4, 0, 3, 2, 5, 1];
        let keys: Vec<Option<u32>> = [1, 1, 2, 2, 1, 2].map(Some).to_vec();
        assert_eq!(choose_nodes(&order, Some(&keys), 3), [4, 0, 1]);
        assert_eq!(choose_nodes(&order, None, 3), [4, 0, 3]);
        assert_eq!(choose_nodes(&order, Some(&keys), 9), order);
    }
}
