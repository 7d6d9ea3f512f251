//! Runs of a kernel over numbered lanes, one thread of the device for each.
//!
//! A kernel has these parameters: `unsigned long long first`, the number of the first lane;
//! `unsigned int count`, how many; `unsigned int stride`, the distance between columns; two numbers
//! of its own, `unsigned long long`;
//! `const double *given`, columns that were copied to the device; `double *out`, the columns that it
//! writes; and `unsigned int *marks`, a number for each lane.

use std::sync::Arc;

use cudarc::driver::{CudaSlice, CudaStream, LaunchConfig, PinnedHostSlice, PushKernelArg};

use crate::device::Kernel;
use crate::error::{CudaError, Result, caught, told};

/// Threads of a block.
const BLOCK: u32 = 128;

/// For how much room is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Lanes of a run, at most.
    pub lanes: usize,
    /// Columns that are copied to the device.
    pub given: usize,
    /// Columns that come back.
    pub results: usize,
}

/// A stream of runs with memory of its own; one for each thread that asks for runs.
pub struct Lanes {
    kernel: Kernel,
    stream: Arc<CudaStream>,
    shape: Shape,
    given: CudaSlice<f64>,
    results: CudaSlice<f64>,
    marks: CudaSlice<u32>,
    host: Host,
}

/// Memory of this side that the device copies to.
struct Host {
    results: PinnedHostSlice<f64>,
    marks: PinnedHostSlice<u32>,
}

/// What a run gave.
#[derive(Debug, Clone, Copy)]
pub struct Results<'a> {
    columns: &'a [f64],
    stride: usize,
    count: usize,
    /// The number of each lane.
    pub marks: &'a [u32],
}

impl<'a> Results<'a> {
    /// A column; empty where there is none.
    #[must_use]
    pub fn column(&self, index: usize) -> &'a [f64] {
        let first = index * self.stride;
        self.columns.get(first..first + self.count).unwrap_or_default()
    }
}

impl Lanes {
    /// Makes room on the device and on this side.
    ///
    /// # Errors
    /// Too little memory, or what the driver says.
    pub fn new(kernel: &Kernel, shape: Shape) -> Result<Self> {
        caught(|| {
            let stream = kernel.context.new_stream().map_err(|e| told(&e))?;
            let room = |columns: usize| {
                stream.alloc_zeros::<f64>((columns * shape.lanes).max(1)).map_err(|e| told(&e))
            };
            let (given, results) = (room(shape.given)?, room(shape.results)?);
            let marks = stream.alloc_zeros::<u32>(shape.lanes.max(1)).map_err(|e| told(&e))?;
            let host = Host::new(kernel, shape)?;
            Ok(Self { kernel: kernel.clone(), stream, shape, given, results, marks, host })
        })
    }

    /// The distance between the columns of what is given and of what comes back.
    #[must_use]
    pub const fn stride(&self) -> usize {
        self.shape.lanes
    }

    /// Computes the lanes from `first` on, as many as `count`; `own` are the kernel's numbers, and
    /// `given` the columns that it reads, [`stride`](Self::stride) apart.
    ///
    /// # Errors
    /// More than there is room for, or what the driver says. After an error of the driver, the
    /// device may be of no more use to this process.
    pub fn run(
        &mut self,
        (first, count): (u64, usize),
        own: (u64, u64),
        given: &[f64],
    ) -> Result<Results<'_>> {
        let shape = self.shape;
        if count > shape.lanes {
            return Err(CudaError::Shape("the lanes"));
        }
        if given.len() != shape.given * shape.lanes {
            return Err(CudaError::Shape("the given columns"));
        }
        caught(|| {
            if shape.given > 0 {
                self.stream.memcpy_htod(given, &mut self.given).map_err(|e| told(&e))?;
            }
            self.launch((first, count as u32), own)?;
            let (stream, host) = (&self.stream, &mut self.host);
            stream.memcpy_dtoh(&self.results, &mut host.results).map_err(|e| told(&e))?;
            stream.memcpy_dtoh(&self.marks, &mut host.marks).map_err(|e| told(&e))?;
            stream.synchronize().map_err(|e| told(&e))
        })?;
        let columns = self.host.results.as_slice().map_err(|e| told(&e))?;
        let marks = self.host.marks.as_slice().map_err(|e| told(&e))?;
        Ok(Results { columns, stride: shape.lanes, count, marks: &marks[..count] })
    }

    #[expect(unsafe_code, reason = "only the caller knows what a kernel reads and writes")]
    fn launch(&mut self, (first, count): (u64, u32), own: (u64, u64)) -> Result<()> {
        let stride = self.shape.lanes as u32;
        let grid = (count.div_ceil(BLOCK).max(1), 1, 1);
        let config = LaunchConfig { grid_dim: grid, block_dim: (BLOCK, 1, 1), shared_mem_bytes: 0 };
        let mut launch = self.stream.launch_builder(&self.kernel.function);
        launch.arg(&first).arg(&count).arg(&stride).arg(&own.0).arg(&own.1);
        launch.arg(&self.given).arg(&mut self.results).arg(&mut self.marks);
        // SAFETY: the parameters are those of every kernel of this crate, and the columns have room
        // for as many lanes as the kernel is told.
        unsafe { launch.launch(config) }.map(|_| ()).map_err(|e| told(&e))
    }
}

impl Host {
    #[expect(unsafe_code, reason = "memory of this kind comes without values")]
    fn new(kernel: &Kernel, shape: Shape) -> Result<Self> {
        const USUAL: u32 = 0;
        let (context, columns) = (&kernel.context, (shape.results * shape.lanes).max(1));
        // SAFETY: read only after a copy from the device has filled it.
        let results = unsafe { context.alloc_pinned_with_flags::<f64>(columns, USUAL) };
        // SAFETY: as above.
        let marks = unsafe { context.alloc_pinned_with_flags::<u32>(shape.lanes.max(1), USUAL) };
        Ok(Self { results: results.map_err(|e| told(&e))?, marks: marks.map_err(|e| told(&e))? })
    }
}
