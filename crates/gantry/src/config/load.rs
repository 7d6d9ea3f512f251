//! Reading settings from file, environment and flags.
//!
//! Invariant: every refusal names where the value stands (the file, a variable or a flag), its
//! key, and for an unknown key the nearest known one.

use std::path::{Path, PathBuf};

use figment::Figment;
use figment::error::{Error, Kind};
use figment::providers::{Env, Format as _, Serialized, Toml};

use super::Config;
use crate::failure::{Exit, Failure};
use gantry_types::find_nearest;

/// The file that is read where no other is named.
const USUAL_FILE: &str = "gantry.toml";
const PREFIX: &str = "GANTRY__";
const FLAGS: &str = "the command line";

/// A setting that a flag gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// The key, such as `server.listen`.
    pub key: &'static str,
    /// The value.
    pub value: serde_json::Value,
}

/// Reads the settings: the file that was named, or `gantry.toml` where there is one, then the
/// environment, then `overrides`.
///
/// # Errors
/// A usage failure for a file that is missing or cannot be read, for unknown keys and for values
/// of the wrong kind.
pub fn load(file: Option<&Path>, overrides: &[Override]) -> Result<Config, Failure> {
    if let Some(file) = file.filter(|file| !file.is_file()) {
        return Err(Failure::new(
            Exit::Usage,
            format!("there is no configuration file {}", file.display()),
        )
        .with_next("`gantry config schema` says what can stand in one"));
    }
    let path = file.map_or_else(|| PathBuf::from(USUAL_FILE), Path::to_owned);
    let mut figment = Figment::new();
    if path.exists() {
        figment = figment.merge(Toml::file_exact(path));
    }
    figment = figment.merge(Env::prefixed(PREFIX).split("__"));
    for setting in overrides {
        figment = figment.merge(Serialized::global(setting.key, &setting.value));
    }
    let config: Config = figment.extract().map_err(|error| describe(&figment, error))?;
    config.worker.require_work()?;
    Ok(config)
}

fn describe(figment: &Figment, error: Error) -> Failure {
    let path = error.path.clone();
    match &error.kind {
        Kind::UnknownField(field, known) => {
            let mut full = path;
            // Depending on the depth, the path may already end with the field itself.
            if full.last() != Some(field) {
                full.push(field.clone());
            }
            let key = full.join(".");
            let place = describe_place(figment, &key);
            let failure = Failure::usage(format!("{place}: there is no setting `{key}`"));
            let section = full.split_last().map_or(&[][..], |(_, section)| section);
            let dotted = |name: &str| {
                section.iter().map(String::as_str).chain([name]).collect::<Vec<_>>().join(".")
            };
            match find_nearest(field, known.iter().copied()) {
                Some(nearest) => failure.with_next(format!("did you mean `{}`?", dotted(nearest))),
                None => failure.with_next(format!("known here: {}", known.join(", "))),
            }
        }
        _ if path.is_empty() => {
            let place = error
                .metadata
                .as_ref()
                .map_or_else(|| USUAL_FILE.to_owned(), |metadata| describe_source(metadata, ""));
            Failure::usage(format!("{place} cannot be read: {}", error.kind))
        }
        Kind::UnknownVariant(word, known) => {
            // A word of a list stands under its number, which no source knows.
            let names = path.iter().filter(|name| name.parse::<usize>().is_err());
            let key = names.map(String::as_str).collect::<Vec<_>>().join(".");
            let place = describe_place(figment, &key);
            let failure = Failure::usage(format!("{place}: `{key}` cannot be `{word}`"));
            match find_nearest(word, known.iter().copied()) {
                Some(nearest) => failure.with_next(format!("did you mean `{nearest}`?")),
                None => failure.with_next(format!("known here: {}", known.join(", "))),
            }
        }
        _ => {
            let key = path.join(".");
            let place = describe_place(figment, &key);
            Failure::usage(format!("{place}: `{key}` has a wrong value: {}", error.kind))
                .with_next("`gantry config schema` says what each key takes")
        }
    }
}

