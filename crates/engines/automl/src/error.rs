//! What can go wrong in training and prediction, said with its cause and the next step.

use gantry_engine_api::EngineError;
use gantry_kit::TableError;
use gantry_learn::LearnError;

use crate::model_file::ModelFileError;

/// Why training or prediction ended without a result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AutomlError {
    #[error("The target column `{target}` is not in the table. Its columns are: {available}.")]
    TargetNotFound { target: String, available: String },
    #[error("The table was read as a single column, which is not `{target}`.")]
    SingleColumn { target: String },
    #[error(
        "The column `{column}` that is to be ignored is not in the table. Its columns are: {available}."
    )]
    IgnoredNotFound { column: String, available: String },
    #[error("The target column `{target}` cannot be ignored at the same time.")]
    TargetIgnored { target: String },
    #[error("The table could not be read: {0}.")]
    Table(TableError),
    #[error("The target column `{target}` has no value in any row.")]
    TargetEmpty { target: String },
    #[error("Only {rows} rows have a value in the target column; at least {needed} are needed.")]
    TooFewRows { rows: usize, needed: usize },
    #[error(
        "The target column `{target}` holds only the value `{value}`, so there is nothing to predict."
    )]
    OneValue { target: String, value: String },
    #[error("The class `{class}` has only one row; it cannot be learned and checked at once.")]
    ClassOfOne { class: String },
    #[error(
        "The target column `{target}` has {classes} different values; classification takes at most {limit}."
    )]
    TooManyClasses { target: String, classes: usize, limit: usize },
    #[error(
        "The target column `{target}` has {classes} different values, but binary classification needs exactly 2."
    )]
    NotBinary { target: String, classes: usize },
    #[error(
        "Regression needs numbers, but the target column `{target}` holds {found}, such as `{example}`."
    )]
    TargetNotNumbers { target: String, found: &'static str, example: String },
    #[error("The target column `{target}` holds {found}, which cannot be predicted.")]
    TargetNotPredictable { target: String, found: &'static str },
    #[error(
        "The target column `{target}` holds numbers beyond 1e100, which cannot be squared safely."
    )]
    TargetTooLarge { target: String },
    #[error(
        "The positive class `{wanted}` is not a value of the target column. Its values are: {available}."
    )]
    PositiveNotFound { wanted: String, available: String },
    #[error("Besides the target, no column can be used: {reasons}.")]
    NoColumns { reasons: String },
    #[error("The metric `{metric}` does not fit the task `{task}`.")]
    MetricUnfit { metric: &'static str, task: &'static str, fitting: String },
    #[error("The algorithm `{algorithm}` does not fit the task `{task}`.")]
    AlgorithmUnfit { algorithm: &'static str, task: &'static str, fitting: String },
    #[error(
        "The column `{column}` that cuts the rows is not in the table. Its columns are: {available}."
    )]
    SplitNotFound { column: String, available: String },
    #[error("The column `{column}` holds neither dates nor numbers, so it gives no order.")]
    SplitUnordered { column: String },
    #[error("All rows are of one group, so none can be held out.")]
    OneGroup,
    #[error("The option `{what}` {reason}.")]
    Option { what: &'static str, reason: &'static str },
    #[error("No model could be trained: {reasons}.")]
    NothingTrained { reasons: String },
    #[error("The metric `{metric}` is not defined on any fold of this table.")]
    MetricUndefined { metric: &'static str },
    #[error("The table lacks columns that the model needs: {names}.")]
    ColumnsMissing { names: String },
    #[error("The table has {rows} rows; at least {needed} are needed.")]
    TooFewPoints { rows: usize, needed: usize },
    #[error("No column of the table can be compared: {reasons}.")]
    NothingToCompare { reasons: String },
    #[error("{clusters} clusters cannot be made of {rows} rows.")]
    TooManyClusters { clusters: u32, rows: usize },
    #[error("DBSCAN looks at every pair of rows; the table has {rows}, and {limit} are the most.")]
    TooDense { rows: usize, limit: usize },
    #[error("{components} components cannot be made of {features} features.")]
    TooManyComponents { components: u32, features: usize },
    #[error("The table has no column `{target}`, which the model predicts.")]
    TruthMissing { target: String },
    #[error("No row of the column `{target}` has a value that the model could have predicted.")]
    TruthUnknown { target: String },
    #[error("The model reads the texts of column `{column}`, which ONNX cannot cut into words.")]
    OnnxUnsupported { column: String },
    #[error("As ONNX the model would have {bytes} bytes; the format ends at 2 GB.")]
    OnnxTooLarge { bytes: usize },
    #[error("{0}")]
    ModelFile(#[from] ModelFileError),
    #[error("{0}")]
    Learn(#[from] LearnError),
    #[error("{message}")]
    Inconsistent { message: String },
    #[error("{0}")]
    Engine(#[from] EngineError),
}

impl From<TableError> for AutomlError {
    fn from(error: TableError) -> Self {
        Self::Table(error)
    }
}

impl From<std::io::Error> for AutomlError {
    fn from(error: std::io::Error) -> Self {
        Self::Engine(error.into())
    }
}

impl AutomlError {
    /// A broken promise inside this engine.
    pub(crate) fn inconsistent(message: impl Into<String>) -> Self {
        Self::Inconsistent { message: message.into() }
    }

    /// Whether the job was asked to stop.
    pub(crate) fn is_cancelled(&self) -> bool {
        let engine = |error: &EngineError| error.kind == gantry_types::EngineErrorKind::Cancelled;
        matches!(self, Self::Learn(LearnError::Cancelled) | Self::Table(TableError::Stopped))
            || matches!(self, Self::Engine(error) if engine(error))
    }

    fn derive_next_step(&self) -> Option<String> {
        Some(match self {
            Self::TargetNotFound { .. } => "Choose one of these columns as the target.".into(),
            Self::SingleColumn { .. } => {
                "Separate the cells by commas, semicolons or tabs, and use at most 10,000 columns."
                    .into()
            }
            Self::IgnoredNotFound { .. } => "Correct the name, or remove it from the list.".into(),
            Self::TargetIgnored { .. } => "Take it out of the columns to ignore.".into(),
            Self::TargetEmpty { .. } | Self::OneValue { .. } => {
                "Choose another target column, or add rows with other values.".into()
            }
            Self::TooFewRows { .. } => "Add rows with a known target.".into(),
            Self::ClassOfOne { class } => {
                format!("Add rows of `{class}`, remove that row, or choose regression.")
            }
            Self::TooManyClasses { .. } => {
                "Choose another target column, merge values, or choose regression for numbers."
                    .into()
            }
            Self::NotBinary { .. } => "Choose the task `multiclass` or `auto`.".into(),
            Self::TargetNotNumbers { .. } => {
                "Choose the task `auto` or `multiclass`, or a target column of numbers.".into()
            }
            Self::TargetNotPredictable { .. } => {
                "Choose a target column of numbers or of a limited set of labels.".into()
            }
            Self::TargetTooLarge { .. } => "Divide the target by a constant first.".into(),
            Self::PositiveNotFound { .. } => "Choose one of these values.".into(),
            Self::NoColumns { .. } => {
                "Add columns of numbers, labels or dates that may explain the target.".into()
            }
            Self::MetricUnfit { fitting, .. } | Self::AlgorithmUnfit { fitting, .. } => {
                format!("Choose one of: {fitting}.")
            }
            Self::SplitNotFound { .. } => "Choose one of these columns.".into(),
            Self::SplitUnordered { .. } => "Choose a column of dates or numbers.".into(),
            Self::OneGroup => "Choose another column for the groups, or another split.".into(),
            Self::Option { .. } => "Correct the option, or leave it out.".into(),
            Self::NothingTrained { .. } => {
                "Choose other algorithms, or make the table smaller.".into()
            }
            Self::MetricUndefined { .. } => {
                "Choose another metric, fewer folds, or add rows of the rarer classes.".into()
            }
            Self::ColumnsMissing { .. } => {
                "Add these columns with the names that they had in training; cells may be empty."
                    .into()
            }
            Self::TooFewPoints { .. } => "Add rows.".into(),
            Self::NothingToCompare { .. } => {
                "Add columns of numbers, labels or dates, or ignore fewer.".into()
            }
            Self::TooManyClusters { .. } => "Ask for fewer clusters, or add rows.".into(),
            Self::TooDense { .. } => {
                "Choose the method `kmeans`, or draw a part of the rows.".into()
            }
            Self::TooManyComponents { .. } => {
                "Ask for fewer components, or leave the number out.".into()
            }
            Self::TruthMissing { .. } => {
                "Add the column with the true values; without them, `automl.predict` applies the \
                 model."
                    .into()
            }
            Self::TruthUnknown { .. } => {
                "Fill the column with true values, classes spelled as in training.".into()
            }
            Self::OnnxUnsupported { .. } => {
                "Train with the column among `ignore_columns`, and export that model.".into()
            }
            Self::OnnxTooLarge { .. } => {
                "Train a smaller model, such as gradient boosting, and export that one.".into()
            }
            Self::ModelFile(error) => error.derive_next_step().into(),
            Self::Table(_) | Self::Learn(_) | Self::Inconsistent { .. } | Self::Engine(_) => {
                return None;
            }
        })
    }
}

impl From<AutomlError> for EngineError {
    fn from(error: AutomlError) -> Self {
        if error.is_cancelled() {
            return Self::cancelled();
        }
        let message = error.to_string();
        let next_step = error.derive_next_step();
        let built = match error {
            AutomlError::Engine(inner) => return inner,
            AutomlError::Table(TableError::Io(_)) => Self::transient(message),
            AutomlError::Learn(LearnError::BudgetSpent | LearnError::TooLarge { .. }) => {
                Self::resource(message)
            }
            AutomlError::Learn(_) | AutomlError::Inconsistent { .. } => Self::bug(message),
            AutomlError::TargetNotFound { .. }
            | AutomlError::IgnoredNotFound { .. }
            | AutomlError::TargetIgnored { .. }
            | AutomlError::NotBinary { .. }
            | AutomlError::TargetNotNumbers { .. }
            | AutomlError::PositiveNotFound { .. }
            | AutomlError::MetricUnfit { .. }
            | AutomlError::Option { .. }
            | AutomlError::SplitNotFound { .. }
            | AutomlError::SplitUnordered { .. }
            | AutomlError::TooManyClusters { .. }
            | AutomlError::TooManyComponents { .. }
            | AutomlError::AlgorithmUnfit { .. } => Self::params(message),
            AutomlError::Table(_)
            | AutomlError::SingleColumn { .. }
            | AutomlError::TargetEmpty { .. }
            | AutomlError::TooFewRows { .. }
            | AutomlError::OneValue { .. }
            | AutomlError::ClassOfOne { .. }
            | AutomlError::TooManyClasses { .. }
            | AutomlError::TargetNotPredictable { .. }
            | AutomlError::TargetTooLarge { .. }
            | AutomlError::NoColumns { .. }
            | AutomlError::OneGroup
            | AutomlError::NothingTrained { .. }
            | AutomlError::MetricUndefined { .. }
            | AutomlError::ColumnsMissing { .. }
            | AutomlError::TooFewPoints { .. }
            | AutomlError::NothingToCompare { .. }
            | AutomlError::TooDense { .. }
            | AutomlError::TruthMissing { .. }
            | AutomlError::TruthUnknown { .. }
            | AutomlError::OnnxUnsupported { .. }
            | AutomlError::OnnxTooLarge { .. }
            | AutomlError::ModelFile(_) => Self::input(message),
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
        let name = name.as_ref();
        match name.char_indices().nth(NAME_CHARS) {
            Some((end, _)) => format!("`{}…`", name.get(..end).unwrap_or_default()),
            None => format!("`{name}`"),
        }
    };
    let quoted: Vec<String> = names.iter().take(shown).map(quote).collect();
    let mut list = quoted.join(", ");
    if names.len() > shown {
        list.push_str(&format!(" and {} more", names.len() - shown));
    }
    list
}
