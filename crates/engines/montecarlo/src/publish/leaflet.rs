//! What an operation leaves beside its report: one HTML page with charts and tables, the charts as
//! SVG, the tables and charts as a workbook, and everything as JSON.

use gantry_engine_api::{ArtifactRole, BlockingContext};
use gantry_kit::chart::write_short;
use gantry_kit::report::{Report, Table, TableColumn};
use gantry_kit::{Chart, Theme};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, XlsxError};
use serde::Serialize;

use super::{leave_chart, leave_json, plots};
use crate::error::MonteCarloError;

/// What is left.
#[derive(Debug, Clone, Default)]
pub struct Leaflet {
    /// The title.
    pub title: String,
    /// The line below it.
    pub subtitle: String,
    /// What the reader must not miss.
    pub warnings: Vec<String>,
    /// The rest.
    pub sections: Vec<Section>,
}

/// A part of a page.
#[derive(Debug, Clone, Default)]
pub struct Section {
    /// Its heading.
    pub heading: String,
    /// Its charts, by the name of their file.
    pub charts: Vec<(String, Chart)>,
    /// Its tables.
    pub tables: Vec<Grid>,
}

/// A table.
#[derive(Debug, Clone, Default)]
pub struct Grid {
    /// What it shows; also the name of its sheet.
    pub caption: String,
    /// Titles of the columns: the first `words` hold words, the others numbers.
    pub heads: Vec<String>,
    /// Columns of words.
    pub words: usize,
    /// The rows.
    pub rows: Vec<Vec<Datum>>,
}

/// What stands in a cell of a table.
#[derive(Debug, Clone, PartialEq)]
pub enum Datum {
    /// Words.
    Text(String),
    /// A number.
    Number(f64),
}

impl From<f64> for Datum {
    fn from(x: f64) -> Self {
        Self::Number(x)
    }
}

impl From<&str> for Datum {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<Option<f64>> for Datum {
    fn from(x: Option<f64>) -> Self {
        x.map_or_else(|| Self::Text("none".to_owned()), Self::Number)
    }
}

impl Grid {
    /// An empty table.
    #[must_use]
    pub fn new(caption: impl Into<String>, words: usize, heads: &[&str]) -> Self {
        let heads = heads.iter().map(|head| (*head).to_owned()).collect();
        Self { caption: caption.into(), heads, words, rows: Vec::new() }
    }

    fn table(&self) -> Table {
        let column = |(i, head): (usize, &String)| {
            if i < self.words { TableColumn::words(head) } else { TableColumn::numbers(head) }
        };
        let cell = |datum: &Datum| match datum {
            Datum::Text(text) => text.clone(),
            Datum::Number(x) => write_short(*x),
        };
        Table {
            caption: self.caption.clone(),
            columns: self.heads.iter().enumerate().map(column).collect(),
            rows: self.rows.iter().map(|row| row.iter().map(cell).collect()).collect(),
        }
    }
}

/// Leaves everything; `report` is what the job answers.
///
/// # Errors
/// What cannot be written.
pub fn leave<T: Serialize>(
    job: &BlockingContext,
    leaflet: &Leaflet,
    report: &T,
) -> Result<(), MonteCarloError> {
    let mut page = Report::new(&leaflet.title);
    page.set_subtitle(&leaflet.subtitle);
    for warning in &leaflet.warnings {
        page.warning(warning);
    }
    for section in &leaflet.sections {
        page.section(&section.heading);
        for (name, chart) in &section.charts {
            leave_chart(job, name, chart)?;
            page.chart(chart.clone());
        }
        for grid in &section.tables {
            page.table(grid.table());
        }
    }
    let html = page.to_html(&Theme::default());
    job.publish_bytes("report.html", ArtifactRole::Report, html.as_bytes())?;
    leave_json(job, "report.json", report)?;
    let sheets = write_sheets(leaflet)
        .map_err(|e| MonteCarloError::Written { what: "report.xlsx", cause: e.to_string() })?;
    job.publish_bytes("report.xlsx", ArtifactRole::File, &sheets)?;
    Ok(())
}

/// The tables, then the charts, each on a sheet of its own.
fn write_sheets(leaflet: &Leaflet) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    // The same result is the same file, whenever it is made.
    let created = ExcelDateTime::from_ymd(2000, 1, 1)?;
    book.set_properties(&DocProperties::new().set_creation_datetime(&created));
    let bold = Format::new().set_bold();
    let grids = leaflet.sections.iter().flat_map(|section| &section.tables);
    for (i, grid) in grids.enumerate() {
        let sheet = book.add_worksheet();
        sheet.set_name(format!("Table {}", i + 1))?;
        sheet.write_with_format(0, 0, grid.caption.as_str(), &bold)?;
        sheet.set_column_width(0, 28)?;
        for (col, head) in grid.heads.iter().enumerate() {
            sheet.write_with_format(1, col as u16, head.as_str(), &bold)?;
        }
        for (row, cells) in grid.rows.iter().enumerate() {
            for (col, datum) in cells.iter().enumerate() {
                let (row, col) = (row as u32 + 2, col as u16);
                match datum {
                    Datum::Text(text) => sheet.write(row, col, text.as_str())?,
                    Datum::Number(x) if x.is_finite() => sheet.write(row, col, *x)?,
                    Datum::Number(_) => sheet.write(row, col, "none")?,
                };
            }
        }
    }
    let charts = leaflet.sections.iter().flat_map(|section| &section.charts);
    for (i, (_, chart)) in charts.enumerate() {
        plots::add(&mut book, i + 1, (chart, &bold))?;
    }
    book.save_to_buffer()
}
