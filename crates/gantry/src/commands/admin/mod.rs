//! `gantry admin`: what administrators do to a data folder without a server, and to a server.

mod audit;
mod figures;
mod flags;
mod fraud;
mod import_people;
mod limits;
mod local;
mod money;
mod payment_events;
mod people;
mod trials;

pub use local::create_administrator;

use gantry_access::Known;

use crate::cli::{AdminCommand, GlobalArgs};
use crate::console::Console;
use crate::failure::{Exit, Failure};

/// Administers.
///
/// # Errors
/// [`Failure`] with the exit code of its cause.
pub fn run(command: &AdminCommand, global: &GlobalArgs, console: Console) -> Result<Exit, Failure> {
    match command {
        AdminCommand::Create { data, email, name, password_stdin: _ } => {
            return local::create((data, global), (email, name.as_deref()), console);
        }
        AdminCommand::ImportPeople { data, file, edition, skip_known } => {
            let known = if *skip_known { Known::Skip } else { Known::Refuse };
            let named = (file.as_path(), edition.as_deref());
            return import_people::run((data, global), named, known, console);
        }
        AdminCommand::VerifyAudit { data: _, file: Some(file) } => {
            return local::verify_file(file, console);
        }
        AdminCommand::VerifyAudit { data, file: None } => {
            return local::verify_audit((data, global), console);
        }
        AdminCommand::Users(command) => people::run(command, console)?,
        AdminCommand::Plan(command) => money::set_plan(command, console)?,
        AdminCommand::Trial(command) => trials::run(command, console)?,
        AdminCommand::Credits(command) => money::give_credits(command, console)?,
        AdminCommand::Limits(command) => limits::run(command, console)?,
        AdminCommand::LiftNetworks { server, organization } => {
            limits::lift_networks(server, *organization, console)?;
        }
        AdminCommand::Payments(command) => money::settle_payments(command, console)?,
        AdminCommand::Fraud(command) => fraud::run(command, console)?,
        AdminCommand::Revenue { server, month } => {
            money::show_revenue(server, month.clone(), console)?;
        }
        AdminCommand::Flags(command) => flags::run(command, console)?,
        AdminCommand::QuotaEvents { server, from, to, organization } => {
            let parameters = [
                ("from", from.clone()),
                ("to", to.clone()),
                ("organization", organization.map(|id| id.to_string())),
            ];
            money::list_quota_events(server, &parameters, console)?;
        }
        AdminCommand::Figures(command) => figures::run(command, console)?,
        AdminCommand::Audit(command) => audit::run(command, console)?,
    }
    Ok(Exit::Success)
}
