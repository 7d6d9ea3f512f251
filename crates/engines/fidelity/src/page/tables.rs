//! Tables of the page.

use gantry_kit::report::{Table, TableColumn};

use super::charts::attack_name;
use super::{decimal, percent};
use crate::{
    Diagnostic, Disclosure, Evaluation, Judgement, Membership, Privacy, Quality, RuleReport,
    ShapeMetric, Usefulness, ValidityMetric,
};

/// Pairs that are listed.
const MOST_PAIRS: usize = 20;
/// Rows of tables that grow with the columns.
const MOST_LINES: usize = 200;

fn table(caption: &str, columns: Vec<TableColumn>, rows: Vec<Vec<String>>) -> Table {
    Table { caption: caption.to_owned(), columns, rows }
}

/// Shape and coverage of every column.
pub(super) fn columns(evaluation: &Evaluation) -> Table {
    let shapes = evaluation.quality.columns.iter().zip(&evaluation.coverage);
    let line = |(shape, coverage): (&crate::ColumnShape, &crate::ColumnCoverage)| {
        vec![
            shape.column.clone(),
            shape.kind.name().to_owned(),
            match shape.metric {
                ShapeMetric::KsComplement => "KS complement".to_owned(),
                ShapeMetric::TvComplement => "TV complement".to_owned(),
            },
            percent(shape.score),
            percent(coverage.coverage),
            percent(Some(coverage.missing_similarity)),
        ]
    };
    let headings = vec![
        TableColumn::words("Column"),
        TableColumn::words("Kind"),
        TableColumn::words("Measure"),
        TableColumn::numbers("Shape"),
        TableColumn::numbers("Covered"),
        TableColumn::numbers("Missing alike"),
    ];
    table("Columns", headings, shapes.take(MOST_LINES).map(line).collect())
}

/// The pairs with the lowest scores.
pub(super) fn worst_pairs(quality: &Quality) -> Table {
    let mut pairs: Vec<_> = quality.pairs.iter().filter(|pair| pair.score.is_some()).collect();
    let score = |pair: &crate::PairTrend| pair.score.unwrap_or(1.0);
    pairs.sort_by(|a, b| score(a).total_cmp(&score(b)));
    let line = |pair: &&crate::PairTrend| {
        vec![
            pair.first.clone(),
            pair.second.clone(),
            percent(pair.score),
            decimal(pair.real),
            decimal(pair.synthetic),
        ]
    };
    let headings = vec![
        TableColumn::words("Column"),
        TableColumn::words("Column"),
        TableColumn::numbers("Trend"),
        TableColumn::numbers("Correlation, real"),
        TableColumn::numbers("Correlation, synthetic"),
    ];
    let rows = pairs.iter().take(MOST_PAIRS).map(line).collect();
    table("Pairs that are least alike", headings, rows)
}

/// What synthetic rows are worth for each target.
pub(super) fn usefulness(found: &[Usefulness]) -> Table {
    let line = |one: &Usefulness| {
        vec![
            one.target.clone(),
            match one.judgement {
                Judgement::Auc => "area under the curve".to_owned(),
                Judgement::R2 => "R²".to_owned(),
            },
            decimal(one.synthetic),
            decimal(one.real),
            decimal(one.loss),
        ]
    };
    let headings = vec![
        TableColumn::words("Target"),
        TableColumn::words("Judged by"),
        TableColumn::numbers("From synthetic rows"),
        TableColumn::numbers("From real rows"),
        TableColumn::numbers("Loss"),
    ];
    table("Train on synthetic, test on real", headings, found.iter().map(line).collect())
}

/// How well the attacks do.
pub(super) fn attacks(membership: &Membership) -> Table {
    let line = |attack: &crate::Attack| {
        vec![
            attack_name(attack.kind).to_owned(),
            format!("{:.4}", attack.auc),
            percent(Some(attack.tpr_at_1_percent)),
        ]
    };
    let headings = vec![
        TableColumn::words("Attack"),
        TableColumn::numbers("Area under the curve"),
        TableColumn::numbers("Found at 1 % accused"),
    ];
    table("Membership attacks", headings, membership.attacks.iter().map(line).collect())
}

