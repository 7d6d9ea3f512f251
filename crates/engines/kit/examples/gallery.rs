//! Writes a report with every kind of chart and block, to look at:
//! `cargo run -p gantry-kit --example gallery -- OUT.html`

use std::io;

use gantry_kit::Theme;
use gantry_kit::chart::{
    Axis, Bar, BarChart, HistogramChart, LineChart, MatrixChart, ScatterChart, ScatterSeries,
    Series, Stroke,
};
use gantry_kit::report::{KeyFigure, Report, Table, TableColumn};

fn main() -> io::Result<()> {
    let mut report = Report::new("Every block of a report");
    report
        .set_subtitle("Made-up numbers, to look at")
        .key_figures(vec![
            KeyFigure::new("AUC", "0.8912").with_note("5 folds, ± 0.011"),
            KeyFigure::new("Accuracy", "84.1 %"),
            KeyFigure::new("Rows", "32,561"),
            KeyFigure::new("Time", "4.2 s"),
        ])
        .warning("Column \"fnlwgt\" was left out, because it names rows.")
        .section("Scores")
        .paragraph("Every model was scored on rows that it had not seen.")
        .table(scores())
        .chart(importance())
        .section("Errors")
        .chart(confusion())
        .chart(roc())
        .section("Values")
        .chart(scatter())
        .chart(histogram())
        .list(["Seed 42", "5 folds, stratified"]);
    let path = std::env::args().nth(1).unwrap_or_else(|| "gallery.html".to_owned());
    std::fs::write(path, report.to_html(&Theme::default()))
}

fn scores() -> Table {
    let row = |cells: [&str; 4]| cells.map(String::from).to_vec();
    Table {
        caption: "Leaderboard".to_owned(),
        columns: vec![
            TableColumn::words("Model"),
            TableColumn::numbers("AUC"),
            TableColumn::numbers("Log loss"),
            TableColumn::numbers("Time, s"),
        ],
        rows: vec![
            row(["Random forest", "0.8912", "0.3320", "3.10"]),
            row(["Logistic regression", "0.8704", "0.3611", "0.21"]),
        ],
    }
}

fn importance() -> BarChart {
    let names = ["capital_gain", "marital_status", "age", "education_num", "hours_per_week", "sex"];
    let bars = names.iter().enumerate().map(|(index, name)| Bar {
        label: (*name).to_owned(),
        value: 0.05 / (1.0 + index as f64) - 0.009,
        error: Some(0.002),
    });
    BarChart {
        title: "Importance of columns".to_owned(),
        description: "Loss of AUC when a column is shuffled; capital_gain matters most.".to_owned(),
        value_label: "Loss of AUC".to_owned(),
        bars: bars.collect(),
    }
}

fn confusion() -> MatrixChart {
    MatrixChart {
        title: "Confusion matrix".to_owned(),
        description: "Most rows lie on the diagonal.".to_owned(),
        row_title: "Actual".to_owned(),
        column_title: "Predicted".to_owned(),
        labels: ["setosa", "versicolor", "virginica"].map(String::from).to_vec(),
        counts: vec![vec![50.0, 0.0, 0.0], vec![0.0, 27.0, 23.0], vec![0.0, 14.0, 36.0]],
        ..MatrixChart::default()
    }
}

fn roc() -> LineChart {
    let curve = |power: f64| {
        (0..=100).map(|i| (f64::from(i) / 100.0, (f64::from(i) / 100.0).powf(power))).collect()
    };
    LineChart {
        title: "ROC curve".to_owned(),
        description: "Both models lie well above chance.".to_owned(),
        x: Axis::unit("False positive rate"),
        y: Axis::unit("True positive rate"),
        series: vec![
            Series::new("Random forest", curve(0.15)),
            Series::new("Logistic regression", curve(0.25)),
            Series::new("Boosting", curve(0.3)),
            Series::reference("Chance", vec![(0.0, 0.0), (1.0, 1.0)]),
        ],
    }
}

fn scatter() -> ScatterChart {
    let cloud = |shift: f64| {
        let point = |i: i32| {
            let x = f64::from(i) * 1_000.0;
            (x, x + 40_000.0 * (f64::from(i) * 12.9898 + shift).sin())
        };
        (0..300).map(point).collect()
    };
    ScatterChart {
        title: "Predicted and actual".to_owned(),
        description: "Points near the dashed line are predicted well.".to_owned(),
        x_label: "Actual value".to_owned(),
        y_label: "Predicted value".to_owned(),
        series: vec![
            ScatterSeries { name: "Training".to_owned(), points: cloud(0.0) },
            ScatterSeries { name: "Test".to_owned(), points: cloud(1.0) },
        ],
        diagonal: Some(Stroke::Reference),
    }
}

fn histogram() -> HistogramChart {
    HistogramChart {
        title: "Residuals".to_owned(),
        description: "The residuals are centred on zero.".to_owned(),
        x_label: "Residual".to_owned(),
        y_label: "Rows".to_owned(),
        edges: (-20..=20).map(|i| f64::from(i) / 10.0).collect(),
        counts: (-20..20).map(|i| (1e4 * (-f64::from(i * i) / 60.0).exp()).round()).collect(),
    }
}
