//! Who takes the money of an edition, from its file.
//!
//! Invariant: each is named once, and the sandbox, which takes no money, stands alone.

use std::collections::BTreeSet;

use super::reader::Reader;
use super::words::remedy_for;

/// The provider without money.
const SANDBOX: &str = "sandbox";

/// `[payments]`: whom buyers choose among, the primary one first.
pub(super) fn read_providers(root: &Reader<'_>, known: &BTreeSet<String>) -> Vec<String> {
    for key in ["provider", "providers"].into_iter().filter(|key| root.has(key)) {
        let problem = "is not the place to name who takes the money";
        root.refuse(key, problem, "write `providers = [\"…\"]` under `[payments]` instead");
    }
    let Some(table) = root.table("payments") else { return Vec::new() };
    let told = table.texts("providers");
    if told.as_ref().is_some_and(Vec::is_empty) {
        table.refuse("providers", "names nobody", "name who takes the money, or leave it out");
    }
    let providers = told.unwrap_or_default();
    let names: Vec<&str> = known.iter().map(String::as_str).collect();
    let mut seen = BTreeSet::new();
    for name in &providers {
        if !known.contains(name) {
            let problem = format!("names `{name}`, which is not here");
            table.refuse("providers", &problem, &remedy_for(name, &names));
        } else if !seen.insert(name) {
            table.refuse("providers", &format!("names `{name}` twice"), "name each one once");
        }
    }
    if seen.len() > 1 && providers.iter().any(|name| name == SANDBOX) {
        let problem = "names the sandbox beside those who take real money";
        table.refuse("providers", problem, "leave `sandbox` out, or name it alone");
    }
    table.finish();
    providers
}
