//! Copulas and Iman–Conover: the wanted rank correlations come out, distributions stay, and
//! impossible matrices are refused with the nearest possible one.
#![expect(clippy::unwrap_used, reason = "tests stop at the first thing that is not as it must be")]

use gantry_sampling::correlation::{Matrix, nearest, reorder};
use gantry_sampling::{CHUNK, Copula, Correlation, Design, Distribution, Plan, Settings};

const DRAWS: usize = 100_000;

fn matrix(rows: &[&[f64]]) -> Matrix {
    Matrix::new(&rows.iter().map(|row| row.to_vec()).collect::<Vec<_>>()).unwrap()
}

fn inputs() -> Vec<Distribution> {
    ["lognormal(mu=0, sigma=1)", "uniform(0, 1)", "triangular(0, 1, 5)", "normal(0, 1)"]
        .map(|text| Distribution::parse(text).unwrap())
        .to_vec()
}

fn columns(settings: &Settings) -> Vec<Vec<f64>> {
    let plan = Plan::new(&inputs(), settings).unwrap();
    (0..4)
        .map(|input| {
            let mut column = vec![0.0; DRAWS];
            plan.fill(input, 0, &mut column).unwrap();
            column
        })
        .collect()
}

fn spearman(a: &[f64], b: &[f64]) -> f64 {
    let ranks = |values: &[f64]| {
        let mut order: Vec<usize> = (0..values.len()).collect();
        order.sort_by(|x, y| values[*x].total_cmp(&values[*y]));
        let mut ranks = vec![0.0; values.len()];
        for (rank, row) in order.into_iter().enumerate() {
            ranks[row] = rank as f64;
        }
        ranks
    };
    let n = a.len() as f64;
    let (a, b) = (ranks(a), ranks(b));
    let squares: f64 = a.iter().zip(&b).map(|(x, y)| (x - y) * (x - y)).sum();
    1.0 - 6.0 * squares / (n * (n * n - 1.0))
}

fn wanted() -> Matrix {
    matrix(&[&[1.0, 0.7, -0.4], &[0.7, 1.0, -0.2], &[-0.4, -0.2, 1.0]])
}

#[test]
fn a_gaussian_copula_has_the_rank_correlations_and_keeps_the_distributions() {
    for design in [Design::MonteCarlo, Design::LatinHypercube, Design::Sobol] {
        let group =
            Correlation { inputs: vec![3, 0, 2], matrix: wanted(), copula: Copula::Gaussian };
        let settings =
            Settings::new(5, DRAWS as u64).with_design(design).with_correlations(vec![group]);
        let columns = columns(&settings);
        let order = [3, 0, 2];
        for i in 0..3 {
            for j in 0..i {
                let found = spearman(&columns[order[i]], &columns[order[j]]);
                assert!((found - wanted().at(i, j)).abs() < 0.012, "{design:?}: {found}");
            }
        }
        assert!(spearman(&columns[1], &columns[3]).abs() < 0.012, "input 1 is in no group");
        for (distribution, column) in inputs().iter().zip(&columns) {
            let mut sorted = column.clone();
            sorted.sort_by(f64::total_cmp);
            let worst = sorted
                .iter()
                .enumerate()
                .map(|(i, x)| (distribution.cdf(*x) - (i as f64 + 0.5) / DRAWS as f64).abs());
            assert!(worst.fold(0.0, f64::max) < 2.23 / (DRAWS as f64).sqrt(), "{distribution}");
        }
    }
}

#[test]
fn a_t_copula_brings_extremes_together() {
    let together = |copula| {
        let rows = matrix(&[&[1.0, 0.5], &[0.5, 1.0]]);
        let group = Correlation { inputs: vec![1, 3], matrix: rows, copula };
        let columns = columns(&Settings::new(5, DRAWS as u64).with_correlations(vec![group]));
        let found = spearman(&columns[1], &columns[3]);
        assert!((found - 0.48).abs() < 0.03, "{copula:?}: {found}");
        let limit = Distribution::parse("normal(0, 1)").unwrap().quantile(0.99);
        columns[1].iter().zip(&columns[3]).filter(|(u, z)| **u > 0.99 && **z > limit).count()
    };
    let (gaussian, heavy) = (together(Copula::Gaussian), together(Copula::StudentT { df: 2.0 }));
    assert!(heavy * 2 > gaussian * 3, "{heavy} beside {gaussian}");
}

