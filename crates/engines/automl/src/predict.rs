//! Applying a model to new rows: the same for files and for calls.
//!
//! Invariant: rows are read as the training table was, and predicted one by one; the prediction
//! of a row does not depend on the other rows.

use std::io::Read;

use gantry_kit::{Column, Frame, Schema};
use gantry_learn::Control;

use crate::error::AutomlError;
use crate::model::{Ensemble, Finish, Predictions};
use crate::model_file::{ModelHeader, TrainedModel};
use crate::preprocess::Unknown;
use crate::table::Table;
use crate::target::TargetValues;

/// A model that is ready to predict.
pub(crate) struct Predictor {
    pub(crate) header: ModelHeader,
    pub(crate) schema: Schema,
    ensemble: Ensemble,
}

/// Labels of one column that training has never seen.
pub(crate) struct NewLabels {
    pub(crate) column: String,
    pub(crate) unknown: Unknown,
}

/// Predictions for a table.
pub(crate) struct Predicted {
    pub(crate) predictions: Predictions,
    pub(crate) new_labels: Vec<NewLabels>,
}

impl Predictor {
    /// Reads a model file.
    pub(crate) fn read_from(reader: impl Read) -> Result<Self, AutomlError> {
        let model = TrainedModel::read_from(reader)?;
        let schema = model.derive_schema();
        Ok(Self { header: model.header, schema, ensemble: model.ensemble })
    }

    /// Predicts every row of a table that was read by [`Self::schema`].
    pub(crate) fn predict(
        &self,
        table: &Table,
        control: &Control<'_>,
    ) -> Result<Predicted, AutomlError> {
        self.predict_columns(&self.header.select(&table.frame)?, control)
    }

    /// As [`Self::predict`], for the columns of the header in their order.
    pub(crate) fn predict_columns(
        &self,
        columns: &[&Column],
        control: &Control<'_>,
    ) -> Result<Predicted, AutomlError> {
        let rows: Vec<usize> = (0..columns.first().map_or(0, |column| column.len())).collect();
        let predictions = self.ensemble.predict(columns, &rows, control)?;
        let new_labels = self
            .ensemble
            .find_unknown(columns)
            .into_iter()
            .map(|(index, unknown)| NewLabels { column: columns[index].name().to_owned(), unknown })
            .collect();
        Ok(Predicted { predictions, new_labels })
    }

    /// What is done with the members' mean.
    pub(crate) fn finish(&self) -> &Finish {
        &self.ensemble.finish
    }

    /// The true values and their rows, where the table has some that the model could predict.
    pub(crate) fn find_truth(&self, frame: &Frame) -> Option<(TargetValues, Vec<usize>)> {
        let header = &self.header;
        let target = frame.find_column(&header.target.name)?;
        let mut rows: Vec<usize> = Vec::new();
        let truth = if header.task.is_classification() {
            let mut codes = Vec::new();
            for row in 0..target.len() {
                let cell = target.find_cell(row);
                let code = cell.and_then(|c| header.classes.iter().position(|class| *class == *c));
                if let Some(code) = code.and_then(|code| u32::try_from(code).ok()) {
                    rows.push(row);
                    codes.push(code);
                }
            }
            TargetValues::Classes { labels: header.classes.clone(), codes }
        } else {
            let values = target.find_numbers().unwrap_or_default();
            rows = (0..values.len()).filter(|row| !target.is_missing(*row)).collect();
            TargetValues::Numbers(gantry_learn::split::take(values, &rows))
        };
        (!rows.is_empty()).then_some((truth, rows))
    }

    /// The predictions as columns of a table: the class or number, then probabilities.
    pub(crate) fn derive_columns(&self, predictions: &Predictions) -> Vec<Column> {
        let classes = &self.header.classes;
        match self.ensemble.finish.decide(predictions) {
            None => {
                let values = predictions.as_columns().first().map(|v| v.to_vec());
                vec![Column::number("prediction", values.unwrap_or_default())]
            }
            Some(codes) => {
                let label = |code: &u32| classes.get(*code as usize).map(String::as_str);
                let mut columns = vec![Column::labels("prediction", codes.iter().map(label))];
                for (class, values) in classes.iter().zip(predictions.as_columns()) {
                    columns.push(Column::number(format!("probability_{class}"), values.to_vec()));
                }
                columns
            }
        }
    }
}

/// The predictions of these rows.
pub(crate) fn take_rows(
    predictions: &Predictions,
    rows: &[usize],
    truth: &TargetValues,
) -> Result<Predictions, AutomlError> {
    let columns = predictions.as_columns();
    let known = columns.iter().map(|column| gantry_learn::split::take(column, rows)).collect();
    Predictions::from_columns(known, truth)
}
