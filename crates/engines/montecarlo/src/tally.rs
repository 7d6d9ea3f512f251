//! Draws that are counted and not kept: moments, sketches and a hash in pieces that merge.
//!
//! Invariant: iterations are cut into blocks and segments by their number alone. So partial results
//! of any range of whole segments, merged in order, have the same bits whoever computed them.

use gantry_sampling::statistics::{Moments, Sketch};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::MonteCarloError;
use crate::run::{BLOCK_DRAWS, Block};
use crate::statistics::Counted;

/// Relative error of a sketch's quantiles.
const ACCURACY: f64 = 0.005;
/// Segments that a run has at most.
const SEGMENTS: u64 = 256;

/// The cut of a run into segments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segments {
    iterations: u64,
    length: u64,
}

impl Segments {
    /// The segments of a run of so many iterations.
    #[must_use]
    pub fn of(iterations: u64) -> Self {
        let length = iterations.div_ceil(SEGMENTS).max(BLOCK_DRAWS).next_power_of_two();
        Self { iterations, length }
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.iterations.div_ceil(self.length)
    }

    /// The iterations of some segments: the first, and the one after the last.
    #[must_use]
    pub fn range(&self, (first, end): (u64, u64)) -> (u64, u64) {
        let at = |segment: u64| segment.saturating_mul(self.length).min(self.iterations);
        (at(first), at(end))
    }

    /// The segments of each of so many equal shards, of which none is empty.
    #[must_use]
    pub fn shards(&self, count: u64) -> Vec<(u64, u64)> {
        let (all, count) = (self.count(), count.clamp(1, self.count().max(1)));
        (0..count).map(|i| (all * i / count, all * (i + 1) / count)).collect()
    }

    const fn of_iteration(&self, iteration: u64) -> u64 {
        iteration / self.length
    }
}

/// What a block comes to; made where it is computed.
#[derive(Debug, Clone)]
pub struct BlockTally {
    outputs: Vec<(Moments, Sketch)>,
    digest: [u8; 32],
}

impl BlockTally {
    /// Counts a block.
    ///
    /// # Errors
    /// None that draws could cause.
    pub fn of(block: &Block) -> Result<Self, MonteCarloError> {
        let mut outputs = Vec::with_capacity(block.len());
        for column in block {
            let (mut moments, mut sketch) = (Moments::default(), new_sketch()?);
            moments.add(column);
            sketch.add(column);
            outputs.push((moments, sketch));
        }
        Ok(Self { outputs, digest: digest(block.iter().map(Vec::as_slice)) })
    }
}

/// Partial results of consecutive segments.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    outputs: Vec<OutputTally>,
    /// A digest of each segment.
    digests: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct OutputTally {
    segments: Vec<Part>,
    /// None while no draw gave a number: an empty sketch has limits that JSON has not.
    sketch: Option<Sketch>,
}

/// Moments, or the number of errors where there was nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Part {
    Errors(u64),
    Moments(Moments),
}

impl Part {
    fn of(moments: Moments) -> Self {
        if moments.count() == 0 { Self::Errors(moments.errors()) } else { Self::Moments(moments) }
    }

    fn moments(self) -> Moments {
        match self {
            Self::Moments(moments) => moments,
            Self::Errors(count) => {
                let mut moments = Moments::default();
                let nothing = vec![f64::NAN; BLOCK_DRAWS as usize];
                let mut left = count;
                while left > 0 {
                    let now = left.min(BLOCK_DRAWS);
                    moments.add(&nothing[..now as usize]);
                    left -= now;
                }
                moments
            }
        }
    }
}

/// Collects blocks, in order, into a tally.
#[derive(Debug)]
pub struct Collector {
    segments: Segments,
    at: u64,
    moments: Vec<Moments>,
    hash: Sha256,
    sketches: Vec<Sketch>,
    tally: Tally,
}

impl Collector {
    /// Begins at the first iteration of a segment.
    ///
    /// # Errors
    /// None that draws could cause.
    pub fn new(segments: Segments, first: u64, outputs: usize) -> Result<Self, MonteCarloError> {
        let sketches = (0..outputs).map(|_| new_sketch()).collect::<Result<_, _>>()?;
        let output = OutputTally { segments: Vec::new(), sketch: None };
        Ok(Self {
            segments,
            at: first,
            moments: vec![Moments::default(); outputs],
            hash: Sha256::new(),
            sketches,
            tally: Tally { outputs: vec![output; outputs], digests: Vec::new() },
        })
    }

    /// Adds the next block.
    ///
    /// # Errors
    /// None that draws could cause.
    pub fn add(&mut self, block: &BlockTally) -> Result<(), MonteCarloError> {
        let mut draws = 0;
        for (i, (moments, sketch)) in block.outputs.iter().enumerate() {
            draws = moments.count() + moments.errors();
            self.moments[i].merge(moments);
            self.sketches[i].merge(sketch).map_err(wrong)?;
        }
        self.hash.update(block.digest);
        let segment = self.segments.of_iteration(self.at);
        self.at += draws;
        if self.segments.of_iteration(self.at) != segment || self.at == self.segments.iterations {
            self.close();
        }
        Ok(())
    }

    fn close(&mut self) {
        for (output, moments) in self.tally.outputs.iter_mut().zip(&mut self.moments) {
            output.segments.push(Part::of(std::mem::take(moments)));
        }
        let hash = std::mem::take(&mut self.hash);
        self.tally.digests.push(hex::encode(hash.finalize()));
    }

    /// What is known so far of an output; nothing while no draw gave a number.
    #[must_use]
    pub fn find_counted(&self, output: usize) -> Option<Counted> {
        let sketch = self.sketches.get(output).filter(|s| s.count_draws() > 0)?;
        let mut moments = merge(&self.tally.outputs[output].segments);
        moments.merge(&self.moments[output]);
        Some(Counted { moments, sketch: sketch.clone() })
    }