#[test]
fn chunks_of_all_inputs_and_single_inputs_are_the_same_draws() {
    let copula = Copula::StudentT { df: 4.0 };
    let group = Correlation { inputs: vec![3, 0, 2], matrix: wanted(), copula };
    let plan =
        Plan::new(&inputs(), &Settings::new(5, 2_000).with_correlations(vec![group])).unwrap();
    let mut chunk = vec![[0.0; CHUNK]; 4];
    plan.fill_chunk(3, &mut chunk).unwrap();
    for (input, expected) in chunk.iter().enumerate() {
        let mut column = [0.0; CHUNK];
        plan.fill(input, 3 * CHUNK as u64, &mut column).unwrap();
        assert_eq!(column.map(f64::to_bits), expected.map(f64::to_bits));
    }
}

#[test]
fn iman_conover_reorders_to_the_rank_correlations() {
    let mut columns = columns(&Settings::new(8, DRAWS as u64));
    columns.truncate(3);
    let before: Vec<f64> = columns.iter().map(|c| c.iter().sum()).collect();
    let first = columns[0].clone();
    reorder(&mut columns, &wanted(), 3).unwrap();
    for i in 0..3 {
        for j in 0..i {
            let found = spearman(&columns[i], &columns[j]);
            assert!((found - wanted().at(i, j)).abs() < 0.005, "{found}");
        }
        assert!((columns[i].iter().sum::<f64>() - before[i]).abs() < 1e-9 * DRAWS as f64);
    }
    assert_eq!(columns[0], first);
}

#[test]
fn impossible_matrices_are_refused_and_the_nearest_is_offered() {
    let impossible = matrix(&[&[1.0, 0.9, -0.9], &[0.9, 1.0, 0.9], &[-0.9, 0.9, 1.0]]);
    let text = impossible.check().unwrap_err().to_string();
    assert!(text.contains("cannot hold together") && text.contains("instead of"), "{text}");
    let offer = nearest(&impossible);
    offer.check().unwrap();
    for i in 0..3 {
        for j in 0..3 {
            assert!((offer.at(i, j) - impossible.at(i, j)).abs() < 0.5);
            assert!((offer.at(i, j) - offer.at(j, i)).abs() < 1e-12);
        }
    }
    assert_eq!(nearest(&wanted()), wanted());
    // The example of Higham's paper, whose answer is known to four digits.
    let example = matrix(&[&[1.0, 1.0, 0.0], &[1.0, 1.0, 1.0], &[0.0, 1.0, 1.0]]);
    let scores = nearest(&example).to_normal_scores();
    assert!((scores.at(0, 1) - 0.7607).abs() < 1e-4 && (scores.at(0, 2) - 0.1573).abs() < 1e-4);
}

#[test]
fn wrong_matrices_and_groups_are_refused_in_words() {
    let refuse = |rows: &[Vec<f64>]| Matrix::new(rows).unwrap_err().to_string();
    assert!(refuse(&[]).contains("between 1 and 500"));
    assert!(refuse(&[vec![1.0, 0.2]]).contains("2 values in row 1, but there are 1 rows"));
    assert!(refuse(&[vec![1.0, 2.0], vec![2.0, 1.0]]).contains("2 in row 1, column 2"));
    assert!(refuse(&[vec![1.0, 0.2], vec![0.3, 1.0]]).contains("but 0.3 mirrored"));
    assert!(refuse(&[vec![0.5]]).contains("the diagonal must be 1"));
    let two = matrix(&[&[1.0, 0.2], &[0.2, 1.0]]);
    let plan = |groups: &[&[usize]]| {
        let group = |inputs: &&[usize]| Correlation {
            inputs: inputs.to_vec(),
            matrix: two.clone(),
            copula: Copula::Gaussian,
        };
        let settings = Settings::new(1, 10).with_correlations(groups.iter().map(group).collect());
        Plan::new(&inputs(), &settings).unwrap_err().to_string()
    };
    assert!(plan(&[&[0, 9]]).contains("name input 9, but there are only 4"));
    assert!(plan(&[&[0, 0]]).contains("name input 0 twice"));
    assert!(plan(&[&[0, 1], &[1, 2]]).contains("in two groups"));
    assert!(plan(&[&[0, 1, 2]]).contains("3 inputs but have a matrix of 2"));
    let json =
        r#"{"inputs": [0, 1], "matrix": [[1, 0.2], [0.2, 1]], "copula": {"student_t": {"df": 5}}}"#;
    let read: Correlation = serde_json::from_str(json).unwrap();
    assert_eq!(read.copula, Copula::StudentT { df: 5.0 });
}
