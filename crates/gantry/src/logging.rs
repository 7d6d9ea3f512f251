//! The log: lines for people on a terminal, JSON elsewhere, always on standard error.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

use crate::config::{LogConfig, LogFormat};
use crate::failure::Failure;

/// Starts logging; `usual_level` holds where the settings name none.
///
/// # Errors
/// A usage failure for a level that is none.
pub fn start(config: &LogConfig, usual_level: &str) -> Result<(), Failure> {
    let level = config.level.as_deref().unwrap_or(usual_level);
    let filter = EnvFilter::try_new(level).map_err(|error| {
        Failure::usage(format!("`log.level` is `{level}`, which is no filter: {error}"))
            .with_next("use error, warn, info, debug or trace")
    })?;
    let spans = if config.spans { FmtSpan::CLOSE } else { FmtSpan::NONE };
    let pretty = match config.format {
        LogFormat::Auto => io::stderr().is_terminal(),
        LogFormat::Pretty => true,
        LogFormat::Json => false,
    };
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_span_events(spans)
        .with_writer(io::stderr);
    let started = if pretty {
        builder.with_ansi(io::stderr().is_terminal()).compact().try_init()
    } else {
        builder.json().flatten_event(true).try_init()
    };
    started.map_err(|error| Failure::broken(format!("the log cannot be started: {error}")))
}
