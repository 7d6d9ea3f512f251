//! Charts and reports are well-formed, accessible and closed in themselves, whatever the data.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test ends where one of these fails")]

use gantry_kit::chart::{
    Axis, Bar, BarChart, HistogramChart, LineChart, MatrixChart, ScatterChart, ScatterSeries,
    Series, Shade, Stroke,
};
use gantry_kit::report::{KeyFigure, Report, Table, TableColumn};
use gantry_kit::{Chart, Theme, ThemeMode};
use proptest::prelude::*;

const HOSTILE: &str = "</svg></title><script>alert(\"1\")</script>&'\u{1}\u{fffe}é😀";

fn check_svg(svg: &str) {
    let document = roxmltree::Document::parse(svg).unwrap_or_else(|e| panic!("{e}: {svg}"));
    let root = document.root_element();
    assert_eq!(root.tag_name().name(), "svg");
    assert_eq!(root.attribute("role"), Some("img"));
    let ids: Vec<_> = root.attribute("aria-labelledby").unwrap().split(' ').collect();
    for (id, tag) in ids.iter().zip(["title", "desc"]) {
        let labelled = root.children().find(|node| node.attribute("id") == Some(*id)).unwrap();
        assert_eq!(labelled.tag_name().name(), tag);
    }
    let coordinates = ["x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "width", "height"];
    for node in document.descendants().filter(|node| node.is_element()) {
        assert_ne!(node.tag_name().name(), "script");
        for attribute in node.attributes().filter(|a| coordinates.contains(&a.name())) {
            let value: f64 = attribute.value().parse().unwrap();
            assert!(value.is_finite(), "{}: {}", attribute.name(), attribute.value());
        }
    }
}

fn charts(words: &str, values: &[f64]) -> Vec<Chart> {
    let (title, description) = (words.to_owned(), words.to_owned());
    let points: Vec<_> = values.iter().copied().zip(values.iter().rev().copied()).collect();
    let bar = |value: &f64| Bar { error: Some(*value), ..Bar::new(words, *value) };
    let (x_label, y_label) = (words.to_owned(), words.to_owned());
    vec![
        Chart::from(BarChart {
            title: title.clone(),
            description: description.clone(),
            value_label: words.to_owned(),
            bars: values.iter().map(bar).collect(),
        }),
        Chart::from(MatrixChart {
            title: title.clone(),
            description: description.clone(),
            row_title: words.to_owned(),
            column_title: words.to_owned(),
            labels: vec![words.to_owned(); values.len()],
            counts: vec![values.to_vec(); values.len() / 2],
            ..MatrixChart::default()
        }),
        Chart::from(LineChart {
            title: title.clone(),
            description: description.clone(),
            x: Axis::new(words),
            y: Axis::unit(words),
            series: vec![
                Series::new(words, points.clone()),
                Series::reference(words, points.clone()),
                Series::new(words, Vec::new()),
            ],
        }),
        Chart::from(ScatterChart {
            title: title.clone(),
            description: description.clone(),
            x_label: x_label.clone(),
            y_label: y_label.clone(),
            series: vec![ScatterSeries { name: words.to_owned(), points: points.clone() }; 2],
            diagonal: Some(Stroke::Reference),
        }),
        Chart::from(HistogramChart {
            title,
            description,
            x_label,
            y_label,
            edges: values.to_vec(),
            counts: values.to_vec(),
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn any_data_makes_a_well_formed_chart(
        words in ".{0,40}",
        values in prop::collection::vec(prop_oneof![any::<f64>(), -10.0..10.0_f64], 0..12),
    ) {
        for chart in charts(&words, &values) {
            let svg = chart.to_svg(&Theme::default());
            check_svg(&svg);
            prop_assert_eq!(chart.to_svg(&Theme::default()), svg);
        }
    }
}

#[test]
fn hostile_words_stay_words() {
    for chart in charts(HOSTILE, &[1.0, 2.0, 3.0]) {
        check_svg(&chart.to_svg(&Theme::default()));
        let json = serde_json::to_string(&chart).unwrap();
        assert_eq!(serde_json::from_str::<Chart>(&json).unwrap(), chart);
    }
}

#[test]
fn charts_show_their_values() {
    let chart = &charts("Importance", &[0.25, 0.5])[0];
    let svg = chart.to_svg(&Theme::fixed(ThemeMode::Dark));
    let document = roxmltree::Document::parse(&svg).unwrap();
    let texts: Vec<_> = document.descendants().filter_map(|node| node.text()).collect();
    assert!(texts.contains(&"0.25") && texts.contains(&"0.5"), "{texts:?}");
    assert!(svg.contains("#181c1e") && !svg.contains("prefers-color-scheme"));
}

#[test]
fn signed_matrices_show_both_signs_and_leave_out_what_is_not_defined() {
    let chart = MatrixChart {
        title: "Correlations".to_owned(),
        labels: vec!["x".to_owned(), "y".to_owned()],
        counts: vec![vec![1.0, -0.5], vec![-0.5, f64::NAN]],
        shade: Shade::Signed,
        ..MatrixChart::default()
    };
    let svg = chart.to_svg(&Theme::default());
    check_svg(&svg);
    let document = roxmltree::Document::parse(&svg).unwrap();
    let elements = || document.descendants().filter(|node| node.is_element());
    let texts: Vec<_> = elements().filter_map(|node| node.text()).collect();
    assert_eq!(texts.iter().filter(|text| **text == "-0.50").count(), 2, "{texts:?}");
    assert_eq!(texts.iter().filter(|text| **text == "1.00").count(), 1);
    assert_eq!(elements().filter(|node| node.attribute("fill-opacity").is_some()).count(), 3);
    assert!(svg.contains("gk-f1") && svg.contains("gk-f0"));
}

#[test]
fn thousands_of_points_are_thinned() {
    let points: Vec<_> = (0..50_000).map(|i| (f64::from(i), f64::from(i % 77))).collect();
    let chart = LineChart { series: vec![Series::new("s", points)], ..LineChart::default() };
    let svg = chart.to_svg(&Theme::default());
    check_svg(&svg);
    assert!(svg.len() < 100_000, "{}", svg.len());
}

fn report(words: &str) -> Report {
    let mut report = Report::new(words);
    report
        .set_subtitle(words)
        .key_figures(vec![KeyFigure::new(words, words).with_note(words)])
        .section(words)
        .paragraph(words)
        .warning(words)
        .section(words)
        .list([words])
        .table(Table {
            caption: words.to_owned(),
            columns: vec![TableColumn::words(words), TableColumn::numbers(words)],
            rows: vec![vec![words.to_owned()], vec![words.to_owned(); 3]],
        })
        .section(words);
    for chart in charts(words, &[3.0, 1.0, 2.0]) {
        report.chart(chart);
    }
    report
}

#[test]
fn reports_are_closed_in_themselves() {
    let html = report(HOSTILE).to_html(&Theme::default());
    assert_eq!(html, report(HOSTILE).to_html(&Theme::default()));
    let lower = html.to_lowercase();
    for foreign in ["<script", "http://", "https://", "src=", "url(", "@import", "<link", "<iframe"]
    {
        assert!(!lower.contains(foreign), "{foreign}");
    }
    assert!(html.contains("default-src 'none'"));
    assert!(html.contains("prefers-color-scheme:dark"));
    assert!(html.contains("width=device-width"));
    // The page is XML but for its doctype and the void elements of its head.
    let body = &html[html.find("<main>").unwrap()..html.find("</body>").unwrap()];
    let document = roxmltree::Document::parse(body).unwrap_or_else(|e| panic!("{e}"));
    let count = |tag: &str| document.descendants().filter(|n| n.has_tag_name(tag)).count();
    assert_eq!((count("h1"), count("h2"), count("section"), count("svg")), (1, 3, 3, 5));
    assert_eq!(count("td"), 4, "rows are filled up or cut to the columns");
    let mut ids: Vec<_> = document.descendants().filter_map(|n| n.attribute("id")).collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all, "every id occurs once");
}
