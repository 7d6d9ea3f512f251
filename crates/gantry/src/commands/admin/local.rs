//! What administrators do to a data folder without a server.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use gantry_access::{AuditFile, AuditFileProof, AuditProof, Client, Credentials, Registrant};
use serde_json::json;

use crate::cli::{DataArgs, GlobalArgs};
use crate::commands::login::read_secret;
use crate::commands::open_config;
use crate::config::Secret;
use crate::console::Console;
use crate::engines::EngineSet;
use crate::failure::{Exit, Failure, file_failure};
use crate::house::{House, Purpose, derive_access_failure};
use crate::{logging, runtime};

/// Creates the first administrator of a data folder.
///
/// # Errors
/// [`Failure`] with the exit code of its cause.
pub fn create(
    (data, global): (&DataArgs, &GlobalArgs),
    (email, name): (&str, Option<&str>),
    console: Console,
) -> Result<Exit, Failure> {
    let config = open_config(global, data)?;
    logging::start(&config.log, "warn")?;
    let password = read_secret(console, "Password: ")?;
    let runtime = runtime::build_runtime()?;
    runtime.block_on(async {
        let house = House::open(&config).await?;
        create_administrator(&house, email, name, &password).await
    })?;
    let folder = config.server.data_dir.display().to_string();
    console.result(&json!({ "email": email, "data_dir": folder }), |_| {
        format!("{email} is the administrator of {folder}")
    });
    Ok(Exit::Success)
}

/// Checks the audit log of a data folder.
///
/// # Errors
/// [`Failure`] where it was changed, and with the exit code of other causes.
pub fn verify_audit(
    (data, global): (&DataArgs, &GlobalArgs),
    console: Console,
) -> Result<Exit, Failure> {
    let config = open_config(global, data)?;
    logging::start(&config.log, "warn")?;
    let runtime = runtime::build_runtime()?;
    let proof = runtime.block_on(async {
        let house = House::open_for(Purpose::Work, &config, EngineSet::built_in()).await?;
        house.access.prove_audit().await.map_err(|error| derive_access_failure(&error))
    })?;
    match proof {
        AuditProof::Whole { seals, entries } => {
            console.result(&json!({ "whole": true, "seals": seals, "entries": entries }), |_| {
                format!("the audit log is whole: {entries} entries under {seals} seals")
            });
            Ok(Exit::Success)
        }
        AuditProof::Broken { seal, sealed_at } => Err(Failure::broken(format!(
            "the audit log was changed: seal {seal} of {sealed_at} does not fit its entries"
        ))
        .with_next("compare the database with a backup from before that time")),
    }
}

/// Checks an exported audit log, line by line.
///
/// # Errors
/// [`Failure`] where it was changed, and of the file.
pub fn verify_file(path: &Path, console: Console) -> Result<Exit, Failure> {
    let refuse = |error: &std::io::Error| file_failure("read", path, error);
    let opened = File::open(path).map_err(|error| refuse(&error))?;
    let mut file = AuditFile::new();
    for line in BufReader::new(opened).lines() {
        let line = line.map_err(|error| refuse(&error))?;
        file.read(&line).map_err(|error| {
            Failure::broken(error.to_string())
                .with_next("export it anew: `gantry admin audit export`")
        })?;
    }
    match file.finish() {
        AuditFileProof::Whole { behind, seals, entries, unsealed } => {
            let body = json!({
                "whole": true,
                "behind": behind,
                "seals": seals,
                "entries": entries,
                "unsealed": unsealed,
            });
            console.result(&body, |_| {
                let from = behind.map_or_else(
                    || "from its beginning".to_owned(),
                    |seal| format!("behind seal {seal}, which this file cannot prove"),
                );
                format!(
                    "the file is whole {from}: {entries} entries under {seals} seals, and \
                     {unsealed} that are not sealed"
                )
            });
            Ok(Exit::Success)
        }
        AuditFileProof::Broken { seal, sealed_at } => Err(Failure::broken(format!(
            "the file was changed: seal {seal} of {sealed_at} does not fit its entries"
        ))
        .with_next("compare it with the installation: `gantry admin verify-audit`")),
    }
}

/// Makes the first administrator of an installation.
///
/// # Errors
/// [`Failure`] when there is one already, or e-mail or password are refused.
pub async fn create_administrator(
    house: &House,
    email: &str,
    name: Option<&str>,
    password: &Secret,
) -> Result<(), Failure> {
    let refuse = |error| derive_access_failure(&error);
    let token = house.access.open_setup().await.map_err(refuse)?.ok_or_else(|| {
        Failure::broken("this data folder has its first administrator already")
            .with_next("sign in as them, or start with another --data-dir")
    })?;
    let before_at = email.split('@').next().unwrap_or(email);
    let registrant = Registrant {
        credentials: Credentials {
            email: email.to_owned(),
            password: password.expose().to_owned(),
        },
        name: name.unwrap_or(before_at).to_owned(),
        invitation: None,
        referral_code: None,
        plan: None,
    };
    house
        .access
        .set_up(registrant, token.expose(), &Client::default())
        .await
        .map(drop)
        .map_err(refuse)
}
