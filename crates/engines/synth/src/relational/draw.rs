//! Draws tables, parents first, and deals out keys.

use gantry_kit::{Column, Frame};
use gantry_learn::Rng;
use rayon::prelude::*;

use super::learn::{LearnedTable, MOST_PLACES, Root};
use super::{NamedTable, TablesPlan};
use crate::encode::Block;
use crate::error::SynthError;
use crate::select::{DRAWN_PER_KEPT, MOST_SELECTED, select_rows};
use crate::tier::Ask;

/// Parents whose children one thread draws at a time.
const PIECE: usize = 256;
/// Children of one parent, at most.
const MOST_CHILDREN: f64 = 100_000.0;

/// Rows of a small table without parents that are drawn for each that is kept.
const DRAWN_PER_KEPT_OF_SMALL: usize = 20;

/// A drawn table before it has its keys.
struct Drawn {
    /// Own columns and numbers of children, by column.
    columns: Vec<Vec<f64>>,
    rows: usize,
    /// The row of each parent, by link.
    parents: Vec<(usize, Vec<Option<u32>>)>,
}

/// Draws all tables, `scale` times as many rows as were learned from.
pub(crate) fn draw_tables(
    tables: &[NamedTable],
    plan: &TablesPlan,
    learned: &[LearnedTable],
    (scale, seed): (f64, u64),
) -> Result<Vec<Frame>, SynthError> {
    let mut drawn: Vec<Option<Drawn>> = (0..tables.len()).map(|_| None).collect();
    let mut keys: Vec<Option<Frame>> = (0..tables.len()).map(|_| None).collect();
    for table in &plan.order {
        let of_table = &learned[*table];
        let seed = seed ^ (*table as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let links = plan.find_parents(*table);
        let mut made = match links.first() {
            None => draw_root(of_table, scale, seed),
            Some(link) => {
                let parent = &plan.links[*link];
                let found = drawn[parent.parent].as_ref().ok_or_else(not_drawn)?;
                let orphans = (of_table.orphans[0] * of_table.rows as f64 * scale).round() as usize;
                let mut made =
                    draw_children(of_table, (found, place_of(plan, learned, *link)), orphans, seed);
                made.parents[0].0 = *link;
                for (place, link) in links.iter().enumerate().skip(1) {
                    let other = plan.links[*link].parent;
                    let found = drawn[other].as_ref().ok_or_else(not_drawn)?;
                    let counts = &found.columns[place_of(plan, learned, *link)];
                    let dealt =
                        deal(counts, made.rows, of_table.orphans[place], seed ^ *link as u64);
                    made.parents.push((*link, dealt));
                }
                made
            }
        };
        let mut rng = Rng::stream(seed, 0x636f_756e_7473);
        for (place, counts) in of_table.counts.iter().enumerate() {
            counts.fit(&mut made.columns[of_table.own + place], &mut rng);
        }
        let frame = decode(of_table, &made, seed)?;
        let mut columns = frame.into_columns();
        for (link, rows) in &made.parents {
            let link = &plan.links[*link];
            let of_parent = keys[link.parent].as_ref().ok_or_else(not_drawn)?;
            let key = &of_parent.columns()[link.key];
            let cells: Vec<Option<String>> = rows
                .iter()
                .map(|row| {
                    row.and_then(|row| key.find_cell(row as usize)).map(|cell| cell.into_owned())
                })
                .collect();
            let name = columns[link.column].name().to_owned();
            columns[link.column] = Column::id(name, cells.iter().map(Option::as_deref));
        }
        keys[*table] = Some(Frame::new(columns)?);
        drawn[*table] = Some(made);
    }
    keys.into_iter().map(|frame| frame.ok_or_else(not_drawn)).collect()
}

fn not_drawn() -> SynthError {
    SynthError::inconsistent("A table was drawn before its parent.")
}

/// Where the numbers of children of a link stand among the parent's columns.
fn place_of(plan: &TablesPlan, learned: &[LearnedTable], link: usize) -> usize {
    let parent = &learned[plan.links[link].parent];
    parent.own + parent.children.iter().position(|child| *child == link).unwrap_or(0)
}

fn draw_root(table: &LearnedTable, scale: f64, seed: u64) -> Drawn {
    let rows = ((table.rows as f64 * scale).round() as usize).max(1);
    let Some(root) = table.root.as_ref().filter(|_| rows as u64 <= MOST_SELECTED) else {
        let columns = draw_free(table, rows, seed).columns;
        return Drawn { columns, rows, parents: Vec::new() };
    };
    let drawn = match &root.copula {
        None => draw_free(table, rows * DRAWN_PER_KEPT as usize, seed),
        Some(_) => draw_small(root, rows * DRAWN_PER_KEPT_OF_SMALL, seed),
    };
    let chosen = select_rows(&root.table, &drawn, (rows, seed));
    Drawn { columns: drawn.take(&chosen).columns, rows, parents: Vec::new() }
}

/// Rows of a table without parents, by its trees.
fn draw_free(table: &LearnedTable, rows: usize, seed: u64) -> Block {
    let ask = Ask { seed, ..Ask::default() };
    let starts: Vec<usize> = (0..rows).step_by(PIECE).collect();
    let pieces: Vec<Block> = starts
        .par_iter()
        .map(|start| table.trees.sample(*start as u64..(start + PIECE).min(rows) as u64, &ask))
        .collect();
    let mut columns = vec![Vec::with_capacity(rows); table.trees.width()];
    for piece in pieces {
        columns.iter_mut().zip(piece.columns).for_each(|(column, part)| column.extend(part));
    }
    Block { columns }
}

/// Rows of a small table.
fn draw_small(root: &Root, rows: usize, seed: u64) -> Block {
    let mut columns = vec![Vec::with_capacity(rows); root.table.columns.len()];
    let Some(copula) = &root.copula else { return Block { columns } };
    for row in 0..rows {
        let drawn = copula.draw(&mut Rng::stream(seed, row as u64));
        columns.iter_mut().zip(drawn).for_each(|(column, value)| column.push(value));
    }
    Block { columns }
}

/// Draws the rows of every row of the parent, one after the other, and those that have no parent.
fn draw_children(
    table: &LearnedTable,
    (parent, counts): (&Drawn, usize),
    orphans: usize,
    seed: u64,
) -> Drawn {
    let starts: Vec<usize> = (0..parent.rows).step_by(PIECE).collect();
    let mut pieces: Vec<Vec<(Option<u32>, Vec<f64>)>> = starts
        .par_iter()
        .map(|start| {
            let rows = *start..(start + PIECE).min(parent.rows);
            rows.flat_map(|row| draw_family(table, (parent, row), counts, seed)).collect()
        })
        .collect();
    let nobody = vec![f64::NAN; table.context];
    let orphan = |row: usize| {
        let mut rng = Rng::stream(seed ^ 0x6f72_7068_616e, row as u64);
        (None, draw_one(table, (&nobody, 0), None, &mut rng))
    };
    pieces.push((0..orphans).map(orphan).collect());
    let mut columns = vec![Vec::new(); table.own + table.children.len()];
    let mut parents = Vec::new();
    for (parent, values) in pieces.into_iter().flatten() {
        parents.push(parent);
        columns.iter_mut().zip(values).for_each(|(column, value)| column.push(value));
    }
    Drawn { columns, rows: parents.len(), parents: vec![(0, parents)] }
}

fn draw_family(
    table: &LearnedTable,
    (parent, row): (&Drawn, usize),
    counts: usize,
    seed: u64,
) -> Vec<(Option<u32>, Vec<f64>)> {
    let context: Vec<f64> = parent.columns.iter().map(|column| column[row]).collect();
    let count = parent.columns[counts][row].round().clamp(0.0, MOST_CHILDREN) as usize;
    let mut rng = Rng::stream(seed, row as u64);
    let mut family: Vec<(Option<u32>, Vec<f64>)> = Vec::with_capacity(count);
    for place in 0..count {
        let before = family.last().map(|(_, values)| values.as_slice());
        let values = draw_one(table, (&context, place), before, &mut rng);
        family.push((Some(row as u32), values));
    }
    family
}

/// One row: own columns and numbers of children.
fn draw_one(
    table: &LearnedTable,
    (context, place): (&[f64], usize),
    before: Option<&[f64]>,
    rng: &mut Rng,
) -> Vec<f64> {
    let mut known = context.to_vec();
    if table.has_previous {
        known.push((place as f64).min(MOST_PLACES));
        known.extend((0..table.own).map(|at| before.map_or(f64::NAN, |values| values[at])));
    }
    table.trees.draw_given(&known, rng).split_off(known.len())
}

/// Gives each row a parent, so that parents have about the numbers of children that they have drawn.
fn deal(counts: &[f64], rows: usize, orphans: f64, seed: u64) -> Vec<Option<u32>> {
    let mut rng = Rng::new(seed);
    let count = |count: &f64| count.round().clamp(0.0, MOST_CHILDREN) as usize;
    let mut slots: Vec<u32> = counts
        .iter()
        .enumerate()
        .flat_map(|(row, of_row)| std::iter::repeat_n(row as u32, count(of_row)))
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

fn decode(table: &LearnedTable, made: &Drawn, seed: u64) -> Result<Frame, SynthError> {
    let block = Block { columns: made.columns[..table.own].to_vec() };
    table.encoding.decode(&block, 0..made.rows as u64, seed)
}
