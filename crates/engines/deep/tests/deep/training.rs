//! Training and drawing on a tiny table: the second column follows the first, and so does the third,
//! while the prior knows of no group at all.

use gantry_deep::{
    CodedColumn, CodedTable, DeepError, DeepOptions, Denoiser, Device, Epochs, Prior, Stage,
    Training, Watch, Wish,
};

const ROWS: usize = 400;
const STATES: [usize; 3] = [2, 3, 8];

fn table() -> CodedTable {
    let first: Vec<u8> = (0..ROWS).map(|row| u8::from(row * 7 % 10 < 5)).collect();
    let second = first.iter().map(|code| 1 + code).collect();
    let third = first.iter().enumerate().map(|(row, code)| code * 4 + (row % 4) as u8).collect();
    let columns = [first, second, third].into_iter().zip(STATES);
    let columns = columns.enumerate().map(|(place, (codes, states))| CodedColumn {
        codes,
        states,
        ordered: place == 2,
    });
    let groups = (0..ROWS).map(|row| (row % 2) as u32).collect();
    CodedTable { columns: columns.collect(), groups, kin: Vec::new() }
}

/// Two groups of which neither tells anything.
fn prior() -> Prior {
    let line: Vec<f32> = STATES
        .iter()
        .flat_map(|states| std::iter::repeat_n(-(*states as f32).ln(), *states))
        .collect();
    Prior { states: STATES.to_vec(), logs: [line.clone(), line].concat(), groups: 2 }
}

fn options(diffusion: u32) -> DeepOptions {
    let epochs = Epochs { autoencoder: Some(4), graph: Some(4), diffusion: Some(diffusion) };
    DeepOptions { epochs, seed: 11 }
}

const WATCH: Watch<'static> = Watch { cancelled: &|| false };

fn train(options: DeepOptions) -> Training {
    let table = table();
    let mut training = Training::begin(&table, prior(), options).unwrap();
    while training.advance(&table, Device::Cpu, &WATCH).unwrap().is_some() {}
    training
}

/// The likeliest code of each column, row by row.
fn draw(denoiser: &Denoiser, rows: std::ops::Range<u64>, known: &[(usize, u8)]) -> Vec<[usize; 3]> {
    let wish = |row: u64| Wish { group: (row % 2) as u32, known: known.to_vec() };
    let shares = denoiser.sample(rows, (5, Device::Cpu), &wish).unwrap();
    let pick = |line: &[f32]| {
        let mut start = 0;
        STATES.map(|states| {
            let part = &line[start..start + states];
            start += states;
            let best = (0..states).max_by(|a, b| part[*a].total_cmp(&part[*b]));
            best.unwrap()
        })
    };
    shares.chunks_exact(STATES.iter().sum()).map(pick).collect()
}

fn follow(rows: &[[usize; 3]]) -> f64 {
    let right = rows.iter().filter(|row| row[1] == 1 + row[0] && row[2] / 4 == row[0]).count();
    right as f64 / rows.len() as f64
}

#[test]
fn what_the_prior_does_not_know_is_learned() {
    let untrained = train(options(1)).finish();
    let trained = train(options(60)).finish();
    let (before, after) = (draw(&untrained, 0..500, &[]), draw(&trained, 0..500, &[]));
    assert!(follow(&before) < 0.5, "{}", follow(&before));
    assert!(follow(&after) > 0.9, "{}", follow(&after));
    // Both codes of the first column, and all of the third.
    let ones = after.iter().filter(|row| row[0] == 1).count();
    assert!((150..350).contains(&ones), "{ones}");
    assert!((0..8).all(|code| after.iter().any(|row| row[2] == code)));
}

#[test]
fn known_cells_stay_and_the_others_follow() {
    let trained = train(options(60)).finish();
    let rows = draw(&trained, 0..200, &[(0, 1)]);
    assert!(rows.iter().all(|row| row[0] == 1));
    assert!(follow(&rows) > 0.9, "{}", follow(&rows));
    let rows = draw(&trained, 0..200, &[(2, 7)]);
    assert!(rows.iter().all(|row| row[2] == 7));
    assert!(follow(&rows) > 0.8, "{}", follow(&rows));
}

#[test]
fn a_row_depends_on_its_number_alone_and_a_training_on_its_seed() {
    let trained = train(options(3));
    assert_eq!(trained, train(options(3)));
    assert_ne!(trained, train(DeepOptions { seed: 12, ..options(3) }));
    let denoiser = trained.finish();
    let wish = |row: u64| Wish { group: (row % 2) as u32, known: Vec::new() };
    let all = denoiser.sample(0..300, (5, Device::Cpu), &wish).unwrap();
    let some = denoiser.sample(200..210, (5, Device::Cpu), &wish).unwrap();
    assert_eq!(all[200 * 13..210 * 13], some);
}

#[test]
fn a_list_of_wishes_is_drawn_as_rows_of_their_numbers() {
    let denoiser = train(options(3)).finish();
    let wish = |row: u64| Wish { group: (row % 2) as u32, known: vec![(0, (row % 2) as u8)] };
    let listed: Vec<Wish> = (0..256).map(wish).collect();
    let about = (5, Device::Cpu);
    let rows = denoiser.sample(0..256, about, &wish).unwrap();
    assert_eq!(denoiser.draw(&listed, about).unwrap(), rows);
    assert_eq!(denoiser.draw(&listed[..3], about).unwrap().len(), 3 * 13);
    assert!(denoiser.draw(&[], about).unwrap().is_empty());
}

