//! Training epoch by epoch, which can be kept and gone on from.
//!
//! Invariant: an epoch's random numbers depend on seed, stage and epoch alone, so a training that is
//! read back goes on as if it had never been away.

use gantry_learn::Rng;
use serde::{Deserialize, Serialize};

use crate::autoencoder;
use crate::denoiser::{self, Denoiser, Space};
use crate::device::{Device, Machine, Work};
use crate::error::DeepError;
use crate::graph::{EMBEDDING, Graph};
use crate::net::{Learner, Weights, follow};
use crate::options::{DeepOptions, Round, Stage, Watch};
use crate::table::{CodedTable, Prior};

/// Visits of rows between two judgements, and the fewest epochs.
const JUDGE_VISITS: u64 = 600_000;
const JUDGE_EPOCHS: u32 = 30;
/// Judgements without a better one after which a free training ends.
const PATIENCE: u32 = 3;
/// The mean of parameters over steps: how much of it stays.
const KEEP: f32 = 0.998;

/// Parameters that were judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Judged {
    score: f64,
    weights: Vec<Weights>,
}

/// A training, between two epochs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Training {
    options: DeepOptions,
    rows: usize,
    stage: Stage,
    /// Epochs of the stage that are done.
    done: u32,
    steps: u64,
    learner: Learner,
    slow: Vec<Weights>,
    space: Space,
    best: Option<Judged>,
    stale: u32,
    judged_at: u32,
}

/// One epoch of a training.
struct Epoch<'a> {
    training: Training,
    table: &'a CodedTable,
    watch: &'a Watch<'a>,
}

impl Work for Epoch<'_> {
    type Done = Training;

    fn run<B: Machine>(mut self, device: &B::Device) -> Result<Training, DeepError> {
        let (training, about) = (&mut self.training, (self.table, device));
        match training.stage {
            Stage::Autoencoder => training.learn_cells::<B>(about, self.watch)?,
            // The graph's epochs are few and short, and are done together.
            Stage::Graph => {
                training.space.means = training.read_graph::<B>(about, self.watch)?;
                training.done = training.count_epochs(Stage::Graph) - 1;
            }
            Stage::Diffusion => training.learn_noise::<B>(about, self.watch)?,
        }
        training.done += 1;
        Ok(self.training)
    }
}

impl Training {
    /// Before the first epoch.
    ///
    /// # Errors
    /// [`DeepError::Unfit`] when codes and prior do not fit each other.
    pub fn begin(
        table: &CodedTable,
        prior: Prior,
        options: DeepOptions,
    ) -> Result<Self, DeepError> {
        table.require_valid(&prior)?;
        let mut rng = derive_rng(options.seed, Stage::Autoencoder, u32::MAX);
        let learner = autoencoder::begin(table, &prior, &mut rng);
        let means = vec![0.0; prior.groups * EMBEDDING];
        Ok(Self {
            options,
            rows: table.rows(),
            stage: Stage::Autoencoder,
            done: 0,
            steps: 0,
            learner,
            slow: Vec::new(),
            space: Space { prior, book: Vec::new(), means },
            best: None,
            stale: 0,
            judged_at: 0,
        })
    }

    /// Epochs of a stage, at most.
    #[must_use]
    pub fn count_epochs(&self, stage: Stage) -> u32 {
        self.options.epochs.count(stage, self.rows as u64)
    }

    /// Does one epoch; nothing where all are done. After an error the training is as it was before.
    ///
    /// # Errors
    /// [`DeepError::Cancelled`] when the caller says so, [`DeepError::Unfit`] for another table than
    /// the training began with, and [`DeepError::Device`] when a graphics processor was asked for and
    /// cannot be used; the same epoch can then be done on the processor.
    pub fn advance(
        &mut self,
        table: &CodedTable,
        device: Device,
        watch: &Watch<'_>,
    ) -> Result<Option<Round>, DeepError> {
        table.require_valid(&self.space.prior)?;
        if table.rows() != self.rows {
            return Err(DeepError::Unfit { reason: "it has other rows than before".into() });
        }
        let mut training = self.clone();
        while training.done >= training.count_epochs(training.stage) {
            if !training.enter_next(table) {
                return Ok(None);
            }
        }
        if training.is_spent() {
            return Ok(None);
        }
        *self = device.run(Epoch { training, table, watch })?;
        let (stage, done) = self.place();
        Ok(Some(Round { stage, done, of: self.count_epochs(stage) }))
    }

    /// Ends a stage and begins the next one; whether there is one.
    fn enter_next(&mut self, table: &CodedTable) -> bool {
        match self.stage {
            Stage::Autoencoder => {
                self.space.book = autoencoder::derive_book(&self.learner, table);
                self.learner = Learner::new(Vec::new());
                self.stage = Stage::Graph;
            }
            Stage::Graph => {
                let mut rng = derive_rng(self.options.seed, Stage::Diffusion, u32::MAX);
                self.learner = denoiser::begin(&self.space.prior, &mut rng);
                self.slow = self.learner.weights.clone();
                self.stage = Stage::Diffusion;
            }
            Stage::Diffusion => return false,
        }
        (self.done, self.steps) = (0, 0);
        true
    }

    fn read_graph<B: Machine>(
        &self,
        (table, device): (&CodedTable, &B::Device),
        watch: &Watch<'_>,
    ) -> Result<Vec<f32>, DeepError> {
        let epochs = self.count_epochs(Stage::Graph);
        let about = (table, &self.space.prior);
        let graph = Graph::build(about, &self.space.book, self.options.seed);
        let mut learner = graph.begin(&mut derive_rng(self.options.seed, Stage::Graph, u32::MAX));
        for _ in 0..epochs {
            check(watch)?;
            graph.learn::<B>(&mut learner, device)?;
        }
        graph.derive_means::<B>((&learner, device), about)
    }

