//! Charts of a report as sheets: the numbers, and beside them a chart that Excel draws from them.

use gantry_kit::Chart as Drawn;
use gantry_kit::chart::{BarChart, HistogramChart, LineChart, MatrixChart, ScatterChart};
use rust_xlsxwriter::{Chart, ChartType, Format, Workbook, Worksheet, XlsxError};

/// The first row of numbers, below the title and the heads.
const FIRST: u32 = 2;
/// Size of a chart in pixels.
const SIZE: (u32, u32) = (720, 420);

/// A sheet that is being filled.
struct Page<'b> {
    sheet: &'b mut Worksheet,
    name: String,
    bold: &'b Format,
}

/// Adds the sheet of a chart.
pub(super) fn add(
    book: &mut Workbook,
    number: usize,
    (chart, bold): (&Drawn, &Format),
) -> Result<(), XlsxError> {
    let name = format!("Chart {number}");
    let sheet = book.add_worksheet();
    sheet.set_name(&name)?;
    sheet.write_with_format(0, 0, chart.title(), bold)?;
    let mut page = Page { sheet, name, bold };
    match chart {
        Drawn::Bar(chart) => page.bars(chart),
        Drawn::Line(chart) => page.lines(chart),
        Drawn::Scatter(chart) => page.points(chart),
        Drawn::Histogram(chart) => page.histogram(chart),
        Drawn::Matrix(chart) => page.matrix(chart),
    }
}

/// A label that nobody takes for a reference to a cell.
fn plain(label: &str) -> String {
    label.replace('!', " ")
}

impl Page<'_> {
    fn head(&mut self, column: u16, text: &str) -> Result<(), XlsxError> {
        self.sheet.write_with_format(1, column, text, self.bold)?;
        Ok(())
    }

    /// Writes pairs of numbers, those that are numbers, and gives the last row.
    fn pairs(&mut self, column: u16, pairs: &[(f64, f64)]) -> Result<u32, XlsxError> {
        let mut row = FIRST;
        for (x, y) in pairs.iter().filter(|(x, y)| x.is_finite() && y.is_finite()) {
            self.sheet.write(row, column, *x)?;
            self.sheet.write(row, column + 1, *y)?;
            row += 1;
        }
        Ok(row.max(FIRST + 1) - 1)
    }

    /// Adds a series whose two columns begin at one; it is called as its second column's head.
    fn series(&self, chart: &mut Chart, (column, last): (u16, u32)) {
        let name = self.name.as_str();
        let (next, first) = (column + 1, FIRST);
        let series = chart.add_series().set_name((name, 1, next));
        series.set_categories((name, first, column, last, column));
        series.set_values((name, first, next, last, next));
    }

    fn insert(&mut self, mut chart: Chart, column: u16) -> Result<(), XlsxError> {
        chart.title().set_name((self.name.as_str(), 0, 0));
        chart.set_width(SIZE.0).set_height(SIZE.1);
        self.sheet.insert_chart(1, column, &chart)?;
        Ok(())
    }

    fn bars(&mut self, drawn: &BarChart) -> Result<(), XlsxError> {
        self.sheet.set_column_width(0, 28)?;
        self.head(1, &drawn.value_label)?;
        let mut row = FIRST;
        for bar in drawn.bars.iter().filter(|bar| bar.value.is_finite()) {
            self.sheet.write(row, 0, bar.label.as_str())?;
            self.sheet.write(row, 1, bar.value)?;
            row += 1;
        }
        let mut chart = Chart::new(ChartType::Bar);
        self.series(&mut chart, (0, row.max(FIRST + 1) - 1));
        // The first bar is the topmost, as in the other files.
        chart.x_axis().set_reverse();
        chart.legend().set_hidden();
        self.insert(chart, 3)
    }

    fn lines(&mut self, drawn: &LineChart) -> Result<(), XlsxError> {
        let mut chart = Chart::new(ChartType::ScatterStraight);
        for (series, column) in drawn.series.iter().zip((0..).step_by(3)) {
            self.head(column, &drawn.x.label)?;
            self.head(column + 1, &series.name)?;
            let last = self.pairs(column, &series.points)?;
            self.series(&mut chart, (column, last));
        }
        if drawn.series.len() < 2 {
            chart.legend().set_hidden();
        }
        chart.x_axis().set_name(&plain(&drawn.x.label));
        chart.y_axis().set_name(&plain(&drawn.y.label));
        self.insert(chart, drawn.series.len() as u16 * 3)
    }

    fn points(&mut self, drawn: &ScatterChart) -> Result<(), XlsxError> {
        let mut chart = Chart::new(ChartType::Scatter);
        for (series, column) in drawn.series.iter().zip((0..).step_by(3)) {
            self.head(column, &drawn.x_label)?;
            self.head(column + 1, &series.name)?;
            let last = self.pairs(column, &series.points)?;
            self.series(&mut chart, (column, last));
        }
        chart.x_axis().set_name(&plain(&drawn.x_label));
        chart.y_axis().set_name(&plain(&drawn.y_label));
        self.insert(chart, drawn.series.len() as u16 * 3)
    }

    fn histogram(&mut self, drawn: &HistogramChart) -> Result<(), XlsxError> {
        self.head(0, "From")?;
        self.head(1, &drawn.y_label)?;
        let pairs: Vec<(f64, f64)> =
            drawn.edges.iter().copied().zip(drawn.counts.iter().copied()).collect();
        let last = self.pairs(0, &pairs)?;
        let mut chart = Chart::new(ChartType::Column);
        self.series(&mut chart, (0, last));
        chart.legend().set_hidden();
        chart.x_axis().set_name(&plain(&drawn.x_label));
        self.insert(chart, 3)
    }

    /// Excel has no chart for a table of shades; the numbers stand alone.
    fn matrix(&mut self, drawn: &MatrixChart) -> Result<(), XlsxError> {
        for (i, label) in drawn.labels.iter().enumerate() {
            self.head(i as u16 + 1, label)?;
            self.sheet.write(FIRST + i as u32, 0, label.as_str())?;
        }
        for (row, counts) in drawn.counts.iter().enumerate() {
            for (column, count) in counts.iter().enumerate().filter(|(_, x)| x.is_finite()) {
                self.sheet.write(FIRST + row as u32, column as u16 + 1, *count)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use gantry_kit::chart::{Axis, Bar, Series};

    use super::*;

    #[test]
    fn every_chart_has_a_sheet_and_a_drawing() {
        let bars = BarChart {
            title: "Bars".into(),
            bars: vec![Bar::new("a", 1.0), Bar::new("b", f64::NAN)],
            ..BarChart::default()
        };
        let lines = LineChart {
            x: Axis::new("Inputs!B1"),
            series: vec![Series::new("Summary!B1", vec![(0.0, 1.0), (1.0, 2.0)])],
            ..LineChart::default()
        };
        let bins = HistogramChart {
            edges: vec![0.0, 1.0, 2.0],
            counts: vec![3.0, 4.0],
            ..HistogramChart::default()
        };
        let mut book = Workbook::new();
        let bold = Format::new().set_bold();
        let charts: [Drawn; 3] = [bars.into(), lines.into(), bins.into()];
        for (i, chart) in charts.iter().enumerate() {
            add(&mut book, i + 1, (chart, &bold)).unwrap();
        }
        let bytes = book.save_to_buffer().unwrap();
        let has = |name: &str| bytes.windows(name.len()).any(|part| part == name.as_bytes());
        assert!(has("xl/charts/chart3.xml") && has("xl/worksheets/sheet3.xml"));
        assert!(!has("xl/charts/chart4.xml"));
    }
}
