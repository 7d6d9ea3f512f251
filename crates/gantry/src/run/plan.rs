//! What `gantry run <operation> …` was asked to do.
//!
//! Invariant: nothing is opened or written while the words are read, but the file that
//! `--params @file` names and the list of a folder of inputs.

use std::path::{Path, PathBuf};

use clap::builder::ValueParser;
use clap::{Arg, ArgAction, ArgMatches, Command};
use gantry_engine_api::OperationSpec;
use serde_json::{Map, Value};

use super::flags::{InputFlag, ParamFlag, derive_input_flags, derive_param_flags};
use super::folder::{FolderFlag, find_folder_flag};
use super::values::ValueKind;
use crate::failure::{Failure, file_failure};

/// Seeds are carried in JSON, and this is the largest integer that every reader keeps.
const LARGEST_SEED: u64 = (1 << 53) - 1;

/// A run that was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct RunPlan {
    /// The parameters.
    pub params: Value,
    /// The files by slot.
    pub inputs: Vec<(String, PathBuf)>,
    /// Where the artifacts go.
    pub out: PathBuf,
    /// The seed, if one was given.
    pub seed: Option<u64>,
    /// A name for the run.
    pub label: Option<String>,
    /// Whether `--json` stands behind the operation.
    pub json: bool,
    /// Whether `--quiet` stands behind the operation.
    pub quiet: bool,
    /// The configuration file, if one is named behind the operation.
    pub config: Option<PathBuf>,
}

/// How reading the words ended.
#[derive(Debug)]
pub enum Parsed {
    /// A run was asked for.
    Run(Box<RunPlan>),
    /// Help was asked for, or the words are wrong; clap prints either.
    Clap(Box<clap::Error>),
}

/// Reads the words behind an operation.
///
/// # Errors
/// A usage failure for values that a parameter does not take and for missing ones.
pub fn parse(spec: &OperationSpec, words: &[String]) -> Result<Parsed, Failure> {
    let inputs = derive_input_flags(spec);
    let params = derive_param_flags(spec);
    let folder = find_folder_flag(spec);
    let mut command = build_command(spec, &inputs, &params);
    if let Some(folder) = &folder {
        command = command.arg(build_folder(folder));
    }
    let matches = match command.try_get_matches_from(words) {
        Ok(matches) => matches,
        Err(error) => return Ok(Parsed::Clap(Box::new(error))),
    };
    let help = format!("`gantry run {} --help` lists its flags", spec.id);
    let with_help = |failure: Failure| match &failure.next {
        Some(_) => failure,
        None => failure.with_next(help.clone()),
    };
    let values = read_params(&matches, &params).map_err(with_help)?;
    let files = read_inputs(&matches, &inputs, folder.as_ref()).map_err(with_help)?;
    Ok(Parsed::Run(Box::new(RunPlan {
        params: Value::Object(values),
        inputs: files,
        out: matches.get_one::<PathBuf>("out").cloned().unwrap_or_else(|| PathBuf::from("./out")),
        seed: matches.get_one::<u64>("seed").copied(),
        label: matches.get_one::<String>("label").cloned(),
        json: matches.get_flag("json"),
        quiet: matches.get_flag("quiet"),
        config: matches.get_one::<PathBuf>("config").cloned(),
    })))
}

fn build_command(spec: &OperationSpec, inputs: &[InputFlag], params: &[ParamFlag]) -> Command {
    let mut command = Command::new(format!("gantry run {}", spec.id))
        .no_binary_name(true)
        .about(spec.summary.clone())
        .max_term_width(100)
        .next_help_heading("Inputs");
    for input in inputs {
        command = command.arg(
            Arg::new(format!("input:{}", input.slot))
                .long(input.flag.clone())
                .value_name("FILE")
                .value_parser(ValueParser::path_buf())
                .help(input.help.clone()),
        );
    }
    command = command.next_help_heading("Parameters");
    for param in params {
        command = command.arg(build_param(param));
    }
    command
        .next_help_heading("Run")
        .arg(
            Arg::new("params")
                .long("params")
                .value_name("JSON|@FILE")
                .help("All parameters as one JSON object; flags win over it"),
        )
        .arg(
            Arg::new("out")
                .long("out")
                .value_name("FOLDER")
                .value_parser(ValueParser::path_buf())
                .help("Where the artifacts go [default: ./out]"),
        )
        .arg(
            Arg::new("seed")
                .long("seed")
                .value_name("N")
                .value_parser(clap::value_parser!(u64).range(..=LARGEST_SEED))
                .help("The same seed gives the same result [default: 0]"),
        )
        .arg(Arg::new("label").long("label").value_name("TEXT").help("A name for the run"))
        .arg(flag("json").help("Print the report as one JSON object"))
        .arg(flag("quiet").short('q').help("Say nothing but the result and errors"))
        .arg(
            Arg::new("config")
                .long("config")
                .value_name("FILE")
                .value_parser(ValueParser::path_buf())
                .help("Read settings from this file instead of ./gantry.toml"),
        )
}

fn build_folder(folder: &FolderFlag) -> Arg {
    let given = folder.slots.iter().map(|slot| format!("input:{slot}"));
    Arg::new("folder")
        .long(folder.flag.clone())
        .value_name("FOLDER")
        .value_parser(ValueParser::path_buf())
        .conflicts_with_all(given)
        .help_heading("Inputs")
        .help("A folder of tables, in place of the single ones")
}

fn flag(name: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue)
}

