//! The target column: which task it asks for, and its values on the rows that have one.
//!
//! Invariants: `rows` and the values have the same length; every class has at least one row; the
//! positive class of a binary task has code 1.

use gantry_kit::{Column, ColumnKind, Frame};

use crate::error::{AutomlError, derive_list};
use crate::task::{Task, TaskChoice};

/// Classes beyond this are no classification.
const MAX_CLASSES: usize = 200;
/// Whole numbers with at most this many values that count from 0 or 1 are taken as classes.
const MAX_COUNTED_CLASSES: usize = 10;
/// Squares of larger numbers may overflow when they are summed.
const MAX_TARGET: f64 = 1e100;

/// What is to be predicted, one entry a row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum TargetValues {
    /// Codes into `labels`.
    Classes { labels: Vec<String>, codes: Vec<u32> },
    /// Numbers.
    Numbers(Vec<f64>),
}

impl TargetValues {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Classes { codes, .. } => codes.len(),
            Self::Numbers(values) => values.len(),
        }
    }

    /// The values at these positions.
    pub(crate) fn take(&self, rows: &[usize]) -> Self {
        match self {
            Self::Classes { labels, codes } => Self::Classes {
                labels: labels.clone(),
                codes: gantry_learn::split::take(codes, rows),
            },
            Self::Numbers(values) => Self::Numbers(gantry_learn::split::take(values, rows)),
        }
    }

    /// The labels of the classes; none for numbers.
    pub(crate) fn labels(&self) -> &[String] {
        match self {
            Self::Classes { labels, .. } => labels,
            Self::Numbers(_) => &[],
        }
    }

    /// What a learner takes.
    pub(crate) fn as_learn(&self) -> gantry_learn::Target<'_> {
        match self {
            Self::Classes { labels, codes } => {
                gantry_learn::Target::Classes { codes, count: labels.len() }
            }
            Self::Numbers(values) => gantry_learn::Target::Values(values),
        }
    }

    /// Rows of each class, in the order of the labels.
    pub(crate) fn class_sizes(&self) -> Vec<usize> {
        match self {
            Self::Classes { labels, codes } => {
                let mut sizes = vec![0; labels.len()];
                for code in codes {
                    if let Some(size) = sizes.get_mut(*code as usize) {
                        *size += 1;
                    }
                }
                sizes
            }
            Self::Numbers(_) => Vec::new(),
        }
    }
}

/// The target column of a table.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) task: Task,
    /// Why this task, for people.
    pub(crate) reason: String,
    pub(crate) values: TargetValues,
    /// Rows of the frame that have a target, in order.
    pub(crate) rows: Vec<usize>,
    pub(crate) warnings: Vec<String>,
}

/// What the caller asked for.
pub(crate) struct TargetChoice<'a> {
    pub(crate) name: &'a str,
    pub(crate) task: TaskChoice,
    pub(crate) positive: Option<&'a str>,
}

/// Finds the target column and decides the task.
pub(crate) fn find_target(frame: &Frame, choice: &TargetChoice<'_>) -> Result<Target, AutomlError> {
    let column = frame.find_column(choice.name).ok_or_else(|| {
        if frame.columns().len() == 1 {
            return AutomlError::SingleColumn { target: choice.name.to_owned() };
        }
        let names: Vec<&str> = frame.names().collect();
        let available = derive_list(&names, 12);
        AutomlError::TargetNotFound { target: choice.name.to_owned(), available }
    })?;
    let rows: Vec<usize> = (0..column.len()).filter(|row| !column.is_missing(*row)).collect();
    if rows.is_empty() {
        return Err(AutomlError::TargetEmpty { target: choice.name.to_owned() });
    }
    let mut warnings = Vec::new();
    if rows.len() < column.len() {
        let dropped = column.len() - rows.len();
        warnings.push(format!(
            "{dropped} of {} rows have no value in the target column and were left out.",
            column.len()
        ));
    }
    let (task, reason) = derive_task(column, &rows, choice)?;
    let values = if task.is_classification() {
        derive_classes(column, &rows, choice)?
    } else {
        derive_numbers(column, &rows)?
    };
    Ok(Target { name: choice.name.to_owned(), task, reason, values, rows, warnings })
}