    /// Iterations that were added, counted from the first of the run.
    #[must_use]
    pub fn iterations(&self) -> u64 {
        self.at
    }

    /// The partial result, after the last block of a segment.
    #[must_use]
    pub fn finish(mut self) -> Tally {
        for (output, sketch) in self.tally.outputs.iter_mut().zip(self.sketches) {
            output.sketch = (sketch.count_draws() > 0).then_some(sketch);
        }
        self.tally
    }
}

impl Tally {
    /// Adds the segments that follow.
    ///
    /// # Errors
    /// Another number of outputs.
    pub fn append(&mut self, next: Self) -> Result<(), MonteCarloError> {
        if self.outputs.len() != next.outputs.len() {
            return Err(wrong("their outputs differ"));
        }
        self.digests.extend(next.digests);
        for (own, other) in self.outputs.iter_mut().zip(next.outputs) {
            own.segments.extend(other.segments);
            match (&mut own.sketch, other.sketch) {
                (Some(own), Some(other)) => own.merge(&other).map_err(wrong)?,
                (None, other) => own.sketch = other,
                (Some(_), None) => {}
            }
        }
        Ok(())
    }

    /// Segments that it has.
    #[must_use]
    pub fn segment_count(&self) -> u64 {
        self.digests.len() as u64
    }

    /// What is known of an output; nothing when no draw gave a number.
    #[must_use]
    pub fn find_counted(&self, output: usize) -> Option<Counted> {
        let output = self.outputs.get(output)?;
        let sketch = output.sketch.clone()?;
        Some(Counted { moments: merge(&output.segments), sketch })
    }

    /// SHA-256 of all outputs of all draws.
    #[must_use]
    pub fn result_hash(&self) -> String {
        hash_of(&self.digests)
    }
}

/// SHA-256 of all outputs of all draws of a run that was asked for so many iterations.
#[must_use]
pub fn result_hash(columns: &[Vec<f64>], segments: Segments) -> String {
    let rows = columns.first().map_or(0, Vec::len);
    let mut digests = Vec::new();
    for segment in 0..segments.count() {
        let (first, end) = segments.range((segment, segment + 1));
        let mut hash = Sha256::new();
        for from in (first..end.min(rows as u64)).step_by(BLOCK_DRAWS as usize) {
            let to = (from + BLOCK_DRAWS).min(rows as u64);
            hash.update(digest(columns.iter().map(|c| &c[from as usize..to as usize])));
        }
        if first < rows as u64 {
            digests.push(hex::encode(hash.finalize()));
        }
    }
    hash_of(&digests)
}

fn hash_of(digests: &[String]) -> String {
    let mut hash = Sha256::new();
    for digest in digests {
        hash.update(digest.as_bytes());
    }
    hex::encode(hash.finalize())
}

fn digest<'a>(columns: impl Iterator<Item = &'a [f64]>) -> [u8; 32] {
    let mut hash = Sha256::new();
    for column in columns {
        for x in column {
            hash.update(x.to_bits().to_le_bytes());
        }
    }
    hash.finalize().into()
}

fn merge(segments: &[Part]) -> Moments {
    let mut all = Moments::default();
    for part in segments {
        all.merge(&part.moments());
    }
    all
}

fn new_sketch() -> Result<Sketch, MonteCarloError> {
    Sketch::new(ACCURACY).map_err(wrong)
}

fn wrong(cause: impl std::fmt::Display) -> MonteCarloError {
    MonteCarloError::Written { what: "partial results", cause: cause.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draws(first: u64, end: u64) -> Block {
        let column = |k: u64| (first..end).map(|i| ((i * k) % 1009) as f64 - 100.0).collect();
        vec![column(7), column(13), (first..end).map(|_| f64::NAN).collect()]
    }

    fn count(segments: Segments, shard: (u64, u64)) -> Tally {
        let (first, end) = segments.range(shard);
        let mut collector = Collector::new(segments, first, 3).unwrap();
        for from in (first..end).step_by(BLOCK_DRAWS as usize) {
            let block = draws(from, end.min(from + BLOCK_DRAWS));
            collector.add(&BlockTally::of(&block).unwrap()).unwrap();
        }
        let text = serde_json::to_string(&collector.finish()).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn shards_come_to_the_same_as_the_whole() {
        let segments = Segments::of(50_001);
        assert_eq!((segments.count(), segments.range((12, 13))), (13, (49_152, 50_001)));
        let whole = count(segments, (0, segments.count()));
        assert_eq!(whole.result_hash(), result_hash(&draws(0, 50_001), segments));
        assert!(whole.find_counted(2).is_none());
        for shards in [1, 2, 8, 100] {
            let mut parts = segments.shards(shards).into_iter();
            let mut merged = count(segments, parts.next().unwrap());
            for part in parts {
                merged.append(count(segments, part)).unwrap();
            }
            assert_eq!(merged, whole, "{shards} shards");
        }
        let counted = whole.find_counted(0).unwrap();
        assert_eq!(counted.moments.count(), 50_001);
    }

    #[test]
    fn the_cut_depends_on_the_number_of_iterations_alone() {
        assert_eq!(Segments::of(1).count(), 1);
        assert!(Segments::of(1_000_000_000).count() <= SEGMENTS);
        let shards = Segments::of(100_000).shards(3);
        assert_eq!((shards[0].0, shards[2].1), (0, Segments::of(100_000).count()));
        assert!(shards.windows(2).all(|pair| pair[0].1 == pair[1].0));
    }
}
