//! Support vector machines for classes and numbers: exact ones by sequential minimal optimisation
//! (Fan, Chen and Lin, "Working set selection using second order information", 2005) up to
//! [`SvmParams::exact_rows`], above them linear ones by dual coordinate descent (Hsieh et al.,
//! 2008; Ho and Lin, 2012), on random Fourier features (Rahimi and Recht, 2007) for the Gaussian
//! kernel. Definitions and defaults are scikit-learn's `SVC` and `SVR`. Scale the columns first.
//!
//! Invariants: a kernel value is computed at most once and its bits do not depend on who asked;
//! probabilities come from decisions on rows that the deciding machine did not see.

mod descent;
mod fit;
mod fourier;
mod kernel;
mod layout;
mod machine;
mod model;
mod pairs;
mod params;
mod platt;
mod smo;
mod view;

pub use model::{SvmClassifier, SvmRegressor};
pub use params::{Gamma, SvmKernel, SvmParams};
pub use view::{MachineView, PairView, SpaceView};
