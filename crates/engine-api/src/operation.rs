//! The definition of one operation: the single source of its form, command line, API, price
//! and docs.

use std::future::Future;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::context::JobContext;
use crate::error::{EngineError, ParamError};
use crate::estimate::Estimate;
use crate::input::{InputMeta, InputSlot};
use crate::step::Step;

/// Who may submit an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Everybody who may run jobs.
    #[default]
    People,
    /// A job alone, as its child: a part of something larger.
    Jobs,
}

/// One thing that an engine can do. Implementations are erased to [`crate::AnyOperation`].
///
/// The documentation comments on the fields of `Params` become the help texts of the form and
/// of the command line; `Params` should have a serde default for every field that may be left
/// out, and should refuse unknown fields.
pub trait Operation: Send + Sync + 'static {
    /// `engine.verb`, such as `automl.train`.
    const ID: &'static str;
    /// The version of `Params`; stored parameters of older versions are migrated, not guessed.
    const VERSION: u32;
    /// The name for people, such as `Train models`.
    const TITLE: &'static str;
    /// What it does, in one sentence.
    const SUMMARY: &'static str;
    /// Who may submit it.
    const AUDIENCE: Audience = Audience::People;
    /// The parameters.
    type Params: DeserializeOwned + JsonSchema + Send + 'static;
    /// The result, shown to people and programs; files are published as artifacts instead.
    type Report: Serialize + JsonSchema + Send + 'static;

    /// The inputs that it takes.
    fn inputs(&self) -> Vec<InputSlot>;

    /// What a run needs at most. Pure: no input or output, no clock, the same answer for the
    /// same arguments.
    ///
    /// # Errors
    /// [`ParamError`] for parameters that cannot work with these inputs.
    fn estimate(&self, params: &Self::Params, inputs: &[InputMeta])
    -> Result<Estimate, ParamError>;

    /// Rewrites parameters that version `from` wrote so that [`Operation::VERSION`] reads them.
    /// It is asked for versions before the present one alone: when an older job is claimed, run
    /// again or redriven, and when a schedule fires. An operation that never raised its version
    /// has nothing to rewrite.
    ///
    /// # Errors
    /// [`ParamError`] for a version that is not known any more, which every one is by default.
    fn migrate(from: u32, params: Value) -> Result<Value, ParamError> {
        drop(params);
        Err(ParamError::too_old(Self::ID, from, Self::VERSION))
    }

    /// Does the work, or hands it to children.
    ///
    /// # Errors
    /// [`EngineError`]; its kind decides retry and refund.
    fn run(
        &self,
        params: Self::Params,
        context: JobContext,
    ) -> impl Future<Output = Result<Step<Self::Report>, EngineError>> + Send;
}
