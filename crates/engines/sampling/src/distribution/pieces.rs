//! Distributions that are described piece by piece: histogram, cumulative, general, empirical.

use super::Family;

/// Consecutive intervals, each with a probability and a density that runs straight from `d0` to
/// `d1` (up to a factor). Invariant: masses sum to 1 and intervals touch.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pieces {
    pub(crate) pieces: Vec<Piece>,
    /// Probability up to the end of each piece; the last is 1.
    pub(crate) ends: Vec<f64>,
}

/// One interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Piece {
    pub(crate) start: f64,
    pub(crate) width: f64,
    pub(crate) mass: f64,
    pub(crate) d0: f64,
    pub(crate) d1: f64,
}

impl Piece {
    /// Where the share `r` of the piece's probability is reached.
    #[inline(always)]
    pub(crate) fn at(&self, r: f64) -> f64 {
        let area = r * 0.5 * (self.d0 + self.d1);
        let root = (self.d0 * self.d0 + 2.0 * (self.d1 - self.d0) * area).max(0.0).sqrt();
        let below = self.d0 + root;
        let t = if below > 0.0 { 2.0 * area / below } else { 0.0 };
        self.start + self.width * t.min(1.0)
    }

    /// Share of the piece's probability up to `x`.
    fn share(&self, x: f64) -> f64 {
        if x < self.start {
            return 0.0;
        }
        if x >= self.start + self.width {
            return 1.0;
        }
        let t = (x - self.start) / self.width;
        (self.d0 * t + 0.5 * (self.d1 - self.d0) * t * t) / (0.5 * (self.d0 + self.d1))
    }

    /// Mean and mean square inside the piece.
    fn moments(&self) -> (f64, f64) {
        // The density is 1 + slope · (t - ½) on 0 ≤ t ≤ 1.
        let slope = (self.d1 - self.d0) / (0.5 * (self.d0 + self.d1));
        let first = 0.5 + slope / 12.0;
        let second = 1.0 / 3.0 + slope / 12.0;
        let (s, w) = (self.start, self.width);
        (s + w * first, s * s + 2.0 * s * w * first + w * w * second)
    }
}

impl Pieces {
    fn new(pieces: Vec<(f64, f64, f64, (f64, f64))>) -> Self {
        let total: f64 = pieces.iter().map(|p| p.2).sum();
        let pieces: Vec<Piece> = pieces
            .into_iter()
            .filter(|p| p.2 > 0.0)
            .map(|(start, width, mass, (d0, d1))| Piece {
                start,
                width,
                mass: mass / total,
                d0,
                d1,
            })
            .collect();
        let mut sum = 0.0;
        let mut ends: Vec<f64> = pieces
            .iter()
            .map(|p| {
                sum += p.mass;
                sum
            })
            .collect();
        if let Some(last) = ends.last_mut() {
            *last = 1.0;
        }
        Self { pieces, ends }
    }

    /// The pieces of a family that is described so.
    pub(crate) fn find(family: &Family) -> Option<Self> {
        let flat = (1.0, 1.0);
        if let Family::Histogram { min, max, weights } = family {
            let width = (max - min) / weights.len() as f64;
            let start = |i: usize| min + width * i as f64;
            let bins = weights.iter().enumerate().map(|(i, w)| (start(i), width, *w, flat));
            return Some(Self::new(bins.collect()));
        }
        if let Family::Cumulative { points } = family {
            let piece = |p: &[(f64, f64)]| (p[0].0, p[1].0 - p[0].0, p[1].1 - p[0].1, flat);
            return Some(Self::new(points.windows(2).map(piece).collect()));
        }
        if let Family::General { points } = family {
            let piece = |p: &[(f64, f64)]| {
                let width = p[1].0 - p[0].0;
                (p[0].0, width, 0.5 * width * (p[0].1 + p[1].1), (p[0].1, p[1].1))
            };
            return Some(Self::new(points.windows(2).map(piece).collect()));
        }
        if let Family::Empirical { values } = family {
            let mass = 1.0 / (values.len() - 1) as f64;
            let piece = |v: &[f64]| (v[0], v[1] - v[0], mass, flat);
            return Some(Self::new(values.windows(2).map(piece).collect()));
        }
        None
    }

    pub(crate) fn parts(&self, x: f64) -> (f64, f64) {
        let ended = self.pieces.partition_point(|p| p.start + p.width <= x);
        let before = if ended == 0 { 0.0 } else { self.ends[ended - 1] };
        let inside = self.pieces.get(ended).map_or(0.0, |p| p.mass * p.share(x));
        let lower = (before + inside).min(1.0);
        (lower, 1.0 - lower)
    }

    pub(crate) fn quantile(&self, p: f64) -> f64 {
        let index = self.ends.partition_point(|end| *end < p).min(self.pieces.len() - 1);
        let before = if index == 0 { 0.0 } else { self.ends[index - 1] };
        let piece = &self.pieces[index];
        piece.at(((p - before) / (self.ends[index] - before)).clamp(0.0, 1.0))
    }

    pub(crate) fn density(&self, x: f64) -> f64 {
        let inside = |p: &&Piece| x >= p.start && x < p.start + p.width;
        self.pieces.iter().find(inside).map_or(0.0, |p| {
            let t = (x - p.start) / p.width;
            p.mass / p.width * (p.d0 + (p.d1 - p.d0) * t) / (0.5 * (p.d0 + p.d1))
        })
    }

    /// Mean and variance.
    pub(crate) fn moments(&self) -> (f64, f64) {
        let centre = self.pieces.iter().map(|p| p.mass * p.moments().0).sum::<f64>();
        let moved = self.pieces.iter().map(|p| {
            let piece = Piece { start: p.start - centre, ..*p };
            p.mass * piece.moments().1
        });
        (centre, moved.sum())
    }
}
