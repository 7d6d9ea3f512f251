//! What can go wrong, said with its cause and the next step.

use gantry_engine_api::EngineError;
use gantry_fidelity::FidelityError;
use gantry_kit::TableError;
use gantry_types::EngineErrorKind;

use crate::model_file::ModelFileError;

/// Why no rows were made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SynthError {
    #[error("The table could not be read: {0}.")]
    Table(#[from] TableError),
    #[error("The job was cancelled.")]
    Cancelled,
    #[error("Neither a table nor the name of a built-in dataset is given.")]
    NoTable,
    #[error("A table and the name of a built-in dataset are given at once.")]
    TwoTables,
    #[error("The table has {rows} rows with {columns} columns; at least {needed} rows are needed.")]
    TooFewRows { rows: usize, columns: usize, needed: usize },
    #[error("The table has {columns} columns; at most {limit} can be learned together.")]
    TooManyColumns { columns: usize, limit: usize },
    #[error("No column of the table can be learned: {reasons}.")]
    NothingToLearn { reasons: String },
    #[error("The metadata cannot be read: {reason}.")]
    Metadata { reason: String },
    #[error("The column `{column}` is not in the table. Its columns are: {available}.")]
    ColumnNotFound { column: String, available: String },
    #[error(
        "The column `{column}` is made anew rather than learned, so nothing can be asked of it."
    )]
    NotModelled { column: String },
    #[error("The column `{column}` cannot be read as `{role}`.")]
    RoleUnfit { column: String, role: &'static str },
    #[error("The order of column `{column}` lacks the value `{value}`.")]
    OrderIncomplete { column: String, value: String },
    #[error("The condition `{condition}` cannot be met: {reason}.")]
    Condition { condition: String, reason: String },
    #[error("The constraint `{constraint}` {reason}.")]
    Constraint { constraint: String, reason: String },
    #[error("The tables do not fit each other: {reason}.")]
    Relation { reason: String },
    #[error("The generator is of the tier `{tier}`, which {reason}.")]
    Tier { tier: &'static str, reason: String },
    #[error("The option `{what}` {reason}.")]
    Option { what: &'static str, reason: String },
    #[error("{0}")]
    ModelFile(#[from] ModelFileError),
    #[error("The tables cannot be compared: {0}.")]
    Fidelity(#[from] FidelityError),
    #[error("{message}")]
    Inconsistent { message: String },
    #[error("{0}")]
    Engine(#[from] EngineError),
}

impl From<std::io::Error> for SynthError {
    fn from(error: std::io::Error) -> Self {
        Self::Engine(error.into())
    }
}

impl SynthError {
    /// A broken promise inside this engine.
    pub(crate) fn inconsistent(message: impl Into<String>) -> Self {
        Self::Inconsistent { message: message.into() }
    }

    fn is_cancelled(&self) -> bool {
        matches!(self, Self::Cancelled | Self::Table(TableError::Stopped))
            || matches!(self, Self::Fidelity(error) if error.is_cancelled())
            || matches!(self, Self::Engine(error) if error.kind == EngineErrorKind::Cancelled)
    }

    fn derive_next_step(&self) -> Option<String> {
        Some(match self {
            Self::NoTable => "Give a table as `data`, or `dataset` a name such as `AIDS`.".into(),
            Self::TwoTables => "Leave one of them out.".into(),
            Self::TooFewRows { .. } => "Add rows.".into(),
            Self::TooManyColumns { .. } => "Leave columns out, or split the table.".into(),
            Self::NothingToLearn { .. } => {
                "Add columns of numbers, labels or dates, or give their roles in the metadata."
                    .into()
            }
            Self::Metadata { .. } => {
                "Write {\"columns\": {\"NAME\": {\"role\": \"category\"}}}; `metadata.json` of a \
                 run is a file to begin with."
                    .into()
            }
            Self::ColumnNotFound { .. } => "Choose one of these columns.".into(),
            Self::NotModelled { .. } => {
                "Give the column a role such as `category` in the metadata.".into()
            }
            Self::RoleUnfit { .. } => "Choose another role, or correct the cells.".into(),
            Self::OrderIncomplete { .. } => "Add it to the order.".into(),
            Self::Condition { .. } => {
                "Write conditions such as sex=Female,age>60 with values of the table.".into()
            }
            Self::Constraint { .. } => {
                "Write constraints such as `start <= end`, `total = a + b`, `fixed(city, country)`, \
                 `range(age, 0, 120)`, `unique(code)` or `one_hot(a, b, c)`."
                    .into()
            }
            Self::Relation { .. } => {
                "Give tables whose keys fit, and declare them in the metadata: {\"relations\": \
                 [{\"parent\": \"account\", \"key\": \"id\", \"child\": \"loan\", \"column\": \
                 \"account_id\"}]}."
                    .into()
            }
            Self::Tier { .. } => "Give a generator of another tier.".into(),
            Self::Option { .. } => "Correct the option, or leave it out.".into(),
            Self::ModelFile(error) => error.derive_next_step().into(),
            Self::Fidelity(_) => "Give two tables with rows and columns in common.".into(),
            Self::Table(_) | Self::Cancelled | Self::Inconsistent { .. } | Self::Engine(_) => {
                return None;
            }
        })
    }
}

impl From<SynthError> for EngineError {
    fn from(error: SynthError) -> Self {
        if error.is_cancelled() {
            return Self::cancelled();
        }
        let message = error.to_string();
        let next_step = error.derive_next_step();
        let built = match error {
            SynthError::Engine(inner) => return inner,
            SynthError::Table(TableError::Io(_)) => Self::transient(message),
            SynthError::Inconsistent { .. } | SynthError::Cancelled => Self::bug(message),
            SynthError::NoTable
            | SynthError::TwoTables
            | SynthError::ColumnNotFound { .. }
            | SynthError::NotModelled { .. }
            | SynthError::Condition { .. }
            | SynthError::Constraint { .. }
            | SynthError::Option { .. } => Self::params(message),
            SynthError::Table(_)
            | SynthError::TooFewRows { .. }
            | SynthError::TooManyColumns { .. }
            | SynthError::NothingToLearn { .. }
            | SynthError::Metadata { .. }
            | SynthError::Relation { .. }
            | SynthError::Tier { .. }
            | SynthError::RoleUnfit { .. }
            | SynthError::OrderIncomplete { .. }
            | SynthError::Fidelity(_)
            | SynthError::ModelFile(_) => Self::input(message),
        };
        match next_step {
            Some(step) => built.with_next_step(step),
            None => built,
        }
    }
}

/// Characters of a name in a message.
const NAME_CHARS: usize = 60;

/// At most `shown` names for a message, and how many more there are.
pub(crate) fn derive_list<S: AsRef<str>>(names: &[S], shown: usize) -> String {
    let quote = |name: &S| {
        let name: String = name.as_ref().chars().take(NAME_CHARS).collect();
        format!("`{name}`")
    };
    let mut list = names.iter().take(shown).map(quote).collect::<Vec<_>>().join(", ");
    if names.len() > shown {
        list.push_str(&format!(" and {} more", names.len() - shown));
    }
    list
}
