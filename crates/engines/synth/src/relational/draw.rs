//! Draws tables, parents first, and deals out keys.

use gantry_kit::{Column, Frame};
use gantry_learn::Rng;
use rayon::prelude::*;

use super::TablesPlan;
use super::families::{Drawing, Drawn, deal, draw_children};
use super::learn::{LearnedTable, Root};
use crate::encode::Block;
use crate::error::SynthError;
use crate::select::{DRAWN_PER_KEPT, MOST_SELECTED, select_rows};
use crate::tier::{Ask, Watch};

/// Rows that one thread draws at a time.
const PIECE: usize = 256;
/// Rows of a small table without parents that are drawn for each that is kept.
const DRAWN_PER_KEPT_OF_SMALL: usize = 20;

/// What tables are drawn by.
pub(crate) struct Learned<'a> {
    pub(crate) plan: &'a TablesPlan,
    /// In the order of the given tables.
    pub(crate) tables: &'a [LearnedTable],
}

/// Draws all tables, `scale` times as many rows as were learned from.
pub(crate) fn draw_tables(
    learned: &Learned<'_>,
    (scale, ask): (f64, &Ask),
    watch: &Watch<'_>,
) -> Result<Vec<Frame>, SynthError> {
    let count = learned.tables.len();
    let mut drawn: Vec<Option<Drawn>> = (0..count).map(|_| None).collect();
    let mut keys: Vec<Option<Frame>> = (0..count).map(|_| None).collect();
    for (done, table) in learned.plan.order.iter().enumerate() {
        watch.step(done as f64 / count as f64)?;
        let of_table = &learned.tables[*table];
        let seed = ask.seed ^ (*table as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let ask = Ask { seed, ..ask.clone() };
        let mut made = draw_rows(learned, *table, (scale, &drawn), Drawing { ask: &ask, watch })?;
        let mut rng = Rng::stream(seed, 0x636f_756e_7473);
        for (place, counts) in of_table.counts.iter().enumerate() {
            counts.fit(&mut made.columns[of_table.own + place], &mut rng);
        }
        keys[*table] =
            Some(name_parents(learned.plan, decode(of_table, &made, seed)?, (&made, &keys))?);
        drawn[*table] = Some(made);
    }
    keys.into_iter().map(|frame| frame.ok_or_else(not_drawn)).collect()
}

/// Draws the rows of one table, and the row of each parent that they name.
fn draw_rows(
    learned: &Learned<'_>,
    table: usize,
    (scale, drawn): (f64, &[Option<Drawn>]),
    drawing: Drawing<'_>,
) -> Result<Drawn, SynthError> {
    let of_table = &learned.tables[table];
    let links = learned.plan.find_parents(table);
    let Some(link) = links.first() else { return draw_root(of_table, scale, drawing.ask) };
    let find = |link: usize| {
        let parent = learned.plan.links[link].parent;
        let found = drawn[parent].as_ref().ok_or_else(not_drawn)?;
        Ok::<_, SynthError>((found, learned.place_of(link)))
    };
    let orphans = (of_table.orphans[0] * of_table.rows as f64 * scale).round() as usize;
    let mut made = draw_children(of_table, find(*link)?, orphans, drawing)?;
    made.parents[0].0 = *link;
    for (place, link) in links.iter().enumerate().skip(1) {
        let (found, counts) = find(*link)?;
        let seed = drawing.ask.seed ^ *link as u64;
        let dealt = deal(&found.columns[counts], made.rows, of_table.orphans[place], seed);
        made.parents.push((*link, dealt));
    }
    Ok(made)
}

/// Puts the parents' keys into a table.
fn name_parents(
    plan: &TablesPlan,
    frame: Frame,
    (made, keys): (&Drawn, &[Option<Frame>]),
) -> Result<Frame, SynthError> {
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
    Ok(Frame::new(columns)?)
}

fn not_drawn() -> SynthError {
    SynthError::inconsistent("A table was drawn before its parent.")
}

impl Learned<'_> {
    /// Where the numbers of children of a link stand among the parent's columns.
    fn place_of(&self, link: usize) -> usize {
        let parent = &self.tables[self.plan.links[link].parent];
        parent.own + parent.children.iter().position(|child| *child == link).unwrap_or(0)
    }
}

fn draw_root(table: &LearnedTable, scale: f64, ask: &Ask) -> Result<Drawn, SynthError> {
    let rows = ((table.rows as f64 * scale).round() as usize).max(1);
    let Some(root) = table.root.as_ref().filter(|_| rows as u64 <= MOST_SELECTED) else {
        let columns = draw_free(table, rows, ask)?.columns;
        return Ok(Drawn { columns, rows, parents: Vec::new() });
    };
    let drawn = match &root.copula {
        None => draw_free(table, rows * DRAWN_PER_KEPT as usize, ask)?,
        Some(_) => draw_small(root, rows * DRAWN_PER_KEPT_OF_SMALL, ask.seed),
    };
    let chosen = select_rows(&root.table, &drawn, (rows, ask.seed));
    Ok(Drawn { columns: drawn.take(&chosen).columns, rows, parents: Vec::new() })
}

/// Rows of a table without parents.
fn draw_free(table: &LearnedTable, rows: usize, ask: &Ask) -> Result<Block, SynthError> {
    let starts: Vec<usize> = (0..rows).step_by(PIECE).collect();
    let pieces: Result<Vec<Block>, SynthError> = starts
        .par_iter()
        .map(|start| table.drawer.sample(*start as u64..(start + PIECE).min(rows) as u64, ask))
        .collect();
    let mut columns = vec![Vec::with_capacity(rows); table.drawer.width()];
    for piece in pieces? {
        columns.iter_mut().zip(piece.columns).for_each(|(column, part)| column.extend(part));
    }
    Ok(Block { columns })
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

fn decode(table: &LearnedTable, made: &Drawn, seed: u64) -> Result<Frame, SynthError> {
    let block = Block { columns: made.columns[..table.own].to_vec() };
    table.encoding.decode(&block, 0..made.rows as u64, seed)
}
