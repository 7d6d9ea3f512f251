//! Finding the interval of a uniform number among sorted ends, in constant expected time.

/// Ends of consecutive intervals of the unit interval, with an index into them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Guide {
    ends: Vec<f64>,
    starts: Vec<u32>,
}

impl Guide {
    /// A guide over ends that rise to 1.
    pub(crate) fn new(ends: Vec<f64>) -> Self {
        let cells = ends.len().next_power_of_two().max(16);
        let mut starts = Vec::with_capacity(cells);
        let mut index = 0;
        for cell in 0..cells {
            let u = cell as f64 / cells as f64;
            while index + 1 < ends.len() && ends[index] <= u {
                index += 1;
            }
            starts.push(index as u32);
        }
        Self { ends, starts }
    }

    /// The first interval whose end is not below `u`.
    #[inline(always)]
    pub(crate) fn find(&self, u: f64) -> usize {
        let cell = ((u * self.starts.len() as f64) as usize).min(self.starts.len() - 1);
        let mut index = self.starts[cell] as usize;
        // An end on the cell's own border belongs to it; step back where that was passed.
        while index > 0 && self.ends[index - 1] >= u {
            index -= 1;
        }
        while index + 1 < self.ends.len() && self.ends[index] < u {
            index += 1;
        }
        index
    }

    /// End of the interval before `index`; 0 for the first.
    #[inline(always)]
    pub(crate) fn before(&self, index: usize) -> f64 {
        if index == 0 { 0.0 } else { self.ends[index - 1] }
    }

    /// All ends.
    pub(crate) fn ends(&self) -> &[f64] {
        &self.ends
    }

    /// End of the interval.
    #[inline(always)]
    pub(crate) fn end(&self, index: usize) -> f64 {
        self.ends[index]
    }
}