/// The records that stand out most.
pub(super) fn vulnerable(membership: &Membership) -> Table {
    let line = |record: &crate::VulnerableRecord| {
        vec![
            (record.row + 1).to_string(),
            (record.synthetic_row + 1).to_string(),
            format!("{:.4}", record.distance),
            format!("{:.4}", record.usual_distance),
        ]
    };
    let headings = vec![
        TableColumn::numbers("Real row"),
        TableColumn::numbers("Nearest synthetic row"),
        TableColumn::numbers("Distance"),
        TableColumn::numbers("To the nearest hold-out row"),
    ];
    let rows = membership.vulnerable.iter().map(line).collect();
    table("Vulnerable records (rows count from 1)", headings, rows)
}

/// Copies and the measures by distance.
pub(super) fn copies(privacy: &Privacy) -> Table {
    let copies = &privacy.copies;
    let mut rows = vec![
        vec![
            "Synthetic rows that equal a real row".to_owned(),
            percent(Some(copies.synthetic_share)),
        ],
        vec!["Real rows that reappear".to_owned(), percent(Some(copies.real_share))],
        vec![
            "Hold-out rows that reappear, which chance does".to_owned(),
            percent(copies.holdout_share),
        ],
        vec![
            "New rows, numbers within 1 % (NewRowSynthesis)".to_owned(),
            percent(Some(privacy.new_row_share)),
        ],
    ];
    if let Some(closeness) = &privacy.closeness {
        rows.extend([
            vec!["DCR baseline protection".to_owned(), percent(closeness.baseline_protection)],
            vec![
                "DCR overfitting protection".to_owned(),
                percent(closeness.overfitting_protection),
            ],
            vec![
                "Synthetic rows closer to real than to hold-out rows".to_owned(),
                percent(closeness.closer_to_real),
            ],
        ]);
    }
    let headings = vec![TableColumn::words("Measure"), TableColumn::numbers("Value")];
    table("Copies and distances (distances miss leaks that the attacks find)", headings, rows)
}

/// Values that can be guessed.
pub(super) fn disclosure(found: &[Disclosure]) -> Table {
    let line = |one: &Disclosure| {
        vec![
            one.column.clone(),
            percent(Some(one.members)),
            percent(Some(one.non_members)),
            percent(Some(one.surplus)),
        ]
    };
    let headings = vec![
        TableColumn::words("Column"),
        TableColumn::numbers("Guessed, real records"),
        TableColumn::numbers("Guessed, hold-out records"),
        TableColumn::numbers("Surplus"),
    ];
    let caption = "Values guessed by somebody who knows all other columns";
    table(caption, headings, found.iter().map(line).collect())
}

/// Validity of every column.
pub(super) fn validity(diagnostic: &Diagnostic) -> Table {
    let line = |column: &crate::ColumnValidity| {
        vec![
            column.column.clone(),
            match column.metric {
                ValidityMetric::BoundaryAdherence => "within the real range".to_owned(),
                ValidityMetric::CategoryAdherence => "labels that are real".to_owned(),
                ValidityMetric::KeyUniqueness => "keys that are unique".to_owned(),
            },
            percent(column.score),
        ]
    };
    let mut rows: Vec<_> = diagnostic.columns.iter().take(MOST_LINES).map(line).collect();
    let structure = percent(Some(diagnostic.structure));
    rows.push(vec!["All columns".to_owned(), "the same names".to_owned(), structure]);
    let headings = vec![
        TableColumn::words("Column"),
        TableColumn::words("Must have"),
        TableColumn::numbers("Share"),
    ];
    table("Validity", headings, rows)
}

/// How well the rules hold.
pub(super) fn rules(rules: &[RuleReport]) -> Table {
    let line = |rule: &RuleReport| {
        let first: Vec<String> =
            rule.synthetic.first_rows.iter().take(5).map(|row| (row + 1).to_string()).collect();
        vec![
            rule.name.clone(),
            percent(Some(rule.real.held)),
            percent(Some(rule.synthetic.held)),
            rule.synthetic.count.to_string(),
            first.join(", "),
        ]
    };
    let headings = vec![
        TableColumn::words("Rule"),
        TableColumn::numbers("Held, real"),
        TableColumn::numbers("Held, synthetic"),
        TableColumn::numbers("Broken"),
        TableColumn::words("First rows"),
    ];
    table("Rules (rows count from 1)", headings, rules.iter().map(line).collect())
}
