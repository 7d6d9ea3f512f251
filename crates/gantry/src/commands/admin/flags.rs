//! `gantry admin flags`: list and turn.

use serde_json::{Value, json};
use ureq::http::Method;

use crate::cli::FlagsCommand;
use crate::client::{Body, Client};
use crate::commands::query::encode;
use crate::commands::server_access::open_client;
use crate::console::Console;
use crate::failure::{Exit, Failure};
use crate::render::{Table, render_cell};

const PATH: &str = "/api/v1/admin/flags";
/// What a change of a flag says again, because the API replaces it whole.
const KEPT: [&str; 4] = ["description", "visible", "rules", "variants"];

/// Talks to a server about flags.
///
/// # Errors
/// [`Failure`] with the exit code of its cause.
pub fn run(command: &FlagsCommand, console: Console) -> Result<(), Failure> {
    match command {
        FlagsCommand::List(server) => {
            let flags = open_client(server)?.get(PATH)?;
            console.result(&flags, |flags| render_flags(&flags["items"]));
        }
        FlagsCommand::Set { server, key, switch, percentage } => {
            let client = open_client(server)?;
            let mut wanted = json!({ "enabled": switch == "on" });
            if let Some(percentage) = percentage {
                wanted["rules"] = json!([{ "percentage": percentage, "on": true }]);
            }
            let flag = turn(&client, key, wanted)?;
            console.result(&flag, |flag| render_flags(&json!([flag])));
        }
    }
    Ok(())
}

/// Changes a flag, or makes it where there is none.
fn turn(client: &Client, key: &str, mut wanted: Value) -> Result<Value, Failure> {
    let path = format!("{PATH}/{}", encode(key));
    let flag = match client.get(&path) {
        Ok(flag) => flag,
        Err(failure) if failure.exit == Exit::NotFound => {
            wanted["key"] = json!(key);
            return client.post(PATH, &wanted);
        }
        Err(failure) => return Err(failure),
    };
    for name in KEPT {
        if wanted[name].is_null() {
            wanted[name] = flag[name].clone();
        }
    }
    // Who changed it meanwhile is not overwritten.
    wanted["base_revision"] = flag["revision"].clone();
    client.send(Method::PUT, &path, &Body::Json(&wanted)).map(|answer| answer.body)
}

fn render_flags(flags: &Value) -> String {
    let mut table = Table::new(&["flag", "on", "for", "revision", "what it turns"]);
    for flag in flags.as_array().into_iter().flatten() {
        let cell = |name: &str| render_cell(flag.get(name));
        table.push([
            cell("key"),
            cell("enabled"),
            describe_rules(&flag["rules"]),
            cell("revision"),
            cell("description"),
        ]);
    }
    if table.is_empty() { "There are no flags.".to_owned() } else { table.render() }
}

/// Whom the rules of a flag mean, in short.
fn describe_rules(rules: &Value) -> String {
    let rules = rules.as_array().map(Vec::as_slice).unwrap_or_default();
    let is_empty = |name: &str, rule: &Value| rule[name].as_array().is_none_or(Vec::is_empty);
    match rules {
        [] => "everybody".to_owned(),
        [rule]
            if rule["on"] == true
                && rule["percentage"].is_number()
                && ["users", "organizations", "plans"].iter().all(|name| is_empty(name, rule)) =>
        {
            format!("{} %", render_cell(rule.get("percentage")))
        }
        several => format!("by rules: {}", several.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_say_for_whom_they_are() {
        let percent = json!([{ "users": [], "percentage": 12.5, "on": true }]);
        let flags = json!([
            { "key": "signups", "enabled": false, "rules": [], "revision": 2, "description": "" },
            { "key": "new", "enabled": true, "rules": percent, "revision": 1, "description": "New" },
            { "key": "own", "enabled": true, "rules": [{ "plans": ["pro"], "on": true }],
              "revision": 10, "description": "" },
        ]);
        assert_eq!(
            render_flags(&flags),
            "flag     on   for          revision  what it turns\n\
             signups  no   everybody           2\n\
             new      yes  12.5 %              1  New\n\
             own      yes  by rules: 1        10"
        );
    }
}