fn derive_task(
    column: &Column,
    rows: &[usize],
    choice: &TargetChoice<'_>,
) -> Result<(Task, String), AutomlError> {
    let target = column.name().to_owned();
    let distinct = column.count_distinct();
    if distinct == 1 {
        let value = rows.first().and_then(|row| column.find_cell(*row));
        let value = value.map(|v| v.into_owned()).unwrap_or_default();
        return Err(AutomlError::OneValue { target, value });
    }
    let asked = "as asked".to_owned();
    let (task, reason) = match choice.task {
        TaskChoice::Regression => (Task::Regression, asked),
        TaskChoice::Binary if distinct == 2 => (Task::Binary, asked),
        TaskChoice::Binary => return Err(AutomlError::NotBinary { target, classes: distinct }),
        TaskChoice::Multiclass if distinct == 2 => {
            (Task::Binary, "the target has exactly two values, so two classes".to_owned())
        }
        TaskChoice::Multiclass => (Task::Multiclass, asked),
        TaskChoice::Auto => derive_auto_task(column, distinct)?,
    };
    if task.is_classification() && distinct > MAX_CLASSES {
        let limit = MAX_CLASSES;
        return Err(AutomlError::TooManyClasses { target, classes: distinct, limit });
    }
    Ok((task, reason))
}

fn derive_auto_task(column: &Column, distinct: usize) -> Result<(Task, String), AutomlError> {
    if column.kind() == ColumnKind::Date {
        let target = column.name().to_owned();
        return Err(AutomlError::TargetNotPredictable { target, found: "dates" });
    }
    if distinct == 2 {
        return Ok((Task::Binary, "the target has exactly two values".to_owned()));
    }
    let Some(values) = column.find_numbers() else {
        return Ok((Task::Multiclass, format!("the target has {distinct} different labels")));
    };
    if counts_from_zero_or_one(values, distinct) {
        let reason = format!(
            "the target has {distinct} whole numbers that count like classes; \
             choose `regression` if they are amounts"
        );
        return Ok((Task::Multiclass, reason));
    }
    Ok((Task::Regression, format!("the target has {distinct} different numbers")))
}

fn counts_from_zero_or_one(values: &[f64], distinct: usize) -> bool {
    let mut low = f64::INFINITY;
    let mut high = f64::NEG_INFINITY;
    for value in values.iter().filter(|v| !v.is_nan()) {
        if value.fract() != 0.0 {
            return false;
        }
        low = low.min(*value);
        high = high.max(*value);
    }
    distinct <= MAX_COUNTED_CLASSES
        && (low == 0.0 || low == 1.0)
        && high - low + 1.0 == distinct as f64
}

/// Numbers in rising order, other labels by the alphabet, a Boolean's "no" before its "yes".
fn derive_labels(column: &Column, rows: &[usize]) -> Vec<String> {
    let cells = |row: &usize| column.find_cell(*row).map(|cell| cell.into_owned());
    if let Some(values) = column.find_numbers() {
        let mut known: Vec<(f64, usize)> =
            rows.iter().filter_map(|row| values.get(*row).map(|v| (*v, *row))).collect();
        known.sort_by(|a, b| a.0.total_cmp(&b.0));
        known.dedup_by(|a, b| a.0 == b.0);
        return known.iter().filter_map(|(_, row)| cells(row)).collect();
    }
    if column.kind() == ColumnKind::Boolean
        && let Some((_, levels)) = column.find_levels()
    {
        return levels.to_vec();
    }
    let mut labels: Vec<String> = rows.iter().filter_map(cells).collect();
    labels.sort();
    labels.dedup();
    labels
}

fn derive_classes(
    column: &Column,
    rows: &[usize],
    choice: &TargetChoice<'_>,
) -> Result<TargetValues, AutomlError> {
    let mut labels = derive_labels(column, rows);
    if let Some(wanted) = choice.positive {
        let place = labels.iter().position(|label| label == wanted).ok_or_else(|| {
            let available = derive_list(&labels, 12);
            AutomlError::PositiveNotFound { wanted: wanted.to_owned(), available }
        })?;
        if labels.len() == 2 && place == 0 {
            labels.swap(0, 1);
        }
    }
    let places: std::collections::HashMap<&str, u32> =
        labels.iter().map(String::as_str).zip(0..).collect();
    let codes = rows
        .iter()
        .filter_map(|row| column.find_cell(*row))
        .map(|cell| places.get(cell.as_ref()).copied())
        .collect::<Option<Vec<u32>>>()
        .filter(|codes| codes.len() == rows.len())
        .ok_or_else(|| AutomlError::inconsistent("A target cell has no label."))?;
    Ok(TargetValues::Classes { labels, codes })
}

