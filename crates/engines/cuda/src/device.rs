//! The device and the functions that were compiled for it.

use std::sync::Arc;

use cudarc::driver::{CudaContext, CudaFunction};
use cudarc::nvrtc::{CompileError, CompileOptions, compile_ptx_with_opts};

use crate::error::{CudaError, Result, caught, told};

/// Virtual architectures, newest first, with the first compute capability that runs them.
const ARCHITECTURES: [((i32, i32), &str); 9] = [
    ((12, 0), "compute_120"),
    ((10, 0), "compute_100"),
    ((9, 0), "compute_90"),
    ((8, 9), "compute_89"),
    ((8, 6), "compute_86"),
    ((8, 0), "compute_80"),
    ((7, 5), "compute_75"),
    ((7, 0), "compute_70"),
    ((6, 0), "compute_60"),
];

/// The first device of this machine.
#[derive(Debug, Clone)]
pub struct Device {
    context: Arc<CudaContext>,
    name: String,
    architecture: &'static str,
}

/// A function that was compiled for a device.
#[derive(Debug, Clone)]
pub struct Kernel {
    pub(crate) context: Arc<CudaContext>,
    pub(crate) function: CudaFunction,
}

impl Device {
    /// Looks for the driver, the compiler and a device.
    ///
    /// # Errors
    /// Which of them is missing.
    pub fn find() -> Result<Self> {
        if !has_driver() {
            return Err(CudaError::NoLibrary("the CUDA driver (libcuda)"));
        }
        if !has_compiler() {
            return Err(CudaError::NoLibrary("the CUDA run-time compiler (libnvrtc)"));
        }
        caught(|| {
            let none = |error: cudarc::driver::DriverError| CudaError::NoDevice(error.to_string());
            let context = CudaContext::new(0).map_err(none)?;
            let name = context.name().map_err(|e| told(&e))?;
            let capability = context.compute_capability().map_err(|e| told(&e))?;
            let found = ARCHITECTURES.iter().find(|(least, _)| *least <= capability);
            let Some((_, architecture)) = found else {
                let (major, minor) = capability;
                return Err(CudaError::NoDevice(format!(
                    "{name} has compute capability {major}.{minor}, and 6.0 is needed"
                )));
            };
            Ok(Self { context, name, architecture })
        })
    }

    /// Its name, such as `NVIDIA H100 80GB HBM3`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Compiles CUDA C and takes one function of it, which is `extern "C" __global__`.
    ///
    /// # Errors
    /// What the compiler or the driver says.
    pub fn compile(&self, code: &str, function: &str) -> Result<Kernel> {
        caught(|| {
            let options = CompileOptions {
                fmad: Some(false),
                ftz: Some(false),
                prec_div: Some(true),
                prec_sqrt: Some(true),
                arch: Some(self.architecture),
                ..CompileOptions::default()
            };
            let ptx = compile_ptx_with_opts(code, options).map_err(|e| refused(&e))?;
            let module = self.context.load_module(ptx).map_err(|e| told(&e))?;
            let function = module.load_function(function).map_err(|e| told(&e))?;
            Ok(Kernel { context: Arc::clone(&self.context), function })
        })
    }
}

impl Kernel {
    /// Registers of each lane, and bytes that did not fit into registers.
    ///
    /// # Errors
    /// What the driver says.
    pub fn registers(&self) -> Result<(i32, i32)> {
        caught(|| {
            let registers = self.function.num_regs().map_err(|e| told(&e))?;
            let spilled = self.function.local_size_bytes().map_err(|e| told(&e))?;
            Ok((registers, spilled))
        })
    }
}

/// The beginning of what the compiler says.
fn refused(error: &CompileError) -> CudaError {
    const SHOWN: usize = 600;
    let text = match error {
        CompileError::CompileError { log, .. } => log.to_string_lossy().into_owned(),
        CompileError::CreationError(_)
        | CompileError::GetLogError(_)
        | CompileError::GetPtxError(_)
        | CompileError::DestroyError(_) => error.to_string(),
    };
    CudaError::Code(text.chars().take(SHOWN).collect())
}

#[expect(unsafe_code, reason = "opens a library of the system by its name and closes it again")]
fn has_driver() -> bool {
    // SAFETY: the driver's library has no initialiser that needs anything of its caller.
    unsafe { cudarc::driver::sys::is_culib_present() }
}

#[expect(unsafe_code, reason = "opens a library of the system by its name and closes it again")]
fn has_compiler() -> bool {
    // SAFETY: as above, for the compiler's library.
    unsafe { cudarc::nvrtc::sys::is_culib_present() }
}
