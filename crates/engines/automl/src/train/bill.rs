//! What a training charges while it goes.
//!
//! Invariants: until the files are published only whole credits' worth of finished folds is
//! charged, so that whoever cancels early pays for what was done; the sum is the same for every
//! attempt at the same search; it never exceeds the hold.

use std::cell::Cell;

use gantry_engine_api::BlockingContext;
use gantry_types::Credits;

use super::budget::{Budget, Purse};
use super::checkpoint::ModelResult;
use super::prepare::Prepared;
use super::report::ModelStatus;
use crate::error::AutomlError;
use crate::ops::price;

pub(super) struct Bill<'a> {
    job: &'a BlockingContext,
    /// Cells that one model reads.
    cells: u64,
    folds: u64,
    /// The price of a whole budget.
    most: Option<i64>,
    charged: Cell<i64>,
    /// What children charged, which is in the job's cost already.
    paid: Cell<i64>,
}

impl<'a> Bill<'a> {
    pub(super) fn open(job: &'a BlockingContext, prepared: &Prepared, budget: Budget) -> Self {
        let cells = prepared.frame.rows() as u64 * prepared.width as u64;
        let most = price::find_budget_credits(budget);
        let folds = prepared.folds.len() as u64;
        Self { job, cells, folds, most, charged: Cell::new(0), paid: Cell::new(0) }
    }

    /// Cells that one model reads.
    pub(super) const fn cells(&self) -> u64 {
        self.cells
    }

    /// Takes into account what children charged.
    pub(super) fn note_paid(&self, credits: i64) {
        self.paid.set(credits);
    }

    /// Charges for so many models and for the finished folds of a running one.
    pub(super) fn charge_folds(&self, models: u64, running: usize) -> Result<(), AutomlError> {
        let folds = models * self.folds + running as u64;
        self.charge_up_to(price::derive_fold_credits(self.cells, folds, self.folds))
    }

    /// Charges for a search: by its models where there is no budget, by what is spent otherwise.
    pub(super) fn charge_search(&self, models: u64, purse: &Purse) -> Result<(), AutomlError> {
        match self.most {
            None => self.charge_folds(models, 0),
            Some(most) => {
                let spent = purse.share() * most.saturating_sub(1) as f64;
                self.charge_up_to(spent as i64)
            }
        }
    }

    /// Charges what is left of a search.
    pub(super) fn close_search(&self, models: u64, purse: &Purse) -> Result<(), AutomlError> {
        match self.most {
            None => self.close(models),
            Some(most) => {
                let spent = purse.share() * most.saturating_sub(1) as f64;
                self.charge_up_to((spent.ceil() as i64).saturating_add(1).min(most))
            }
        }
    }

    /// Charges what is left when everything is published.
    pub(super) fn close(&self, models: u64) -> Result<(), AutomlError> {
        self.charge_up_to(price::derive_training_credits(self.cells, models))
    }

    fn charge_up_to(&self, due: i64) -> Result<(), AutomlError> {
        // Where the estimate had to guess the size of the table, the hold is the limit.
        let due = due.min(self.job.limits().max_credits.get()) - self.paid.get();
        let charged = self.charged.get();
        if charged == 0 && due <= 0 {
            // A job that charges nothing costs its hold.
            self.job.charge(Credits::ZERO)?;
        }
        if due > charged {
            self.job.charge(Credits::new(due - charged))?;
            self.charged.set(due);
        }
        Ok(())
    }
}

/// Models that work went into.
pub(super) fn count_tried<'a>(models: impl Iterator<Item = &'a ModelResult>) -> u64 {
    let is_tried = |result: &&ModelResult| match result.status {
        ModelStatus::Done | ModelStatus::Failed | ModelStatus::Running => true,
        ModelStatus::Waiting | ModelStatus::Skipped => false,
    };
    models.filter(is_tried).count() as u64
}
