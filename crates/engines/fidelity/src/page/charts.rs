//! Charts of the page.

use gantry_kit::Chart;
use gantry_kit::chart::{
    Axis, Bar, BarChart, LineChart, MatrixChart, ScatterChart, ScatterSeries, Series, Shade,
};

use super::percent;
use crate::{
    Associations, AttackKind, ColumnKind, Detection, Distribution, LabelShares, Membership,
    Projection, Ranges, ShownValues,
};

/// Columns that are named as telling.
const MOST_TELLTALES: usize = 15;
/// Microseconds of a year, about.
const YEAR: f64 = 365.2425 * 86_400.0 * 1e6;

/// Both distributions of a column, one over the other.
pub(super) fn distribution(distribution: &Distribution) -> Chart {
    let missing = format!(
        "Missing: {} of the real and {} of the synthetic cells.",
        percent(Some(distribution.real_missing)),
        percent(Some(distribution.synthetic_missing))
    );
    match &distribution.values {
        ShownValues::Ranges(ranges) => numbers(distribution, ranges, missing),
        ShownValues::Labels(labels) => label_bars(distribution, labels, missing),
    }
}

fn numbers(distribution: &Distribution, ranges: &Ranges, missing: String) -> Chart {
    let is_date = distribution.kind == ColumnKind::Datetime;
    let place = |edge: f64| if is_date { 1970.0 + edge / YEAR } else { edge };
    let outline = |shares: &[f64]| -> Vec<(f64, f64)> {
        let steps = ranges.edges.iter().zip(ranges.edges.iter().skip(1)).zip(shares);
        steps
            .flat_map(|((from, to), share)| [(place(*from), *share), (place(*to), *share)])
            .collect()
    };
    let label = if is_date { "Year".to_owned() } else { distribution.column.clone() };
    Chart::from(LineChart {
        title: distribution.column.clone(),
        description: format!("Share of the values by range. {missing}"),
        x: Axis::new(label),
        y: Axis { min: Some(0.0), ..Axis::new("Share") },
        series: vec![
            Series::new("Real", outline(&ranges.real)),
            Series::new("Synthetic", outline(&ranges.synthetic)),
        ],
    })
}

fn label_bars(distribution: &Distribution, labels: &LabelShares, missing: String) -> Chart {
    let mut bars = Vec::new();
    for ((label, real), synthetic) in labels.labels.iter().zip(&labels.real).zip(&labels.synthetic)
    {
        bars.push(Bar::new(format!("{label}, real"), *real));
        bars.push(Bar::new(format!("{label}, synthetic"), *synthetic));
    }
    if labels.others_count > 0 {
        bars.push(Bar::new(format!("{} others, real", labels.others_count), labels.others.0));
        bars.push(Bar::new("… synthetic", labels.others.1));
    }
    Chart::from(BarChart {
        title: distribution.column.clone(),
        description: format!("Share of the labels. {missing}"),
        value_label: "Share".to_owned(),
        bars,
    })
}

/// Associations in both tables and their difference.
pub(super) fn associations(associations: &Associations) -> Vec<Chart> {
    if associations.columns.len() < 2 {
        return Vec::new();
    }
    let chart = |title: &str, description: &str, matrix: &[Vec<Option<f64>>]| {
        let line = |line: &Vec<Option<f64>>| line.iter().map(|v| v.unwrap_or(f64::NAN)).collect();
        Chart::from(MatrixChart {
            title: title.to_owned(),
            description: description.to_owned(),
            row_title: String::new(),
            column_title: String::new(),
            labels: associations.columns.clone(),
            counts: matrix.iter().map(line).collect(),
            shade: Shade::Signed,
        })
    };
    let how = "Correlation of two numbers, Cramér's V of two columns of labels, correlation ratio \
               of a number and labels.";
    vec![
        chart("Associations, real", how, &associations.real),
        chart("Associations, synthetic", how, &associations.synthetic),
        chart("Associations, synthetic minus real", "0 is the same.", &associations.difference),
    ]
}

/// Both tables as clouds of points.
pub(super) fn projection(projection: &Projection) -> Chart {
    let axis = |name: &str, share: f64| format!("{name} component ({})", percent(Some(share)));
    Chart::from(ScatterChart {
        title: "Both tables in two dimensions".to_owned(),
        description: "Rows along the two directions in which the real rows vary most (principal \
                      components)."
            .to_owned(),
        x_label: axis("First", projection.shares.0),
        y_label: axis("Second", projection.shares.1),
        series: vec![
            ScatterSeries { name: "Real".to_owned(), points: projection.real.clone() },
            ScatterSeries { name: "Synthetic".to_owned(), points: projection.synthetic.clone() },
        ],
        diagonal: None,
    })
}

/// What gave the synthetic rows away.
pub(super) fn telltales(detection: &Detection) -> Chart {
    let shown = detection.telltales.iter().take(MOST_TELLTALES);
    Chart::from(BarChart {
        title: "What gives synthetic rows away".to_owned(),
        description: "Share of what all columns told the learner. Where the area under the curve \
                      is near 0.5, it found nothing, and the shares mean nothing."
            .to_owned(),
        value_label: "Share".to_owned(),
        bars: shown.map(|telltale| Bar::new(telltale.column.clone(), telltale.share)).collect(),
    })
}

/// The attacks' curves.
pub(super) fn roc(membership: &Membership) -> Chart {
    let series = membership.attacks.iter().map(|attack| {
        let name = format!("{} (area {:.3})", attack_name(attack.kind), attack.auc);
        Series::new(name, attack.roc.clone())
    });
    let chance = Series::reference("Chance", vec![(0.0, 0.0), (1.0, 1.0)]);
    Chart::from(LineChart {
        title: "Membership attacks".to_owned(),
        description: "Real records found against others accused. On the diagonal nobody can be \
                      found."
            .to_owned(),
        x: Axis::unit("Share of hold-out records accused"),
        y: Axis::unit("Share of real records found"),
        series: series.chain([chance]).collect(),
    })
}

/// An attack in words.
pub(super) fn attack_name(kind: AttackKind) -> &'static str {
    match kind {
        AttackKind::NearestDistance => "Nearest distance",
        AttackKind::DensityRatio => "Density ratio",
    }
}
