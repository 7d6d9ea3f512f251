//! `gantry config`: check, show, schema.

use serde_json::Value;

use crate::cli::{ConfigCommand, GlobalArgs};
use crate::config::{Config, load};
use crate::console::{Console, Format, pretty};
use crate::failure::{Exit, Failure};

/// Looks at the settings.
///
/// # Errors
/// A usage failure for settings that are refused.
pub fn run(command: ConfigCommand, global: &GlobalArgs, console: Console) -> Result<Exit, Failure> {
    match command {
        ConfigCommand::Check => {
            load(global.config.as_deref(), &[])?.plan.derive_draft()?;
            console.remark("The settings are right.");
        }
        ConfigCommand::Show => show(&load(global.config.as_deref(), &[])?, console)?,
        ConfigCommand::Schema => {
            console.say(&pretty(&schemars::schema_for!(Config).to_value()));
        }
    }
    Ok(Exit::Success)
}

fn show(config: &Config, console: Console) -> Result<(), Failure> {
    match console.format {
        Format::Json => {
            let value: Value = serde_json::to_value(config)
                .map_err(|error| Failure::broken(format!("the settings are not JSON: {error}")))?;
            console.say(&pretty(&value));
        }
        Format::Human => {
            let text = toml::to_string(config)
                .map_err(|error| Failure::broken(format!("the settings are not TOML: {error}")))?;
            console.say(text.trim_end());
        }
    }
    Ok(())
}
