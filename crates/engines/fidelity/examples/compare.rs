//! Compares CSV files: `compare REAL SYNTHETIC [HOLDOUT] [--html FILE] [--json FILE]`.
//!
//! Prints the scores, one a line, with the time of each part; `--html` and `--json` write the whole
//! evaluation.

#![expect(clippy::print_stdout, reason = "it prints what it finds")]

use std::error::Error;
use std::fs::File;
use std::time::Instant;

use gantry_fidelity::{EvaluateOptions, Evaluation, Pair, TableMetadata, evaluate_watched, html};
use gantry_kit::{Frame, ReadOptions, read_frame};
use gantry_learn::Control;

fn main() -> Result<(), Box<dyn Error>> {
    let mut files = Vec::new();
    let (mut page, mut json) = (None, None);
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--html" => page = words.next(),
            "--json" => json = words.next(),
            _ => files.push(word),
        }
    }
    let [real, synthetic, rest @ ..] = files.as_slice() else {
        return Err("give the real and the synthetic table".into());
    };
    let real = read(real, None)?;
    let synthetic = read(synthetic, Some(&real))?;
    let holdout = rest.first().map(|file| read(file, Some(&real))).transpose()?;
    let metadata = TableMetadata::derive(&real);
    let mut pair = Pair::new(&real, &synthetic, &metadata);
    pair.holdout = holdout.as_ref();
    let found = measure(&pair)?;
    print(&found);
    if let Some(file) = page {
        std::fs::write(file, html(&found, "Synthetic table"))?;
    }
    if let Some(file) = json {
        std::fs::write(file, serde_json::to_string_pretty(&found)?)?;
    }
    Ok(())
}

/// A table, read as another one was.
fn read(file: &str, like: Option<&Frame>) -> Result<Frame, Box<dyn Error>> {
    let options = ReadOptions { schema: like.map(Frame::schema), ..ReadOptions::default() };
    Ok(read_frame(File::open(file)?, &options)?.0)
}

fn measure(pair: &Pair<'_>) -> Result<Evaluation, Box<dyn Error>> {
    let start = Instant::now();
    let mut part = None;
    let mut began = start;
    let found =
        evaluate_watched(pair, &EvaluateOptions::default(), &Control::unlimited(), &mut |next| {
            if let Some(part) = part.replace(next) {
                println!("{part:?}: {:.2} s", began.elapsed().as_secs_f64());
            }
            began = Instant::now();
        })?;
    println!("total: {:.2} s", start.elapsed().as_secs_f64());
    Ok(found)
}

fn print(found: &Evaluation) {
    let show = |name: &str, value: Option<f64>| match value {
        Some(value) => println!("{name:<28}{value:.4}"),
        None => println!("{name:<28}-"),
    };
    show("shape", found.quality.shape);
    show("trend", found.quality.trend);
    show("quality", found.quality.score);
    show("validity", found.diagnostic.score);
    if let Some(detection) = &found.detection {
        show("c2st", Some(detection.score));
        show("c2st auc", Some(detection.auc));
        let told = detection.telltales.iter().take(3);
        println!(
            "{:<28}{}",
            "told by",
            told.map(|t| t.column.as_str()).collect::<Vec<_>>().join(", ")
        );
    }
    if let Some(precision) = &found.precision {
        show("alpha precision", Some(precision.alpha_precision));
        show("beta recall", Some(precision.beta_recall));
        show("authenticity", Some(precision.authenticity));
    }
    for one in &found.usefulness {
        show(&format!("real -> {}", one.target), one.real);
        show(&format!("synthetic -> {}", one.target), one.synthetic);
    }
    if let Some(membership) = &found.privacy.membership {
        for attack in &membership.attacks {
            show(&format!("{:?} auc", attack.kind), Some(attack.auc));
            show(&format!("{:?} tpr", attack.kind), Some(attack.tpr_at_1_percent));
        }
        println!(
            "{:<28}{} (chance {:.0})",
            "vulnerable", membership.vulnerable_total, membership.vulnerable_by_chance
        );
    }
    let copies = &found.privacy.copies;
    show("real rows that reappear", Some(copies.real_share));
    show("holdout rows that reappear", copies.holdout_share);
    show("new rows", Some(found.privacy.new_row_share));
    if let Some(closeness) = &found.privacy.closeness {
        show("dcr baseline", closeness.baseline_protection);
        show("closer to real", closeness.closer_to_real);
    }
    if let Some(most) = found.privacy.disclosure.first() {
        show(&format!("disclosure of {}", most.column), Some(most.surplus));
    }
    for note in &found.notes {
        println!("note: {note}");
    }
}
