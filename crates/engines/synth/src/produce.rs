//! Rows by the million: drawn piece by piece on all threads, written in their order.
//!
//! Invariants: memory holds one batch, however many rows are asked for; the bytes do not depend on
//! the number of threads; every row keeps the constraints and meets the conditions, or the job ends
//! with an error.

use std::collections::HashSet;
use std::io::Write;
use std::ops::Range;

use gantry_engine_api::BlockingContext;
use gantry_kit::{Frame, ParquetWriter, WriteOptions, write_csv};
use rayon::prelude::*;

use crate::condition::Allowed;
use crate::constraint::{Constraints, Rule};
use crate::encode::Block;
use crate::error::SynthError;
use crate::model_file::SynthModel;
use crate::tier::Ask;

/// Rows that one thread draws at a time.
const PIECE: u64 = 2_048;
/// Pieces that are drawn before they are written.
const BATCH: u64 = 32;
/// Times that a row is drawn again before it is repaired or given up.
const ATTEMPTS: u64 = 100;
/// Rounds of attempts in which a row looks for values that no earlier one has.
const ROUNDS: u64 = 500;
/// Keeps the seeds of attempts apart.
const ATTEMPT: u64 = 0x9e37_79b9_7f4a_7c15;

/// Rows with their numbers.
type Piece = (Range<u64>, Block);

/// What is asked of rows, in the terms of one generator.
#[derive(Debug, Clone, Default)]
pub(crate) struct Plan {
    pub(crate) ask: Ask,
    /// Conditions that only the rebuilt row can tell.
    pub(crate) later: Vec<(usize, Allowed)>,
    /// Constraints that came after learning.
    pub(crate) added: Constraints,
}

/// What rows are drawn from, and under which conditions.
pub(crate) struct Producer<'a> {
    pub(crate) model: &'a SynthModel,
    pub(crate) plan: &'a Plan,
}

