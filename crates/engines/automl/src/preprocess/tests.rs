//! Held-out rows leave no trace, and matrices have the promised shape.

use super::*;

fn columns(shift: f64) -> Vec<Column> {
    let held_out = |i: usize| i >= 30;
    let number = |i: usize| if held_out(i) { shift * i as f64 } else { (i % 5) as f64 };
    let label = |i: usize| {
        Some(match (held_out(i) && shift != 0.0, i.is_multiple_of(2)) {
            (true, _) => "only held out",
            (false, true) => "even",
            (false, false) => "odd",
        })
    };
    let day = 86_400_000_000_i64;
    let dates: Vec<Option<i64>> = (0..40)
        .map(|i| Some(day * if held_out(i) { i as i64 * shift as i64 } else { i as i64 }))
        .collect();
    vec![
        Column::number("n", (0..40).map(number).collect()),
        Column::labels("c", (0..40).map(label)),
        Column::date("d", &dates, gantry_kit::DateFormat::default()),
    ]
}

#[test]
fn held_out_rows_leave_no_trace_in_what_is_fitted() {
    let train: Vec<usize> = (0..30).collect();
    for encoding in [Encoding::OneHot, Encoding::Codes] {
        let [quiet, loud] = [0.0, 1e6].map(|shift| {
            let columns = columns(shift);
            let inputs: Vec<&Column> = columns.iter().collect();
            let fitted = Preprocessor::fit(&inputs, &train, encoding).unwrap();
            let matrix = fitted.transform(&inputs, &train).unwrap();
            (fitted, matrix)
        });
        assert_eq!(quiet, loud);
    }
}

#[test]
fn spans_cover_the_matrix_and_bytes_come_back() {
    let columns = columns(2.0);
    let inputs: Vec<&Column> = columns.iter().collect();
    let rows: Vec<usize> = (0..40).collect();
    for encoding in [Encoding::OneHot, Encoding::Codes] {
        let fitted = Preprocessor::fit(&inputs, &rows, encoding).unwrap();
        let matrix = fitted.transform(&inputs, &rows).unwrap();
        assert_eq!(matrix.width(), fitted.width());
        assert_eq!(fitted.find_span(0).start, 0);
        assert_eq!(fitted.find_span(1).start, fitted.find_span(0).end);
        assert_eq!(fitted.find_span(2).end, fitted.width());
        let text = serde_json::to_string(&fitted).unwrap();
        assert_eq!(serde_json::from_str::<Preprocessor>(&text).unwrap(), fitted);
    }
}