#[test]
fn rows_of_one_key_are_joined_and_a_key_for_each_row_is_asked_for() {
    let families = |size: u32| (0..ROWS as u32).map(|row| Some(row / size)).collect();
    let train_with = |kin: Vec<Vec<Option<u32>>>| {
        let (table, options) = (CodedTable { kin, ..table() }, options(1));
        let mut training = Training::begin(&table, prior(), options)?;
        while training.advance(&table, Device::Cpu, &WATCH)?.is_some() {}
        Ok::<_, DeepError>(training.finish())
    };
    let of_four = train_with(vec![families(4)]).unwrap();
    assert_eq!(of_four, train_with(vec![families(4)]).unwrap());
    assert_ne!(of_four, train_with(vec![families(8)]).unwrap());
    assert_ne!(of_four, train_with(Vec::new()).unwrap());
    // Rows that name nothing, and keys of one row alone, are joined with the nearest only.
    let alone = train_with(vec![vec![None; ROWS], families(1)]).unwrap();
    assert_ne!(alone, of_four);
    let cut = train_with(vec![vec![None; ROWS - 1]]);
    assert!(matches!(cut, Err(DeepError::Unfit { .. })));
}

#[test]
fn a_training_goes_on_as_if_it_had_never_stopped() {
    let (table, options) = (table(), options(6));
    let whole = train(options);
    for stop_after in [2, 5, 8] {
        let mut training = Training::begin(&table, prior(), options).unwrap();
        for _ in 0..stop_after {
            training.advance(&table, Device::Cpu, &WATCH).unwrap();
        }
        let bytes = training.write().unwrap();
        let mut again = Training::read(&bytes, &table, options).unwrap();
        assert_eq!(again.place(), training.place());
        while again.advance(&table, Device::Cpu, &WATCH).unwrap().is_some() {}
        assert_eq!(again, whole);
    }
    let other = DeepOptions { seed: 12, ..options };
    let bytes = whole.write().unwrap();
    assert!(matches!(Training::read(&bytes, &table, other), Err(DeepError::State { .. })));
    let cut = &bytes[..bytes.len() / 2];
    assert!(matches!(Training::read(cut, &table, options), Err(DeepError::State { .. })));
}

#[test]
fn a_free_choice_ends_when_nothing_gets_better() {
    let table = table();
    let epochs = Epochs { autoencoder: Some(1), graph: Some(0), diffusion: None };
    let mut training = Training::begin(&table, prior(), DeepOptions { epochs, seed: 1 }).unwrap();
    let mut judged = 0;
    while let Some(round) = training.advance(&table, Device::Cpu, &WATCH).unwrap() {
        if training.is_due() {
            judged += 1;
            assert_eq!(round.stage, Stage::Diffusion);
            training.note(if judged == 2 { 0.9 } else { 0.5 });
        }
    }
    assert_eq!(judged, 5);
    assert_eq!(training.best_score(), Some(0.9));
}

#[test]
fn a_cancelled_training_and_unfit_codes_end_with_an_error() {
    let table = table();
    let mut training = Training::begin(&table, prior(), options(2)).unwrap();
    let ended = training.advance(&table, Device::Cpu, &Watch { cancelled: &|| true });
    assert!(matches!(ended, Err(DeepError::Cancelled)));
    let mut wrong = table.clone();
    wrong.columns[0].codes[3] = 2;
    let refused = Training::begin(&wrong, prior(), options(2));
    assert!(matches!(refused, Err(DeepError::Unfit { .. })));
    let fewer = CodedTable { columns: vec![table.columns[0].clone()], ..table.clone() };
    assert!(matches!(training.advance(&fewer, Device::Cpu, &WATCH), Err(DeepError::Unfit { .. })));
}

/// Where a CUDA device is found the epochs are done there; else nothing has changed.
#[test]
fn a_device_that_cannot_be_used_leaves_the_training_as_it_was() {
    let (table, options) = (table(), options(60));
    let mut training = Training::begin(&table, prior(), options).unwrap();
    loop {
        let before = training.clone();
        match training.advance(&table, Device::Cuda, &WATCH) {
            Ok(Some(_)) => {}
            Ok(None) => break,
            Err(DeepError::Device { reason }) => {
                assert!(!reason.is_empty());
                assert_eq!(training, before);
                training.advance(&table, Device::Cpu, &WATCH).unwrap();
            }
            Err(error) => panic!("{error}"),
        }
    }
    let denoiser = training.finish();
    assert!(follow(&draw(&denoiser, 0..200, &[])) > 0.9);
    let wish = |row: u64| Wish { group: (row % 2) as u32, known: Vec::new() };
    match denoiser.sample(0..200, (5, Device::Cuda), &wish) {
        Ok(shares) => assert_eq!(shares.len(), 200 * 13),
        Err(error) => assert!(matches!(error, DeepError::Device { .. }), "{error}"),
    }
}