fn build_param(param: &ParamFlag) -> Arg {
    let arg = Arg::new(format!("param:{}", param.name))
        .long(param.flag.clone())
        .value_name(param.kind.placeholder())
        .action(ArgAction::Append)
        .allow_negative_numbers(true)
        .help(param.help.clone());
    let underscored = param.flag.replace('-', "_");
    let arg = if underscored == param.flag { arg } else { arg.alias(underscored) };
    match param.kind {
        ValueKind::Boolean => {
            arg.num_args(0..=1).require_equals(true).default_missing_value("true")
        }
        ValueKind::Text
        | ValueKind::Word(_)
        | ValueKind::Integer
        | ValueKind::Number
        | ValueKind::List(_)
        | ValueKind::Json => arg,
    }
}

fn read_params(matches: &ArgMatches, flags: &[ParamFlag]) -> Result<Map<String, Value>, Failure> {
    let mut params = match matches.get_one::<String>("params") {
        Some(text) => read_object(text)?,
        None => Map::new(),
    };
    for flag in flags {
        let Some(texts) = matches.get_many::<String>(&format!("param:{}", flag.name)) else {
            continue;
        };
        let texts: Vec<String> = texts.cloned().collect();
        let value = flag
            .kind
            .parse(&texts)
            .map_err(|problem| Failure::usage(format!("--{}: {problem}", flag.flag)))?;
        params.insert(flag.name.clone(), value);
    }
    let missing = flags.iter().find(|flag| flag.required && !params.contains_key(&flag.name));
    if let Some(flag) = missing {
        let placeholder = flag.kind.placeholder();
        return Err(Failure::usage(format!("--{} is missing", flag.flag))
            .with_next(format!("add `--{} {placeholder}`", flag.flag)));
    }
    Ok(params)
}

fn read_object(text: &str) -> Result<Map<String, Value>, Failure> {
    let (place, text) = match text.strip_prefix('@') {
        Some(file) => {
            let path = Path::new(file);
            let read = std::fs::read_to_string(path);
            (file.to_owned(), read.map_err(|error| file_failure("read", path, &error))?)
        }
        None => ("--params".to_owned(), text.to_owned()),
    };
    serde_json::from_str(&text)
        .map_err(|error| Failure::usage(format!("{place}: this is not a JSON object: {error}")))
}

fn read_inputs(
    matches: &ArgMatches,
    flags: &[InputFlag],
    folder: Option<&FolderFlag>,
) -> Result<Vec<(String, PathBuf)>, Failure> {
    let of_folder = match (folder, matches.try_get_one::<PathBuf>("folder")) {
        (Some(folder), Ok(Some(path))) => folder.read(path)?,
        (Some(_) | None, _) => Vec::new(),
    };
    let mut inputs = Vec::new();
    for flag in flags {
        let in_folder = of_folder.iter().find(|(slot, _)| *slot == flag.slot);
        match matches.get_one::<PathBuf>(&format!("input:{}", flag.slot)) {
            Some(path) => inputs.push((flag.slot.clone(), path.clone())),
            None if in_folder.is_some() => inputs.extend(in_folder.cloned()),
            None if flag.required => {
                return Err(Failure::usage(format!("--{} is missing", flag.flag))
                    .with_next(format!("add `--{} FILE`", flag.flag)));
            }
            None => {}
        }
    }
    Ok(inputs)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::flags::tests::sample_spec;
    use super::*;

    fn read(line: &str) -> Result<Parsed, Failure> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        parse(&sample_spec(), &words)
    }

    fn plan(line: &str) -> RunPlan {
        match read(line) {
            Ok(Parsed::Run(plan)) => *plan,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn flags_become_parameters_and_inputs() {
        let plan = plan(
            "--data a.csv --target=y --folds 3 --ignore_columns a,b --ignore-columns c --shuffle \
             --param-seed -4 --seed 7 --out o --json",
        );
        assert_eq!(
            plan.params,
            json!({ "target": "y", "folds": 3, "ignore_columns": ["a", "b", "c"],
                    "shuffle": true, "seed": -4 })
        );
        assert_eq!(plan.inputs, [("data".to_owned(), PathBuf::from("a.csv"))]);
        assert_eq!((plan.seed, plan.json, plan.quiet), (Some(7), true, false));
        assert_eq!(plan.out, PathBuf::from("o"));
    }

    #[test]
    fn one_object_gives_all_parameters_and_flags_win() {
        let plan = plan("--data a.csv --params {\"target\":\"x\",\"folds\":9} --folds 3");
        assert_eq!(plan.params, json!({ "target": "x", "folds": 3 }));
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("p.json");
        std::fs::write(&file, "{\"target\": \"z\"}").unwrap();
        let plan = self::plan(&format!("--data a.csv --params @{}", file.display()));
        assert_eq!(plan.params, json!({ "target": "z" }));
    }

    #[test]
    fn what_is_missing_or_wrong_is_named_by_its_flag() {
        for (line, cause) in [
            ("--data a.csv", "--target is missing"),
            ("--target y", "--data is missing"),
            ("--data a.csv --target y --folds x", "--folds: `x` is not an integer"),
            ("--data a.csv --params [1]", "--params: this is not a JSON object"),
            ("--data a.csv --params @/nowhere.json", "/nowhere.json cannot be read"),
        ] {
            let failure = read(line).unwrap_err();
            assert!(failure.cause.starts_with(cause), "{line}: {failure}");
        }
    }

    #[test]
    fn unknown_flags_and_help_are_answered_by_clap() {
        for (line, words) in [
            ("--fold 3", "--folds"),
            ("--help", "Fits."),
            ("--seed 9007199254740992", "9007199254740991"),
        ] {
            match read(line) {
                Ok(Parsed::Clap(error)) => assert!(error.to_string().contains(words), "{error}"),
                other => panic!("{line}: {other:?}"),
            }
        }
    }
}
