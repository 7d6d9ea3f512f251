//! Rules: each holds where it should, breaks where it should, and names the rows.

use gantry_fidelity::{
    Condition, Pair, Rule, RuleReport, TableMetadata, check_predicate, check_rules,
};
use gantry_kit::{Column, Frame};

fn table(a: [f64; 4], b: [f64; 4], total: [f64; 4], words: [&str; 4]) -> Frame {
    let is_low: Vec<Option<bool>> = words.iter().map(|word| Some(*word == "low")).collect();
    let is_high: Vec<Option<bool>> = words.iter().map(|word| Some(*word == "high")).collect();
    Frame::new(vec![
        Column::number("a", a.to_vec()),
        Column::number("b", b.to_vec()),
        Column::number("total", total.to_vec()),
        Column::labels("word", words.map(|word| (word != "?").then_some(word))),
        Column::boolean("low", &is_low, ["no", "yes"]),
        Column::boolean("high", &is_high, ["no", "yes"]),
    ])
    .unwrap()
}

fn check(conditions: Vec<Condition>) -> Vec<RuleReport> {
    let real = table([1.0; 4], [2.0; 4], [3.0; 4], ["low", "high", "low", "high"]);
    let synthetic = table(
        [1.0, 5.0, f64::NAN, 0.1],
        [2.0, 2.0, 2.0, 0.2],
        [3.0, 7.0, 9.0, 0.4],
        ["low", "other", "?", "low"],
    );
    let metadata = TableMetadata::derive(&real);
    let rule = |(at, must): (usize, Condition)| Rule { name: format!("rule {at}"), must };
    let rules: Vec<Rule> = conditions.into_iter().enumerate().map(rule).collect();
    // A rule goes through its JSON as a user would write it.
    let text = serde_json::to_string(&rules).unwrap();
    let rules: Vec<Rule> = serde_json::from_str(&text).unwrap();
    check_rules(&Pair::new(&real, &synthetic, &metadata), &rules).unwrap()
}

#[test]
fn every_condition_breaks_on_its_rows() {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let text = |name: &str| name.to_owned();
    let found = check(vec![
        Condition::Range { column: text("a"), min: Some(0.5), max: Some(4.0) },
        Condition::Rising { columns: names(&["a", "b", "total"]), strictly: false },
        Condition::Sum { parts: names(&["a", "b"]), total: text("total"), tolerance: 0.0 },
        Condition::Sum { parts: names(&["a", "b"]), total: text("total"), tolerance: 0.2 },
        Condition::OneHot { columns: names(&["low", "high"]) },
        Condition::Known { columns: names(&["word", "b"]) },
        Condition::Unique { columns: names(&["word"]) },
        Condition::OneOf { column: text("word"), values: names(&["low", "high"]) },
        Condition::Present { column: text("word") },
    ]);
    let broken: Vec<&[usize]> =
        found.iter().map(|report| report.synthetic.first_rows.as_slice()).collect();
    let expected: [&[usize]; 9] = [&[1, 3], &[1], &[3], &[], &[1, 2], &[1, 3], &[0, 3], &[1], &[2]];
    assert_eq!(broken, expected);
    let held: Vec<f64> = found.iter().map(|report| report.real.held).collect();
    assert_eq!(held, [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 1.0, 1.0]);
    assert_eq!(found[0].synthetic.held, 0.5);
}

#[test]
fn rules_about_what_is_not_there_are_refused() {
    let real = table([1.0; 4], [2.0; 4], [3.0; 4], ["low"; 4]);
    let metadata = TableMetadata::derive(&real);
    let pair = Pair::new(&real, &real, &metadata);
    let rule = |must: Condition| [Rule { name: "r".to_owned(), must }];
    let missing = rule(Condition::Present { column: "q".to_owned() });
    let error = check_rules(&pair, &missing).unwrap_err().to_string();
    assert!(error.contains("\"q\"") && error.contains("a, b, total"), "{error}");
    let words = rule(Condition::Range { column: "word".to_owned(), min: None, max: None });
    let error = check_rules(&pair, &words).unwrap_err().to_string();
    assert!(error.contains("\"word\"") && error.contains("text"), "{error}");
}

#[test]
fn any_predicate_can_be_a_rule() {
    let real = table([1.0, 2.0, 3.0, 4.0], [2.0; 4], [3.0; 4], ["low"; 4]);
    let metadata = TableMetadata::derive(&real);
    let pair = Pair::new(&real, &real, &metadata);
    let odd = |frame: &Frame, row: usize| {
        frame.find_column("a").and_then(|a| a.find_numbers()).is_some_and(|a| a[row] % 2.0 == 1.0)
    };
    let report = check_predicate(&pair, "odd", odd);
    assert_eq!((report.name.as_str(), report.real.count), ("odd", 2));
    assert_eq!(report.synthetic.first_rows, [1, 3]);
}
