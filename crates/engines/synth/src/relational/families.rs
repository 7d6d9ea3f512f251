//! Draws the rows of a table given the rows of its parent, and deals rows out to further parents.
//!
//! Trees draw family by family. Networks draw all first rows of families at once, then all second
//! ones, and so on, since they are quicker with many rows; without the row before, all rows at once.
//!
//! Invariants: a family's rows stand one after the other, as many as its parent has drawn; rows without
//! a parent come last.

use gantry_learn::Rng;
use rayon::prelude::*;

use super::drawer::Drawer;
use super::learn::{LearnedTable, MOST_PLACES};
use crate::deep::Deep;
use crate::error::SynthError;
use crate::tier::{Ask, Watch};
use crate::tree::TreeGenerator;

/// Parents whose children one thread draws at a time.
const PIECE: usize = 256;
/// Children of one parent, at most.
const MOST_CHILDREN: f64 = 100_000.0;
/// Keeps the draws of rows without a parent apart from the others.
const ORPHANS: u64 = 0x6f72_7068_616e;

/// A drawn table before it has its keys.
pub(super) struct Drawn {
    /// Own columns and numbers of children, by column.
    pub(super) columns: Vec<Vec<f64>>,
    pub(super) rows: usize,
    /// The row of each parent, by link.
    pub(super) parents: Vec<(usize, Vec<Option<u32>>)>,
}

/// How children are drawn.
#[derive(Clone, Copy)]
pub(super) struct Drawing<'a> {
    pub(super) ask: &'a Ask,
    pub(super) watch: &'a Watch<'a>,
}

/// A row of a parent, or nobody.
struct Family {
    parent: Option<u32>,
    children: usize,
}

/// All families of a parent, those of nobody last.
struct Families<'a> {
    parent: &'a Drawn,
    list: Vec<Family>,
    /// What is known of the parent of a row that has none.
    nobody: Vec<f64>,
}

impl Families<'_> {
    /// What is known of the parent.
    fn derive_context(&self, family: &Family) -> Vec<f64> {
        match family.parent {
            Some(row) => self.parent.columns.iter().map(|column| column[row as usize]).collect(),
            None => self.nobody.clone(),
        }
    }
}

/// Draws the rows of every row of the parent, one family after the other, and those without a parent.
pub(super) fn draw_children(
    table: &LearnedTable,
    (parent, counts): (&Drawn, usize),
    orphans: usize,
    drawing: Drawing<'_>,
) -> Result<Drawn, SynthError> {
    let of_row =
        |(row, count): (u32, &f64)| Family { parent: Some(row), children: count_children(*count) };
    let mut list: Vec<Family> = (0..).zip(&parent.columns[counts]).map(of_row).collect();
    list.extend((0..orphans).map(|_| Family { parent: None, children: 1 }));
    let families = Families { parent, list, nobody: vec![f64::NAN; table.context] };
    let rows = match &table.drawer {
        Drawer::Trees(trees) => draw_by_family(table, trees, &families, drawing)?,
        Drawer::Deep(deep) => draw_by_place(table, deep, &families, drawing)?,
    };
    let mut columns = vec![Vec::with_capacity(rows.len()); table.own + table.children.len()];
    for row in rows {
        columns.iter_mut().zip(row).for_each(|(column, value)| column.push(value));
    }
    let of_family = |family: &Family| std::iter::repeat_n(family.parent, family.children);
    let parents: Vec<Option<u32>> = families.list.iter().flat_map(of_family).collect();
    Ok(Drawn { columns, rows: parents.len(), parents: vec![(0, parents)] })
}

fn count_children(count: f64) -> usize {
    count.round().clamp(0.0, MOST_CHILDREN) as usize
}

/// What is known of a row: its parent's cells, and its place with the row before where that is known.
fn derive_known(
    table: &LearnedTable,
    (context, place): (&[f64], usize),
    before: Option<&[f64]>,
) -> Vec<f64> {
    let mut known = context.to_vec();
    if table.has_previous {
        known.push((place as f64).min(MOST_PLACES));
        known.extend((0..table.own).map(|at| before.map_or(f64::NAN, |values| values[at])));
    }
    known
}

