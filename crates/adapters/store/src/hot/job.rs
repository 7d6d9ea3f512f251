//! A job's row in memory.

use gantry_rules::job::JobFactsheet;
use gantry_rules::submission::Origin;
use gantry_types::{Credits, Device, JobId, JobState, PriorityClass, Timestamp, UserId, WorkerId};

/// What a queued job needs to be claimed; the numbers stand in the column `gate`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Gate {
    /// Nothing: it has its slot, or needs none.
    Open,
    /// A free slot of its account.
    Slot,
    /// That an earlier sibling ends.
    Sibling,
}

impl Gate {
    /// The number in the column.
    pub(super) const fn number(self) -> i64 {
        match self {
            Self::Open => 0,
            Self::Slot => 1,
            Self::Sibling => 2,
        }
    }

    /// The gate of a number.
    pub(super) const fn find(number: i64) -> Option<Self> {
        match number {
            0 => Some(Self::Open),
            1 => Some(Self::Slot),
            2 => Some(Self::Sibling),
            _ => None,
        }
    }
}

/// What only an insertion writes.
#[derive(Debug)]
pub(super) struct NewJob {
    pub(super) submitted_by: Option<UserId>,
    pub(super) operation_version: u32,
    pub(super) label: Option<String>,
    pub(super) origin: Option<Origin>,
    pub(super) seed: u64,
    /// JSON.
    pub(super) params: String,
    /// JSON.
    pub(super) inputs: String,
    /// JSON.
    pub(super) needs: String,
}

/// How a row in memory differs from the one in the database.
#[derive(Debug)]
pub(super) enum Change {
    /// Not at all.
    None,
    /// It is not there yet.
    Inserted(Box<NewJob>),
    /// Its columns changed.
    Updated,
}

/// A job's row.
#[derive(Debug)]
pub(super) struct HotJob {
    pub(super) facts: JobFactsheet,
    pub(super) operation: String,
    pub(super) device: Device,
    pub(super) class: PriorityClass,
    /// Its place among its siblings.
    pub(super) ordinal: u32,
    pub(super) gate: Gate,
    /// Of a root: children that are queued with an open gate, or run.
    pub(super) active_children: u32,
    pub(super) worker_id: Option<WorkerId>,
    /// When a scheduled job starts, or a blocked one is looked at again.
    pub(super) due_at: Option<Timestamp>,
    /// When the user wants it to start.
    pub(super) start_at: Option<Timestamp>,
    pub(super) cost: Credits,
    pub(super) progress: f64,
    /// JSON.
    pub(super) stage: Option<String>,
    pub(super) cursor: u64,
    pub(super) created_at: Timestamp,
    pub(super) started_at: Option<Timestamp>,
    pub(super) finished_at: Option<Timestamp>,
    pub(super) change: Change,
    /// Whether the database has it as queued.
    pub(super) stored_as_queued: bool,
}

/// What tells jobs apart before they run.
#[derive(Debug)]
pub(super) struct Shape {
    pub(super) operation: String,
    pub(super) device: Device,
    pub(super) class: PriorityClass,
    pub(super) ordinal: u32,
    pub(super) gate: Gate,
}

impl HotJob {
    /// A job that is to be inserted.
    pub(super) fn new(facts: JobFactsheet, shape: Shape, new: NewJob, now: Timestamp) -> Self {
        Self {
            facts,
            operation: shape.operation,
            device: shape.device,
            class: shape.class,
            ordinal: shape.ordinal,
            gate: shape.gate,
            active_children: 0,
            worker_id: None,
            due_at: None,
            start_at: None,
            cost: Credits::ZERO,
            progress: 0.0,
            stage: None,
            cursor: 0,
            created_at: now,
            started_at: None,
            finished_at: None,
            change: Change::Inserted(Box::new(new)),
            stored_as_queued: false,
        }
    }

    /// Its identifier.
    pub(super) const fn id(&self) -> JobId {
        self.facts.id
    }

    /// Whether it is the root of its tree.
    pub(super) const fn is_root(&self) -> bool {
        self.facts.parent_id.is_none()
    }

    /// Whether it waits to be claimed.
    pub(super) fn is_queued(&self) -> bool {
        self.facts.state == JobState::Queued
    }

    /// Whether it became ready in this batch without being new: what a worker needs to know of
    /// it lies in the database.
    pub(super) fn is_ready_again(&self) -> bool {
        self.is_queued() && matches!(self.change, Change::Updated)
    }

    /// Notes that the row was written; answers how it differed.
    pub(super) fn take_change(&mut self) -> Change {
        let change = std::mem::replace(&mut self.change, Change::None);
        if !matches!(change, Change::None) {
            self.stored_as_queued = self.is_queued();
        }
        change
    }

    /// Notes that the row must be written.
    pub(super) fn touch(&mut self) {
        if matches!(self.change, Change::None) {
            self.change = Change::Updated;
        }
    }
}