    fn learn_cells<B: Machine>(
        &mut self,
        (table, device): (&CodedTable, &B::Device),
        watch: &Watch<'_>,
    ) -> Result<(), DeepError> {
        let mut rng = derive_rng(self.options.seed, self.stage, self.done);
        let epochs = self.count_epochs(Stage::Autoencoder).max(1);
        let speed = 1.0 - 0.9 * self.done as f32 / epochs as f32;
        for rows in derive_batches(self.rows, &mut rng) {
            check(watch)?;
            let about = (table, &self.space.prior);
            autoencoder::learn::<B>((&mut self.learner, device), about, &rows, (&mut rng, speed))?;
        }
        Ok(())
    }

    fn learn_noise<B: Machine>(
        &mut self,
        (table, device): (&CodedTable, &B::Device),
        watch: &Watch<'_>,
    ) -> Result<(), DeepError> {
        let mut rng = derive_rng(self.options.seed, self.stage, self.done);
        for rows in derive_batches(self.rows, &mut rng) {
            check(watch)?;
            let about = (table, &self.space);
            denoiser::learn::<B>(
                (&mut self.learner, device),
                about,
                &rows,
                (&mut rng, self.steps),
            )?;
            self.steps += 1;
            let keep = KEEP.min((1.0 + self.steps as f32) / (10.0 + self.steps as f32));
            follow(&mut self.slow, &self.learner.weights, keep);
        }
        Ok(())
    }

    /// Whether the caller should judge what [`Training::derive_denoiser`] makes, because the epochs
    /// are chosen freely.
    #[must_use]
    pub fn is_due(&self) -> bool {
        let since = self.done - self.judged_at.min(self.done);
        let visits = u64::from(since) * self.rows as u64;
        let long = visits >= JUDGE_VISITS || since >= JUDGE_EPOCHS;
        let last = self.done == self.count_epochs(Stage::Diffusion) && since > 0;
        let free = self.options.epochs.diffusion.is_none() && self.stage == Stage::Diffusion;
        free && (long || last)
    }

    /// Notes how good the parameters are; larger is better.
    pub fn note(&mut self, score: f64) {
        self.judged_at = self.done;
        if self.best.as_ref().is_none_or(|best| score > best.score) {
            self.best = Some(Judged { score, weights: self.slow.clone() });
            self.stale = 0;
        } else {
            self.stale += 1;
        }
    }

    fn is_spent(&self) -> bool {
        self.stale >= PATIENCE
    }

    /// The stage that is going on, and its epochs that are done.
    #[must_use]
    pub const fn place(&self) -> (Stage, u32) {
        (self.stage, self.done)
    }

    /// Epochs of a stage that are done.
    #[must_use]
    pub fn count_done(&self, stage: Stage) -> u32 {
        match stage.cmp(&self.stage) {
            std::cmp::Ordering::Less => self.count_epochs(stage),
            std::cmp::Ordering::Equal => self.done,
            std::cmp::Ordering::Greater => 0,
        }
    }

    /// The best of what was noted.
    #[must_use]
    pub fn best_score(&self) -> Option<f64> {
        self.best.as_ref().map(|best| best.score)
    }

    /// What the training has come to: the mean of the last steps.
    #[must_use]
    pub fn derive_denoiser(&self) -> Denoiser {
        Denoiser { weights: self.slow.clone(), space: self.space.clone() }
    }

    /// What the training has come to at its best.
    #[must_use]
    pub fn finish(self) -> Denoiser {
        let weights = self.best.map_or(self.slow, |best| best.weights);
        Denoiser { weights, space: self.space }
    }

    /// The whole training as bytes, to be gone on from.
    ///
    /// # Errors
    /// [`DeepError::State`] when it cannot be written.
    pub fn write(&self) -> Result<Vec<u8>, DeepError> {
        postcard::to_stdvec(self).map_err(|error| DeepError::State { reason: error.to_string() })
    }

    /// Reads what [`Training::write`] wrote, of the same rows and options.
    ///
    /// # Errors
    /// [`DeepError::State`] for other bytes, or those of another training.
    pub fn read(bytes: &[u8], table: &CodedTable, options: DeepOptions) -> Result<Self, DeepError> {
        let unfit = |reason: String| DeepError::State { reason };
        let read: Self = postcard::from_bytes(bytes).map_err(|error| unfit(error.to_string()))?;
        if read.options != options || read.rows != table.rows() {
            return Err(unfit("it is of other rows or options".into()));
        }
        table.require_valid(&read.space.prior)?;
        Ok(read)
    }
}

fn check(watch: &Watch<'_>) -> Result<(), DeepError> {
    if (watch.cancelled)() { Err(DeepError::Cancelled) } else { Ok(()) }
}

fn derive_rng(seed: u64, stage: Stage, epoch: u32) -> Rng {
    let stage = match stage {
        Stage::Autoencoder => 1,
        Stage::Graph => 2,
        Stage::Diffusion => 3,
    };
    Rng::stream(seed ^ 0x6465_6570_6c72, stage << 32 | u64::from(epoch))
}

/// All rows in a new order, in batches of which there are enough to learn from.
fn derive_batches(rows: usize, rng: &mut Rng) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..rows).collect();
    rng.shuffle(&mut order);
    let size = (rows / 16).clamp(64, 512);
    order.chunks(size).map(<[usize]>::to_vec).collect()
}