fn derive_numbers(column: &Column, rows: &[usize]) -> Result<TargetValues, AutomlError> {
    let target = column.name().to_owned();
    let Some(values) = column.find_numbers() else {
        let example = rows.first().and_then(|row| column.find_cell(*row));
        let example = example.map(|cell| cell.into_owned()).unwrap_or_default();
        let found = match column.kind() {
            ColumnKind::Date => "dates",
            ColumnKind::Boolean => "yes or no",
            ColumnKind::Number | ColumnKind::Integer => "numbers",
            ColumnKind::Category | ColumnKind::Text | ColumnKind::Id => "text",
        };
        return Err(AutomlError::TargetNotNumbers { target, found, example });
    };
    let values = gantry_learn::split::take(values, rows);
    if values.iter().any(|v| v.abs() > MAX_TARGET) {
        return Err(AutomlError::TargetTooLarge { target });
    }
    Ok(TargetValues::Numbers(values))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn auto(column: Column) -> Result<Target, AutomlError> {
        let name = column.name().to_owned();
        let frame = Frame::new(vec![column]).unwrap();
        let choice = TargetChoice { name: &name, task: TaskChoice::Auto, positive: None };
        find_target(&frame, &choice)
    }

    #[test]
    fn tasks_are_told_from_values() {
        let binary = auto(Column::integer("y", vec![1.0, 0.0, 1.0, f64::NAN])).unwrap();
        assert_eq!((binary.task, binary.rows.len(), binary.warnings.len()), (Task::Binary, 3, 1));
        let TargetValues::Classes { labels, codes } = &binary.values else { panic!("classes") };
        assert_eq!((labels.join(" "), codes.as_slice()), ("0 1".to_owned(), [1, 0, 1].as_slice()));
        let counted = auto(Column::integer("y", vec![2.0, 0.0, 1.0, 1.0])).unwrap();
        assert_eq!(counted.task, Task::Multiclass);
        assert!(counted.reason.contains("regression"));
        assert_eq!(auto(Column::integer("y", vec![3.0, 4.0, 5.0])).unwrap().task, Task::Regression);
        assert_eq!(auto(Column::number("y", vec![0.5, 1.0, 2.0])).unwrap().task, Task::Regression);
        let labels = Column::labels("y", [Some("b"), Some("a"), None, Some("c"), Some("a")]);
        let multi = auto(labels).unwrap();
        assert_eq!((multi.task, multi.values.class_sizes()), (Task::Multiclass, vec![2, 1, 1]));
    }

    #[test]
    fn the_positive_class_is_the_second_one() {
        let frame = Frame::new(vec![Column::labels("y", [Some("bad"), Some("good")])]).unwrap();
        let choose = |positive| {
            let choice = TargetChoice { name: "y", task: TaskChoice::Auto, positive };
            find_target(&frame, &choice).map(|target| target.values.labels().join(" "))
        };
        assert_eq!(choose(None).unwrap(), "bad good");
        assert_eq!(choose(Some("bad")).unwrap(), "good bad");
        assert!(choose(Some("worse")).unwrap_err().to_string().contains("`good`"));
    }

    #[test]
    fn targets_that_cannot_work_are_refused() {
        let one = auto(Column::integer("y", vec![4.0, 4.0])).unwrap_err().to_string();
        assert!(one.contains("`4`"), "{one}");
        let empty = auto(Column::number("y", vec![f64::NAN])).unwrap_err();
        assert!(matches!(empty, AutomlError::TargetEmpty { .. }));
        let dates = [Some(0), Some(86_400_000_000), Some(172_800_000_000)];
        let dates = auto(Column::date("y", &dates, gantry_kit::DateFormat::default())).unwrap_err();
        assert!(matches!(dates, AutomlError::TargetNotPredictable { .. }));
        let names: Vec<String> = (0..500).map(|i| format!("n{i}")).collect();
        let many = auto(Column::text("y", names.iter().map(|n| Some(n.as_str())))).unwrap_err();
        assert!(matches!(many, AutomlError::TooManyClasses { classes: 500, .. }));
        let frame = Frame::new(vec![Column::labels("y", [Some("a"), Some("b")])]).unwrap();
        let choice = TargetChoice { name: "y", task: TaskChoice::Regression, positive: None };
        let error = find_target(&frame, &choice).unwrap_err();
        assert!(matches!(error, AutomlError::TargetNotNumbers { .. }));
    }
}