impl Producer<'_> {
    /// These rows as a frame.
    pub(crate) fn draw_frame(&self, rows: Range<u64>) -> Result<Frame, SynthError> {
        let whole = self.draw_block(rows.clone())?;
        self.decode(&whole, rows)
    }

    /// Drawn rows as a frame.
    pub(crate) fn decode(&self, block: &Block, rows: Range<u64>) -> Result<Frame, SynthError> {
        self.model.header.encoding.decode(block, rows, self.plan.ask.seed)
    }

    /// These rows, rebuilt.
    pub(crate) fn draw_block(&self, rows: Range<u64>) -> Result<Block, SynthError> {
        let mut seen = self.begin_unique();
        let blocks = self.draw_batch(rows, &mut seen)?;
        Ok(self.join(blocks.into_iter().map(|(_, block)| block)))
    }

    fn join(&self, blocks: impl Iterator<Item = Block>) -> Block {
        let mut whole = Block { columns: vec![Vec::new(); self.model.fitted.width()] };
        for block in blocks {
            for (column, part) in whole.columns.iter_mut().zip(block.columns) {
                column.extend(part);
            }
        }
        whole
    }

    /// Writes so many rows as CSV with a header.
    pub(crate) fn write_csv(
        &self,
        rows: u64,
        out: &mut impl Write,
        progress: (&BlockingContext, Range<f64>),
    ) -> Result<(), SynthError> {
        let width = self.model.fitted.width();
        let header = self.write_piece(0..0, &Block { columns: vec![Vec::new(); width] })?;
        out.write_all(&header)?;
        self.draw_batches(rows, progress, &mut |_, blocks| {
            let pieces: Vec<Result<Vec<u8>, SynthError>> = blocks
                .par_iter()
                .map(|(numbers, block)| self.write_piece(numbers.clone(), block))
                .collect();
            for piece in pieces {
                out.write_all(piece?.get(header.len()..).unwrap_or_default())?;
            }
            Ok(())
        })
    }

    /// Writes so many rows as Parquet, a row group for each batch; gives back what it wrote to.
    pub(crate) fn write_parquet<W: Write + Send>(
        &self,
        rows: u64,
        out: W,
        progress: (&BlockingContext, Range<f64>),
    ) -> Result<W, SynthError> {
        let mut file = ParquetWriter::new(out, &self.model.header.encoding.derive_schema())?;
        self.draw_batches(rows, progress, &mut |numbers, blocks| {
            let whole = self.join(blocks.into_iter().map(|(_, block)| block));
            Ok(file.write(&self.decode(&whole, numbers)?)?)
        })?;
        Ok(file.finish()?)
    }

    /// Draws so many rows batch by batch, and hands each over.
    fn draw_batches(
        &self,
        rows: u64,
        (job, share): (&BlockingContext, Range<f64>),
        take: &mut dyn FnMut(Range<u64>, Vec<Piece>) -> Result<(), SynthError>,
    ) -> Result<(), SynthError> {
        let mut seen = self.begin_unique();
        let mut start = 0;
        while start < rows {
            job.check_cancelled()?;
            let end = (start + PIECE * BATCH).min(rows);
            take(start..end, self.draw_batch(start..end, &mut seen)?)?;
            start = end;
            let done = start as f64 / rows.max(1) as f64;
            job.progress(share.start + done * (share.end - share.start));
        }
        Ok(())
    }

    /// The header and these rows.
    fn write_piece(&self, rows: Range<u64>, block: &Block) -> Result<Vec<u8>, SynthError> {
        let frame = self.model.header.encoding.decode(block, rows, self.plan.ask.seed)?;
        let mut bytes = Vec::new();
        write_csv(&frame, &mut bytes, &WriteOptions::default())?;
        Ok(bytes)
    }

    /// Rows in pieces, in their order.
    fn draw_batch(&self, rows: Range<u64>, seen: &mut [Seen]) -> Result<Vec<Piece>, SynthError> {
        let starts: Vec<u64> = rows.clone().step_by(PIECE as usize).collect();
        let drawn: Result<Vec<_>, SynthError> = starts
            .par_iter()
            .map(|start| {
                let piece = *start..(start + PIECE).min(rows.end);
                Ok((piece.clone(), self.draw_piece(piece)?))
            })
            .collect();
        let mut drawn = drawn?;
        if !seen.is_empty() {
            for (piece, block) in &mut drawn {
                self.make_unique(piece.clone(), block, seen)?;
            }
        }
        Ok(drawn)
    }

    fn draw_piece(&self, rows: Range<u64>) -> Result<Block, SynthError> {
        let mut block = self.draw_rebuilt(rows.clone(), 0)?;
        if !self.has_checks() {
            return Ok(block);
        }
        for (place, number) in rows.enumerate() {
            let cell = |column: usize| block.columns[column][place];
            if self.find_broken(&cell).is_some() || !self.meets_later(&cell) {
                let row = self.draw_checked(number, 0)?;
                for (column, value) in block.columns.iter_mut().zip(row) {
                    column[place] = value;
                }
            }
        }
        Ok(block)
    }

    fn draw_rebuilt(&self, rows: Range<u64>, attempt: u64) -> Result<Block, SynthError> {
        let seed = self.plan.ask.seed.wrapping_add(attempt.wrapping_mul(ATTEMPT));
        let ask = Ask { seed, ..self.plan.ask.clone() };
        let mut block = self.model.fitted.sample(rows, &ask)?;
        let header = &self.model.header;
        header.constraints.restore(&mut block, &header.encoding);
        self.plan.added.restore_formulas(&mut block, &header.encoding);
        Ok(block)
    }

    /// One row that keeps all rules: drawn again, and repaired where that does not help.
    fn draw_checked(&self, number: u64, round: u64) -> Result<Vec<f64>, SynthError> {
        let mut fallback = None;
        for attempt in 1..=ATTEMPTS {
            let row = self.draw_one(number, round * ATTEMPTS + attempt)?;
            let cell = |column: usize| row[column];
            if !self.meets_later(&cell) {
                continue;
            }
            if self.find_broken(&cell).is_none() {
                return Ok(row);
            }
            fallback = Some(row);
        }
        let Some(mut row) = fallback else {
            return Err(SynthError::Condition {
                condition: "given".into(),
                reason: format!(
                    "none of {ATTEMPTS} rows has such values in columns that constraints rebuild"
                ),
            });
        };
        let encoding = &self.model.header.encoding;
        for constraint in self.list_rules() {
            let cell = |column: usize| row[column];
            if !constraint.is_kept(&cell, encoding) {
                Constraints::repair(constraint, &mut row, encoding);
            }
        }
        Ok(row)
    }

    fn draw_one(&self, number: u64, attempt: u64) -> Result<Vec<f64>, SynthError> {
        let block = self.draw_rebuilt(number..number + 1, attempt)?;
        Ok(block.columns.iter().filter_map(|column| column.first().copied()).collect())
    }

    fn list_rules(&self) -> impl Iterator<Item = &Rule> {
        let fitted = self.model.header.constraints.list.iter();
        fitted.chain(&self.plan.added.list).map(|constraint| &constraint.rule)
    }

    fn has_checks(&self) -> bool {
        !self.plan.later.is_empty() || self.list_rules().next().is_some()
    }

    fn find_broken(&self, cell: &dyn Fn(usize) -> f64) -> Option<&Rule> {
        let encoding = &self.model.header.encoding;
        self.list_rules().find(|rule| match rule {
            // What was rebuilt from combinations is one of them.
            Rule::Fixed { .. } | Rule::Unique { .. } => false,
            Rule::Order { .. }
            | Rule::Formula { .. }
            | Rule::OneHot { .. }
            | Rule::Range { .. } => !rule.is_kept(cell, encoding),
        })
    }

    fn meets_later(&self, cell: &dyn Fn(usize) -> f64) -> bool {
        let admitted = |(column, allowed): &(usize, Allowed)| {
            let value = cell(*column);
            allowed.admits((!value.is_nan()).then_some(value))
        };
        self.plan.later.iter().all(admitted)
    }

    fn begin_unique(&self) -> Vec<Seen> {
        let fitted = self.model.header.constraints.find_unique();
        let sets = fitted.into_iter().chain(self.plan.added.find_unique());
        sets.map(|columns| Seen { columns: columns.to_vec(), rows: HashSet::new() }).collect()
    }

    /// Draws rows again that repeat an earlier one in columns that must not.
    fn make_unique(
        &self,
        rows: Range<u64>,
        block: &mut Block,
        seen: &mut [Seen],
    ) -> Result<(), SynthError> {
        for (place, number) in rows.enumerate() {
            let mut row: Vec<f64> = block.columns.iter().map(|column| column[place]).collect();
            let mut round = 0;
            while seen.iter().any(|set| set.has(&row)) {
                round += 1;
                if round > ROUNDS {
                    return Err(SynthError::Constraint {
                        constraint: "unique".into(),
                        reason: format!("cannot be kept: row {} finds no new values", number + 1),
                    });
                }
                row = self.draw_checked(number, round)?;
            }
            for set in &mut *seen {
                set.note(&row);
            }
            for (column, value) in block.columns.iter_mut().zip(row) {
                column[place] = value;
            }
        }
        Ok(())
    }
}

/// What rows had so far in columns that must not repeat.
struct Seen {
    columns: Vec<usize>,
    rows: HashSet<Vec<u64>>,
}

impl Seen {
    fn key(&self, row: &[f64]) -> Vec<u64> {
        self.columns.iter().map(|column| (row[*column] + 0.0).to_bits()).collect()
    }

    fn has(&self, row: &[f64]) -> bool {
        self.rows.contains(&self.key(row))
    }

    fn note(&mut self, row: &[f64]) {
        let key = self.key(row);
        self.rows.insert(key);
    }
}
