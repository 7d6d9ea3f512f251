//! A job's events as a person at a terminal sees them.
//!
//! Invariant: works on the events of the store and of the API alike, which have the same names
//! and bodies.

use indicatif::ProgressBar;
use serde_json::Value;

use crate::console::{BarUnit, Console};
use crate::render::format_number;

const WHOLE: u64 = 1_000;

/// Shows one job's progress.
pub struct ProgressView {
    console: Console,
    bar: ProgressBar,
    stage: String,
    best: String,
}

impl ProgressView {
    /// A bar at nought.
    pub fn new(console: Console, name: &str) -> Self {
        let bar = console.bar(WHOLE, BarUnit::Fraction);
        bar.set_message(name.to_owned());
        Self { console, bar, stage: String::new(), best: String::new() }
    }

    /// Shows an event by its name and body; ones that it does not know are not for people.
    pub fn take(&mut self, kind: &str, body: &Value) {
        match kind {
            "stage" => self.take_stage(body),
            "progress" => {
                let fraction = body["fraction"].as_f64().unwrap_or(0.0).clamp(0.0, 1.0);
                self.bar.set_position((fraction * WHOLE as f64) as u64);
            }
            "log" => self.take_log(body),
            "partial" => self.take_partial(body),
            _ => {}
        }
    }

    fn take_stage(&mut self, body: &Value) {
        let name = body["name"].as_str().unwrap_or_default();
        let stage = format!("[{}/{}] {name}", body["current"], body["total"]);
        if stage == self.stage {
            return;
        }
        self.bar.set_message(stage.clone());
        if self.bar.is_hidden() {
            self.console.remark(&stage);
        }
        self.stage = stage;
    }

    fn take_log(&self, body: &Value) {
        let message = body["message"].as_str().unwrap_or_default();
        let line = match body["level"].as_str() {
            Some("debug") => return,
            // Where a bar is watched, it tells what goes on.
            Some("info") if !self.bar.is_hidden() => return,
            Some("warning") => format!("warning: {message}"),
            Some("error") => format!("error: {message}"),
            _ => message.to_owned(),
        };
        self.say(&line);
    }

    /// A leaderboard is told by its leader, whenever that changes.
    fn take_partial(&mut self, body: &Value) {
        let Some(leader) = body["value"]["rows"].get(0) else {
            return;
        };
        let name = leader["title"].as_str().or_else(|| leader["model"].as_str());
        let (Some(name), Some(score)) = (name, leader["score"].as_f64()) else {
            return;
        };
        let metric = body["value"]["metric"].as_str().unwrap_or("score");
        if name == self.best {
            return;
        }
        name.clone_into(&mut self.best);
        let score = serde_json::Number::from_f64(score).map(|score| format_number(&score));
        self.say(&format!("best so far: {name}, {metric} {}", score.unwrap_or_default()));
    }

    fn say(&self, line: &str) {
        self.bar.suspend(|| self.console.remark(line));
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