/// Rows, those of a family one after the other.
fn draw_by_family(
    table: &LearnedTable,
    trees: &TreeGenerator,
    families: &Families<'_>,
    drawing: Drawing<'_>,
) -> Result<Vec<Vec<f64>>, SynthError> {
    drawing.watch.check()?;
    let seed = drawing.ask.seed;
    let draw = |(number, family): (usize, &Family)| {
        let mut rng = match family.parent {
            Some(row) => Rng::stream(seed, u64::from(row)),
            None => Rng::stream(seed ^ ORPHANS, (number - families.parent.rows) as u64),
        };
        let context = families.derive_context(family);
        let mut rows: Vec<Vec<f64>> = Vec::with_capacity(family.children);
        for place in 0..family.children {
            let before = rows.last().map(Vec::as_slice);
            let known = derive_known(table, (&context, place), before);
            rows.push(trees.draw_given(&known, &mut rng).split_off(known.len()));
        }
        rows
    };
    let pieces: Vec<Vec<Vec<f64>>> = families
        .list
        .par_chunks(PIECE)
        .enumerate()
        .map(|(piece, list)| (piece * PIECE..).zip(list).flat_map(draw).collect())
        .collect();
    Ok(pieces.into_iter().flatten().collect())
}

/// As [`draw_by_family`].
fn draw_by_place(
    table: &LearnedTable,
    deep: &Deep,
    families: &Families<'_>,
    drawing: Drawing<'_>,
) -> Result<Vec<Vec<f64>>, SynthError> {
    // Where the rows of each family begin.
    let mut rows: Vec<Vec<f64>> = Vec::new();
    let list = families.list.as_slice();
    let mut starts = Vec::with_capacity(list.len());
    for family in list {
        starts.push(rows.len());
        rows.resize(rows.len() + family.children, Vec::new());
    }
    let most = list.iter().map(|family| family.children).max().unwrap_or(0);
    for place in 0..most {
        drawing.watch.check()?;
        let of_place: Vec<usize> = list_rows(table, (list, &starts), place);
        let known: Vec<Vec<f64>> = of_place
            .iter()
            .map(|row| {
                let family = starts.partition_point(|start| start <= row) - 1;
                let before = (*row > starts[family]).then(|| rows[row - 1].as_slice());
                derive_known(table, (&families.derive_context(&list[family]), place), before)
            })
            .collect();
        let seed = drawing.ask.seed ^ (place as u64).wrapping_mul(0xd134_2543_de82_ef95);
        let drawn = deep.draw_given(&known, &Ask { seed, ..drawing.ask.clone() })?;
        of_place.into_iter().zip(drawn).for_each(|(row, cells)| rows[row] = cells);
    }
    Ok(rows)
}

/// The rows that are drawn at once: those of this place in their family, or all at the first place
/// where the row before tells nothing.
fn list_rows(
    table: &LearnedTable,
    (families, starts): (&[Family], &[usize]),
    place: usize,
) -> Vec<usize> {
    let numbered = families.iter().zip(starts);
    match (table.has_previous, place) {
        (true, _) => {
            let has_place = numbered.filter(|(family, _)| family.children > place);
            has_place.map(|(_, start)| start + place).collect()
        }
        (false, 0) => {
            numbered.flat_map(|(family, start)| *start..start + family.children).collect()
        }
        (false, _) => Vec::new(),
    }
}

/// Gives each row a parent, so that parents have about the numbers of children that they have drawn.
pub(super) fn deal(counts: &[f64], rows: usize, orphans: f64, seed: u64) -> Vec<Option<u32>> {
    let mut rng = Rng::new(seed);
    let mut slots: Vec<u32> = counts
        .iter()
        .enumerate()
        .flat_map(|(row, of_row)| std::iter::repeat_n(row as u32, count_children(*of_row)))
        .collect();
    rng.shuffle(&mut slots);
    let next = |row: usize, rng: &mut Rng| {
        if rng.uniform() < orphans || counts.is_empty() {
            return None;
        }
        Some(slots.get(row).copied().unwrap_or_else(|| rng.below(counts.len()) as u32))
    };
    (0..rows).map(|row| next(row, &mut rng)).collect()
}
