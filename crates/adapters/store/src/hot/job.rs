//! A job's row in memory.

use gantry_rules::job::{CancelRequest, JobFactsheet};
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

/// What must be written of a row.
#[derive(Debug)]
pub(super) enum Unsaved {
    /// Nothing.
    None,
    /// All of it.
    Whole(Box<NewJob>),
    /// What a step of its life changes.
    Step,
    /// Everything that may change.
    Changes,
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
    /// The part of the cost that was kept because its owner cancelled it.
    pub(super) penalty: Credits,
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
    /// What the database has of the columns that few batches change.
    pub(super) stored: Option<Seldom>,
}

/// What few batches change of a job's row.
#[derive(Debug, PartialEq)]
pub(super) struct Seldom {
    class: PriorityClass,
    retries: u32,
    host_deaths: u32,
    cancel: CancelRequest,
    credits: [Credits; 3],
    children: [u32; 2],
    due_at: Option<Timestamp>,
    progress: f64,
    stage: Option<String>,
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
            penalty: Credits::ZERO,
            progress: 0.0,
            stage: None,
            cursor: 0,
            created_at: now,
            started_at: None,
            finished_at: None,
            change: Change::Inserted(Box::new(new)),
            stored_as_queued: false,
            stored: None,
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

    /// Notes that the row was written; answers what of it must be.
    pub(super) fn take_unsaved(&mut self) -> Unsaved {
        let change = std::mem::replace(&mut self.change, Change::None);
        let unsaved = match change {
            Change::None => return Unsaved::None,
            Change::Inserted(new) => Unsaved::Whole(new),
            Change::Updated if self.stored.as_ref() == Some(&self.seldom()) => Unsaved::Step,
            Change::Updated => Unsaved::Changes,
        };
        self.note_stored();
        unsaved
    }

    /// Notes that the database has the row as it is.
    pub(super) fn note_stored(&mut self) {
        self.stored_as_queued = self.is_queued();
        self.stored = Some(self.seldom());
    }

    fn seldom(&self) -> Seldom {
        let facts = &self.facts;
        Seldom {
            class: self.class,
            retries: facts.retries,
            host_deaths: facts.host_deaths,
            cancel: facts.cancel,
            credits: [facts.max_credits, facts.spent_by_children, self.penalty],
            children: [facts.pending_children, self.active_children],
            due_at: self.due_at,
            progress: self.progress,
            stage: self.stage.clone(),
        }
    }

    /// Notes that the row must be written.
    pub(super) fn touch(&mut self) {
        if matches!(self.change, Change::None) {
            self.change = Change::Updated;
        }
    }
}
