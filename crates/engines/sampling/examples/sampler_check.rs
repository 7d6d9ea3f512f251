//! `cargo run --release -p gantry-sampling --example sampler_check`: a million draws of every
//! family against its own distribution function and moments, and the speed of each sampler.
#![expect(clippy::print_stdout, reason = "an example prints its table")]

use std::hint::black_box;
use std::time::Instant;

use gantry_sampling::{CHUNK, Design, Distribution, Lanes, Plan, Settings, families};

const DRAWS: usize = 1_000_000;
/// Chunks of one timed run.
const BLOCK: u64 = 40;

fn main() -> anyhow::Result<()> {
    let lanes = Lanes::all();
    let names: Vec<&str> = lanes.iter().map(|l| l.name()).collect();
    println!(
        "KS and moments of {DRAWS} draws; millions of draws per second on {}",
        names.join(", ")
    );
    println!(
        "{:<42} {:>9} {:>8} {:>8} {:>8}  speed",
        "distribution", "KS·√n", "mean σ", "sd σ", "ready ms"
    );
    let mut failures = 0;
    for text in examples() {
        failures += usize::from(!check(&text, &lanes)?);
    }
    for design in [Design::LatinHypercube, Design::Sobol] {
        let settings = Settings::new(1, DRAWS as u64).with_design(design);
        println!(
            "{:<42} {:>37} {}",
            format!("uniform(0, 1) by {design:?}"),
            "",
            speeds("uniform(0, 1)", &settings, &lanes)?
        );
    }
    println!("failures: {failures}");
    Ok(())
}

/// The first example of every family, and some beyond.
fn examples() -> Vec<String> {
    let first = |usage: &str| {
        usage.split_once(')').map_or_else(String::new, |(head, _)| format!("{head})"))
    };
    let mut all: Vec<String> = families().iter().map(|family| first(family.usage)).collect();
    let more =
        ["normal(0, 1, lower=-1, upper=2)", "gamma(0.3, 1)", "student_t(3)", "poisson(2000)"];
    all.extend(more.map(str::to_owned));
    all
}

fn check(text: &str, lanes: &[Lanes]) -> anyhow::Result<bool> {
    let distribution = Distribution::parse(text)?;
    let settings = Settings::new(2_026, DRAWS as u64);
    let mut values = vec![0.0; DRAWS];
    Plan::new(std::slice::from_ref(&distribution), &settings)?.fill(0, 0, &mut values)?;
    let n = DRAWS as f64;
    let (mean, sd) = (distribution.mean(), distribution.sd());
    let squares: Vec<f64> = values.iter().map(|v| (v - mean) * (v - mean)).collect();
    let variance = squares.iter().sum::<f64>() / n;
    let fourth = squares.iter().map(|s| (s - sd * sd) * (s - sd * sd)).sum::<f64>() / n;
    let mean_error = (values.iter().sum::<f64>() / n - mean) / (sd / n.sqrt());
    let sd_error = (variance - sd * sd) / (fourth / n).sqrt();
    values.sort_by(f64::total_cmp);
    let distance = distance(&distribution, &values) * n.sqrt();
    // One value that nearly all draws have leaves no spread to judge the spread by.
    let sd_holds = sd_error.is_nan() || sd_error.abs() < 4.0;
    let moments_hold = !sd.is_finite() || (mean_error.abs() < 4.0 && sd_holds);
    // One true sample in 10,000 is farther than 2.23.
    let good = distance < 2.23 && moments_hold;
    let mark = if good { "" } else { "  FAILED" };
    let start = Instant::now();
    black_box(Plan::new(std::slice::from_ref(&distribution), &settings)?);
    let prepared = start.elapsed().as_secs_f64() * 1e3;
    let speed = speeds(text, &settings, lanes)?;
    println!(
        "{text:<42} {distance:>9.3} {mean_error:>8.2} {sd_error:>8.2} {prepared:>8.2}  {speed}{mark}"
    );
    Ok(good)
}

fn distance(distribution: &Distribution, sorted: &[f64]) -> f64 {
    let n = sorted.len() as f64;
    let (mut worst, mut start) = (0.0_f64, 0);
    while start < sorted.len() {
        let length = sorted[start..].partition_point(|v| *v == sorted[start]);
        let p = distribution.cdf(sorted[start]);
        worst = worst.max((p - (start + length) as f64 / n).abs());
        if !distribution.is_discrete() {
            worst = worst.max((p - start as f64 / n).abs());
        }
        start += length;
    }
    worst
}

fn speeds(text: &str, settings: &Settings, lanes: &[Lanes]) -> anyhow::Result<String> {
    let mut all = Vec::new();
    for lanes in lanes {
        let settings = settings.clone().with_lanes(*lanes);
        let plan = Plan::new(&[Distribution::parse(text)?], &settings)?;
        let mut best = f64::INFINITY;
        let mut column = [[0.0; CHUNK]];
        // The best of many short runs: what one undisturbed core does.
        for _ in 0..200 {
            let start = Instant::now();
            for chunk in 0..BLOCK {
                plan.fill_chunk(chunk, &mut column)?;
                black_box(&column);
            }
            best = best.min(start.elapsed().as_secs_f64());
        }
        all.push(format!("{:>7.1}", BLOCK as f64 * CHUNK as f64 / best / 1e6));
    }
    Ok(all.join(" "))
}
