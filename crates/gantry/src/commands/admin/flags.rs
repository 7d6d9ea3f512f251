//! `gantry admin flags`: list, turn, try and delete.

use serde_json::{Value, json};
use ureq::http::Method;

use crate::cli::FlagsCommand;
use crate::client::{Body, Client};
use crate::commands::query::encode;
use crate::commands::server_access::open_client;
use crate::console::Console;
use crate::failure::{Exit, Failure};
use crate::render::{Column, Table, render_cell, render_facts};

const PATH: &str = "/api/v1/admin/flags";
/// What a change of a flag says again, because the API replaces it whole.
const KEPT: [&str; 4] = ["description", "visible", "rules", "variants"];

const TRIAL: [Column<'_>; 4] =
    [("on", "/on"), ("variant", "/variant"), ("because", "/reason"), ("rule", "/rule")];

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
        FlagsCommand::Try { server, key, organization, user } => {
            let path = format!("{PATH}/{}/try", encode(key));
            let whom = json!({ "organization_id": organization, "user_id": user });
            let trial = open_client(server)?.post(&path, &whom)?;
            console.result(&trial, |trial| render_facts(trial, &TRIAL));
        }
        FlagsCommand::Delete { server, key } => {
            let path = format!("{PATH}/{}", encode(key));
            open_client(server)?.send(Method::DELETE, &path, &Body::Empty)?;
            console.result(&json!({ "deleted": key }), |_| format!("{key} is deleted"));
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
    if !wanted["rules"].is_null() && !has_one_share(&flag["rules"]) {
        let cause =
            format!("the flag {key} has rules of its own, which a percentage would replace");
        return Err(Failure::usage(cause).with_next("change its rules by PUT on the API"));
    }
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

/// Whether a rule gives the flag to a share of all organizations, and says no more.
fn is_share(rule: &Value) -> bool {
    let is_empty = |name: &str| rule[name].as_array().is_none_or(Vec::is_empty);
    rule["on"] == true
        && rule["percentage"].is_number()
        && ["users", "organizations", "plans"].into_iter().all(is_empty)
}

/// Whether the rules say no more than one percentage does.
fn has_one_share(rules: &Value) -> bool {
    match rules.as_array().map(Vec::as_slice).unwrap_or_default() {
        [] => true,
        [rule] => is_share(rule),
        _ => false,
    }
}

/// Whom the rules of a flag mean, in short.
fn describe_rules(rules: &Value) -> String {
    let rules = rules.as_array().map(Vec::as_slice).unwrap_or_default();
    match rules {
        [] => "everybody".to_owned(),
        [rule] if is_share(rule) => format!("{} %", render_cell(rule.get("percentage"))),
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
    #[test]
    fn a_percentage_replaces_nothing_but_another_one() {
        assert!(has_one_share(&json!([])));
        assert!(has_one_share(&json!([{ "percentage": 5, "on": true }])));
        assert!(!has_one_share(&json!([{ "plans": ["pro"], "on": true }])));
        assert!(!has_one_share(&json!([{ "percentage": 5, "on": true }, { "on": false }])));
    }
}
