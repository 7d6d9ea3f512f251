//! Columns of parents beside those of their children: one row for each child.

use crate::table::{Aligned, Side, Sides, Table, Values};
use crate::trend::{Coded, PairTrend, trend_of};
use crate::{FidelityError, Pair};

use super::{Link, Relation, Target};

/// Trends of every pair of a compared column of the parent and one of the child. Children without
/// a parent are left out.
pub(super) fn trends(
    (parent, child): (&Pair<'_>, &Pair<'_>),
    relation: &Relation,
    (real, synthetic): (&Link, &Link),
) -> Result<Vec<PairTrend>, FidelityError> {
    let (parent, child) = match (Table::new(parent), Table::new(child)) {
        (Ok(parent), Ok(child)) => (parent, child),
        (Err(FidelityError::NothingInCommon { .. }), _)
        | (_, Err(FidelityError::NothingInCommon { .. })) => return Ok(Vec::new()),
        (Err(error), _) | (_, Err(error)) => return Err(error),
    };
    let joined = Sides { real: rows_of(real), synthetic: rows_of(synthetic), holdout: Vec::new() };
    if joined.real.is_empty() || joined.synthetic.is_empty() {
        return Ok(Vec::new());
    }
    let parents = |side: Side| joined.get(side).iter().map(|(parent, _)| *parent).collect();
    let children = |side: Side| joined.get(side).iter().map(|(_, child)| *child).collect();
    let parent_rows = Sides::of_two(parents(Side::Real), parents(Side::Synthetic));
    let child_rows = Sides::of_two(children(Side::Real), children(Side::Synthetic));
    let of_parents = take(&parent, (&relation.parent, &relation.primary_key), &parent_rows);
    let of_children = take(&child, (&relation.child, &relation.foreign_key), &child_rows);
    let code = |columns: &[Aligned]| columns.iter().map(Coded::new).collect::<Vec<_>>();
    let (parent_codes, child_codes) = (code(&of_parents), code(&of_children));
    let mut trends = Vec::with_capacity(of_parents.len() * of_children.len());
    for first in of_parents.iter().zip(&parent_codes) {
        trends.extend(of_children.iter().zip(&child_codes).map(|second| trend_of(first, second)));
    }
    Ok(trends)
}

/// Row of the parent and row of the child, for each child with a parent.
fn rows_of(link: &Link) -> Vec<(usize, usize)> {
    let row = |(child, target): (usize, &Target)| match target {
        Target::Row(parent) => Some((*parent, child)),
        Target::Nowhere | Target::Missing => None,
    };
    link.targets.iter().enumerate().filter_map(row).collect()
}

/// The columns but the key, with these rows, under names that say their table.
fn take(table: &Table, (name, key): (&str, &str), rows: &Sides<Vec<usize>>) -> Vec<Aligned> {
    let taken = |column: &Aligned| Aligned {
        name: format!("{name}.{}", column.name),
        kind: column.kind,
        values: match &column.values {
            Values::Numbers(numbers) => Values::Numbers(take_sides(numbers, rows)),
            Values::Labels { names, codes } => {
                Values::Labels { names: names.clone(), codes: take_sides(codes, rows) }
            }
        },
    };
    table.columns.iter().filter(|column| column.name != key).map(taken).collect()
}

fn take_sides<T: Copy>(values: &Sides<Vec<T>>, rows: &Sides<Vec<usize>>) -> Sides<Vec<T>> {
    let take = |side: Side| {
        let values = values.get(side);
        rows.get(side).iter().filter_map(|row| values.get(*row).copied()).collect()
    };
    Sides::of_two(take(Side::Real), take(Side::Synthetic))
}
