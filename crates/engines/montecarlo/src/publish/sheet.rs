//! The report as a workbook: figures, percentiles, histograms and influences, with charts that
//! Excel draws itself.

use rust_xlsxwriter::{
    Chart, ChartType, DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError,
};

use crate::ops::outcome::{OutputReport, SimulateReport};
use crate::statistics::Summary;

/// Outputs that get a sheet of their own.
const SHEETS: usize = 30;

/// The bytes of the workbook.
pub(super) fn write(report: &SimulateReport) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    // The same result is the same file, whenever it is made.
    let created = ExcelDateTime::from_ymd(2000, 1, 1)?;
    book.set_properties(&DocProperties::new().set_creation_datetime(&created));
    let bold = Format::new().set_bold();
    summary(book.add_worksheet(), report, &bold)?;
    for (i, output) in report.outputs.iter().take(SHEETS).enumerate() {
        let name = format!("Output {}", i + 1);
        details(book.add_worksheet(), &name, output, &bold)?;
    }
    inputs(book.add_worksheet(), report, &bold)?;
    book.save_to_buffer()
}

fn summary(sheet: &mut Worksheet, report: &SimulateReport, bold: &Format) -> Result<(), XlsxError> {
    sheet.set_name("Summary")?;
    let heads = [
        "Output",
        "In the file",
        "Mean",
        "Standard deviation",
        "Minimum",
        "5 %",
        "Median",
        "95 %",
        "Maximum",
        "Errors",
    ];
    for (col, head) in heads.iter().enumerate() {
        sheet.write_with_format(0, col as u16, *head, bold)?;
    }
    sheet.set_column_width(0, 28)?;
    for (i, output) in report.outputs.iter().enumerate() {
        let row = i as u32 + 1;
        sheet.write(row, 0, output.name.as_str())?;
        if let Some(base) = output.base {
            sheet.write(row, 1, base)?;
        }
        let Some(s) = &output.summary else { continue };
        let figures = [s.mean, s.sd, s.min, s.cdf[5], s.cdf[50], s.cdf[95], s.max];
        for (col, figure) in figures.iter().enumerate() {
            sheet.write(row, col as u16 + 2, *figure)?;
        }
        sheet.write(row, 9, s.errors as f64)?;
    }
    Ok(())
}

/// Heads of the columns of an output's own sheet; empty ones keep its three tables apart.
const DETAIL_HEADS: [&str; 12] = [
    "Percent",
    "Value",
    "",
    "From",
    "Draws",
    "",
    "Input",
    "Rank correlation",
    "Regression",
    "Share of variance",
    "Lowest mean",
    "Highest mean",
];

fn details(
    sheet: &mut Worksheet,
    name: &str,
    output: &OutputReport,
    bold: &Format,
) -> Result<(), XlsxError> {
    sheet.set_name(name)?;
    sheet.write_with_format(0, 0, output.name.as_str(), bold)?;
    let Some(summary) = &output.summary else { return Ok(()) };
    for (col, head) in DETAIL_HEADS.iter().enumerate() {
        sheet.write_with_format(1, col as u16, *head, bold)?;
    }
    for (i, value) in summary.cdf.iter().enumerate() {
        sheet.write(i as u32 + 2, 0, i as f64)?;
        sheet.write(i as u32 + 2, 1, *value)?;
    }
    let bins = &summary.histogram;
    for (i, count) in bins.counts.iter().enumerate() {
        sheet.write(i as u32 + 2, 3, bins.edges[i])?;
        sheet.write(i as u32 + 2, 4, *count as f64)?;
    }
    for (i, influence) in output.influences.iter().enumerate() {
        sheet.write(i as u32 + 2, 6, influence.input.as_str())?;
        let figures = [
            influence.rank_correlation,
            influence.regression,
            influence.contribution,
            influence.mean_low,
            influence.mean_high,
        ];
        for (col, figure) in figures.iter().enumerate() {
            sheet.write(i as u32 + 2, col as u16 + 7, *figure)?;
        }
    }
    detail_charts(sheet, name, (output, summary))
}

/// The charts beside the columns that [`details`] writes.
fn detail_charts(
    sheet: &mut Worksheet,
    name: &str,
    (output, summary): (&OutputReport, &Summary),
) -> Result<(), XlsxError> {
    let last = summary.histogram.counts.len() as u32 + 1;
    let mut columns = Chart::new(ChartType::Column);
    columns.add_series().set_categories((name, 2, 3, last, 3)).set_values((name, 2, 4, last, 4));
    columns.title().set_name(&format!("{}: how often", output.name));
    columns.legend().set_hidden();
    sheet.insert_chart(2, 13, &columns)?;
    let percents = summary.cdf.len() as u32 + 1;
    let mut line = Chart::new(ChartType::ScatterStraight);
    line.add_series()
        .set_categories((name, 2, 1, percents, 1))
        .set_values((name, 2, 0, percents, 0));
    line.title().set_name(&format!("{}: percent of draws below", output.name));
    line.legend().set_hidden();
    line.y_axis().set_max(100);
    sheet.insert_chart(34, 13, &line)?;
    if !output.influences.is_empty() {
        let last = output.influences.len() as u32 + 1;
        let mut bars = Chart::new(ChartType::Bar);
        bars.add_series().set_categories((name, 2, 6, last, 6)).set_values((name, 2, 7, last, 7));
        bars.title().set_name("What moves it");
        bars.legend().set_hidden();
        sheet.insert_chart(18, 13, &bars)?;
    }
    Ok(())
}

fn inputs(sheet: &mut Worksheet, report: &SimulateReport, bold: &Format) -> Result<(), XlsxError> {
    sheet.set_name("Inputs")?;
    for (col, head) in ["Input", "Distribution", "Mean", "Standard deviation"].iter().enumerate() {
        sheet.write_with_format(0, col as u16, *head, bold)?;
    }
    for (i, input) in report.inputs.iter().enumerate() {
        let row = i as u32 + 1;
        sheet.write(row, 0, input.name.as_str())?;
        sheet.write(row, 1, input.distribution.as_str())?;
        for (col, number) in [(2, input.mean), (3, input.sd)] {
            if let Some(number) = number {
                sheet.write(row, col, number)?;
            }
        }
    }
    Ok(())
}