fn describe_place(figment: &Figment, key: &str) -> String {
    figment
        .find_metadata(key)
        .map_or_else(|| FLAGS.to_owned(), |metadata| describe_source(metadata, key))
}

fn describe_source(metadata: &figment::Metadata, key: &str) -> String {
    if let Some(file) = metadata.source.as_ref().and_then(figment::Source::file_path) {
        return file.display().to_string();
    }
    if metadata.name.contains("environment") {
        return format!("{PREFIX}{}", key.to_uppercase().replace('.', "__"));
    }
    FLAGS.to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn load_text(text: &str, overrides: &[Override]) -> Result<Config, Failure> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("gantry.toml");
        std::fs::write(&file, text).unwrap();
        load(Some(&file), overrides)
    }

    #[test]
    fn an_empty_file_gives_the_defaults_and_flags_win_over_the_file() {
        assert_eq!(load_text("", &[]).unwrap(), Config::default());
        let flags = [Override { key: "server.listen", value: json!("127.0.0.1:3") }];
        let text = "[server]\nlisten = \"127.0.0.1:2\"\nrequest_timeout_s = 5\n[plan.meters]\nrows = { per_job = 3 }\n";
        let config = load_text(text, &flags).unwrap();
        assert_eq!(config.server.listen.port(), 3);
        assert_eq!(config.server.request_timeout_s, 5);
        assert_eq!(config.plan.meters["rows"].per_job, Some(3));
    }

    #[test]
    fn unknown_keys_are_refused_with_place_and_nearest_name() {
        let refusal = load_text("[server]\nlisen = \"127.0.0.1:2\"\n", &[]).unwrap_err();
        assert!(
            refusal.cause.contains("gantry.toml: there is no setting `server.lisen`"),
            "{refusal}"
        );
        assert_eq!(refusal.next.as_deref(), Some("did you mean `server.listen`?"));
        let refusal = load_text("[sever]\n", &[]).unwrap_err();
        assert_eq!(refusal.next.as_deref(), Some("did you mean `server`?"));
        let refusal = load_text("[plan.meters]\nrows = { per_jop = 3 }\n", &[]).unwrap_err();
        assert_eq!(refusal.next.as_deref(), Some("did you mean `plan.meters.rows.per_job`?"));
    }

    #[test]
    fn wrong_values_and_broken_files_name_their_place() {
        let refusal = load_text("[worker]\nslots = \"many\"\n", &[]).unwrap_err();
        assert!(
            refusal.cause.contains("gantry.toml: `worker.slots` has a wrong value"),
            "{refusal}"
        );
        let refusal = load_text("[worker\n", &[]).unwrap_err();
        assert!(refusal.cause.contains("gantry.toml cannot be read"), "{refusal}");
        let refusal = load(Some(Path::new("/nowhere/gantry.toml")), &[]).unwrap_err();
        assert_eq!(refusal.exit, Exit::Usage);
    }

    #[test]
    fn unknown_words_are_refused_with_the_nearest_one() {
        let refusal = load_text("[worker]\ndevices = [\"cpu\", \"gpuu\"]\n", &[]).unwrap_err();
        assert!(refusal.cause.contains("gantry.toml: `worker.devices` cannot"), "{refusal}");
        assert!(refusal.cause.contains("cannot be `gpuu`"), "{refusal}");
        assert_eq!(refusal.next.as_deref(), Some("did you mean `gpu`?"));
        let flags = [Override { key: "worker.classes", value: json!(["urgently"]) }];
        let refusal = load_text("", &flags).unwrap_err();
        assert_eq!(refusal.next.as_deref(), Some("known here: high, normal, overflow"));
        let refusal = load_text("[worker]\nclasses = []\n", &[]).unwrap_err();
        assert!(refusal.cause.contains("`worker.classes` is empty"), "{refusal}");
    }

    #[test]
    fn secrets_are_masked_wherever_they_are_shown() {
        let config = load_text("[store]\nurl = \"postgres://u:hunter2@h/d\"\n", &[]).unwrap();
        assert_eq!(config.store.url.as_ref().unwrap().expose(), "postgres://u:hunter2@h/d");
        let shown = format!("{config:?}{}", serde_json::to_string(&config).unwrap());
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
