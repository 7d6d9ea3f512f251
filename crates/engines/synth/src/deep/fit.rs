//! From an encoded table to the tier: a mixture first, then the networks, epoch by epoch.

use gantry_deep::{
    CodedColumn, CodedTable, DeepError, DeepOptions, Prior, Round, Stage, Training, Watch as Asked,
};
use gantry_learn::Rng;

use super::judge::Judge;
use super::{Deep, Training as Trained};
use crate::encode::EncodedTable;
use crate::error::SynthError;
use crate::mixture::Mixture;
use crate::tier::{FitOptions, Generator, Watch};

/// Share of the rows that a free choice of epochs is judged on, and the most of them.
const WITHHELD_SHARE: f64 = 0.1;
const MOST_WITHHELD: usize = 3_000;
/// Share of the progress when the mixture is there, and when autoencoder and graph are.
const AFTER_MIXTURE: f64 = 0.1;
const AFTER_GRAPH: f64 = 0.25;

/// Learns a table.
pub(crate) fn fit(
    table: &EncodedTable,
    options: &FitOptions,
    watch: &Watch<'_>,
) -> Result<Deep, SynthError> {
    let (kept, withheld) = split(table, options);
    let learned = table.take(&kept);
    let progress = |share: f64| (watch.progress)(AFTER_MIXTURE * share);
    let part = Watch { progress: &progress, ..*watch };
    let mixture: Mixture = Generator::fit(&learned, options, &part)?;
    let coded = encode(&mixture, &learned, options.seed);
    let asked = DeepOptions { epochs: options.epochs, seed: options.seed };
    let judge = match withheld.is_empty() {
        true => None,
        false => {
            let real = [&learned, &table.take(&withheld)].map(|rows| mixture.bin(rows));
            Some(Judge::new(real, (options.seed, &options.hardware)))
        }
    };
    let mut training = begin(&mixture, &coded, asked, watch)?;
    let mut trained = Trained::default();
    let ended = Asked { cancelled: watch.cancelled };
    let advance = |training: &mut Training| {
        options.hardware.run(|device| training.advance(&coded, device, &ended))
    };
    while let Some(round) = advance(&mut training)? {
        say(round, watch)?;
        trained.epochs[round.stage as usize] = round.done;
        if let Some(judge) = judge.as_ref().filter(|_| training.is_due()) {
            let score = judge.score(&mixture, training.derive_denoiser(), watch)?;
            training.note(score);
            (watch.notes).say(format!(
                "Diffusion, epoch {}: a learner fails to tell made from withheld rows by {score:.3}.",
                round.done
            ));
            keep(&training, watch)?;
        } else if round.done == round.of {
            keep(&training, watch)?;
        }
    }
    // Stages that an earlier attempt has done are not told again.
    for stage in Stage::ALL {
        let done = &mut trained.epochs[stage as usize];
        *done = if *done == 0 { training.count_done(stage) } else { *done };
    }
    trained.score = training.best_score();
    Ok(Deep { mixture, denoiser: training.finish(), training: trained })
}

/// Goes on from what an earlier attempt kept, where there is something that fits.
fn begin(
    mixture: &Mixture,
    coded: &CodedTable,
    options: DeepOptions,
    watch: &Watch<'_>,
) -> Result<Training, SynthError> {
    let kept = watch.notes.find_kept();
    if let Some(training) = kept.and_then(|bytes| Training::read(&bytes, coded, options).ok()) {
        let (stage, done) = training.place();
        watch.notes.say(format!("Goes on after epoch {done} of the {}.", name(stage)));
        return Ok(training);
    }
    Ok(Training::begin(coded, derive_prior(mixture), options)?)
}

fn keep(training: &Training, watch: &Watch<'_>) -> Result<(), SynthError> {
    watch.notes.keep(&|| Ok(training.write()?))
}

const fn name(stage: Stage) -> &'static str {
    match stage {
        Stage::Autoencoder => "autoencoder",
        Stage::Graph => "graph network",
        Stage::Diffusion => "diffusion",
    }
}

/// Says which epoch was done.
fn say(round: Round, watch: &Watch<'_>) -> Result<(), SynthError> {
    let share = f64::from(round.done) / f64::from(round.of.max(1));
    let share = match round.stage {
        Stage::Autoencoder | Stage::Graph => {
            AFTER_MIXTURE
                + share * (AFTER_GRAPH - AFTER_MIXTURE) * 0.5
                + if round.stage == Stage::Graph {
                    (AFTER_GRAPH - AFTER_MIXTURE) * 0.5
                } else {
                    0.0
                }
        }
        Stage::Diffusion => AFTER_GRAPH + share * (1.0 - AFTER_GRAPH),
    };
    let text = format!("Learn: {}, epoch {} of {}", name(round.stage), round.done, round.of);
    watch.notes.stage(&text);
    watch.step(share)
}

/// Rows to learn from, and rows to be judged on; none of these where the epochs are given.
fn split(table: &EncodedTable, options: &FitOptions) -> (Vec<usize>, Vec<usize>) {
    let mut rows: Vec<usize> = (0..table.rows).collect();
    if options.epochs.diffusion.is_some() {
        return (rows, Vec::new());
    }
    Rng::stream(options.seed, 0x4465_6570_4865_6c64).shuffle(&mut rows);
    let count = (WITHHELD_SHARE * table.rows as f64) as usize;
    let mut kept = rows.split_off(count.min(MOST_WITHHELD));
    kept.sort_unstable();
    rows.sort_unstable();
    (kept, rows)
}

/// The bins of each row, and a group drawn from what its bins tell.
fn encode(mixture: &Mixture, table: &EncodedTable, seed: u64) -> CodedTable {
    let bins = mixture.bin(table);
    let columns = bins.into_iter().enumerate().map(|(place, codes)| CodedColumn {
        codes,
        states: mixture.count_bins(place),
        ordered: mixture.is_ordered(place),
    });
    let mut rng = Rng::stream(seed, 0x4465_6570_526f_7773);
    let groups = (0..table.rows).map(|row| mixture.draw_group(&table.row(row), &mut rng) as u32);
    CodedTable { columns: columns.collect(), groups: groups.collect(), kin: table.kin.clone() }
}

fn derive_prior(mixture: &Mixture) -> Prior {
    let groups = mixture.groups();
    let states: Vec<usize> = (0..mixture.width()).map(|place| mixture.count_bins(place)).collect();
    let mut logs = Vec::with_capacity(groups * states.iter().sum::<usize>());
    for group in 0..groups {
        for place in 0..states.len() {
            logs.extend(mixture.list_logs(place, group));
        }
    }
    Prior { states, logs, groups }
}

impl From<DeepError> for SynthError {
    fn from(error: DeepError) -> Self {
        match error {
            DeepError::Cancelled => Self::Cancelled,
            DeepError::Unfit { .. }
            | DeepError::State { .. }
            | DeepError::Device { .. }
            | DeepError::Numbers { .. } => {
                Self::inconsistent(format!("The deep tier failed: {error}."))
            }
        }
    }
}
