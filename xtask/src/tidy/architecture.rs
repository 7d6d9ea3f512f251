//! ARCHITECTURE.md tells the truth: every function that it names on the path of a job exists.
//!
//! A name `crate::module::function` in backticks resolves if that crate has a function of that
//! name in a module (or type) that the given path leads into; re-exports further up are fine.

use std::collections::BTreeMap;

use syn::visit::{self, Visit};

use crate::files::SourceFile;
use crate::finding::Finding;
use crate::workspace::Member;

const RULE: &str = "architecture";
const PAGE: &str = "ARCHITECTURE.md";
const SECTION: &str = "The path of a job";
/// A page that names fewer functions does not lead a reader through a job.
const FEWEST_NAMES: usize = 7;

/// A function, with the modules and the type that it stands in.
#[derive(Debug, PartialEq, Eq)]
struct Function {
    path: Vec<String>,
    name: String,
}

/// Resolves the page's names in the members' sources.
pub fn check(sources: &[SourceFile], members: &[Member]) -> Vec<Finding> {
    let Some(page) = sources.iter().find(|source| source.path == PAGE) else {
        let advice = format!("missing: write it, with a section '{SECTION}'");
        return vec![Finding::failure(PAGE, 1, RULE, advice)];
    };
    let names = find_names(&page.text);
    let mut findings = Vec::new();
    if names.len() < FEWEST_NAMES {
        let advice = format!(
            "section '{SECTION}' names {} functions as `crate::module::function`, fewer than \
             {FEWEST_NAMES}",
            names.len()
        );
        findings.push(Finding::failure(PAGE, 1, RULE, advice));
    }
    let mut known: BTreeMap<&str, Vec<Function>> = BTreeMap::new();
    for (line, name) in names {
        let segments: Vec<&str> = name.split("::").collect();
        let Some(member) = find_member(segments[0], members) else {
            let advice = format!("`{name}`: no crate `{}` or `gantry-{0}`", segments[0]);
            findings.push(Finding::failure(PAGE, line, RULE, advice));
            continue;
        };
        let functions =
            known.entry(&member.name).or_insert_with(|| read_functions(sources, member));
        if !functions.iter().any(|function| resolves(&segments[1..], function)) {
            let advice =
                format!("`{name}` is no function of `{}`: name the one that is there", member.name);
            findings.push(Finding::failure(PAGE, line, RULE, advice));
        }
    }
    findings
}

fn find_member<'a>(word: &str, members: &'a [Member]) -> Option<&'a Member> {
    let dashed = word.replace('_', "-");
    let full = format!("gantry-{dashed}");
    members.iter().find(|member| member.name == full || member.name == dashed)
}

/// Names of the form `crate::…::function` in backticks inside the section, with their lines.
fn find_names(page: &str) -> Vec<(usize, &str)> {
    let mut names = Vec::new();
    let mut depth_inside = None;
    for (index, line) in page.lines().enumerate() {
        if let Some(depth) = heading_depth(line) {
            if line.trim_start_matches('#').trim() == SECTION {
                depth_inside = Some(depth);
            } else if depth_inside.is_some_and(|inside| depth <= inside) {
                depth_inside = None;
            }
        }
        if depth_inside.is_some() {
            let quoted = line.split('`').skip(1).step_by(2);
            names.extend(quoted.filter(|name| is_path(name)).map(|name| (index + 1, name)));
        }
    }
    names
}

fn heading_depth(line: &str) -> Option<usize> {
    let depth = line.chars().take_while(|c| *c == '#').count();
    (depth > 0 && line[depth..].starts_with(' ')).then_some(depth)
}

fn is_path(text: &str) -> bool {
    let is_name = |part: &str| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    text.contains("::") && text.split("::").all(is_name)
}

/// `path` without its crate, as the page gives it, against where the function stands: the modules
/// given may end early (it is shown again further up), or begin late (`Type::method`).
fn resolves(path: &[&str], function: &Function) -> bool {
    let Some((name, given)) = path.split_last() else { return false };
    let real: Vec<&str> = function.path.iter().map(String::as_str).collect();
    *name == function.name && (real.starts_with(given) || real.ends_with(given))
}

fn read_functions(sources: &[SourceFile], member: &Member) -> Vec<Function> {
    let folder = format!("{}/src/", member.folder);
    let mut functions = Vec::new();
    for source in sources {
        let Some(inner) = source.path.strip_prefix(&folder) else { continue };
        let Some(inner) = inner.strip_suffix(".rs") else { continue };
        let Ok(parsed) = syn::parse_file(&source.text) else { continue };
        let mut path: Vec<String> = inner.split('/').map(str::to_owned).collect();
        if path.last().is_some_and(|last| ["lib", "main", "mod"].contains(&last.as_str())) {
            path.pop();
        }
        let mut reader = Reader { path, functions: Vec::new() };
        reader.visit_file(&parsed);
        functions.append(&mut reader.functions);
    }
    functions
}

struct Reader {
    path: Vec<String>,
    functions: Vec<Function>,
}

impl Reader {
    fn add(&mut self, name: &syn::Ident) {
        self.functions.push(Function { path: self.path.clone(), name: name.to_string() });
    }

    fn inside(&mut self, name: String, visit: impl FnOnce(&mut Self)) {
        self.path.push(name);
        visit(self);
        self.path.pop();
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.add(&item.sig.ident);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.add(&item.sig.ident);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        self.add(&item.sig.ident);
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if item.ident != "tests" {
            self.inside(item.ident.to_string(), |reader| visit::visit_item_mod(reader, item));
        }
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        self.inside(item.ident.to_string(), |reader| visit::visit_item_trait(reader, item));
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        let name = match item.self_ty.as_ref() {
            syn::Type::Path(path) => path.path.segments.last().map(|last| last.ident.to_string()),
            _ => None,
        };
        self.inside(name.unwrap_or_default(), |reader| visit::visit_item_impl(reader, item));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::fixture;

    fn member(name: &str) -> Member {
        let folder = format!("crates/{}", name.trim_start_matches("gantry-"));
        Member { name: name.to_owned(), folder, dependencies: Vec::new() }
    }

    fn findings(names: &[&str]) -> Vec<String> {
        let listed: String = names.iter().map(|name| format!("- `{name}`: a step\n")).collect();
        let page = format!("# House\n\n## {SECTION}\n{listed}\n## Money\n`jobs::gone`\n");
        let sources = [
            fixture(PAGE, &page),
            fixture("crates/jobs/src/lib.rs", "//! x\npub use submit::submit_job;\n"),
            fixture(
                "crates/jobs/src/submit.rs",
                "//! x\npub fn submit_job() {}\nstruct Desk;\nimpl Desk { fn open(&self) {} }\n",
            ),
            fixture("crates/http/src/routes/mod.rs", "//! x\npub mod jobs { fn submit() {} }\n"),
        ];
        let members = [member("gantry-jobs"), member("gantry-http")];
        let mut found: Vec<String> =
            check(&sources, &members).iter().map(ToString::to_string).collect();
        found.retain(|line| !line.contains("fewer than"));
        found
    }

    #[test]
    fn names_resolve_where_they_stand_and_where_they_are_shown_again() {
        let good = [
            "jobs::submit_job",
            "jobs::submit::submit_job",
            "jobs::submit::Desk::open",
            "jobs::Desk::open",
            "http::routes::jobs::submit",
        ];
        assert_eq!(findings(&good), Vec::<String>::new());
    }

    #[test]
    fn names_that_lead_nowhere_are_found_with_their_line() {
        let found = findings(&["jobs::submit_job", "jobs::cancel_job"]);
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("ARCHITECTURE.md:5: architecture: `jobs::cancel_job`"));
        assert_eq!(findings(&["http::routes::datasets::submit"]).len(), 1);
        assert_eq!(findings(&["shop::sell"]).len(), 1);
    }

    #[test]
    fn other_words_in_backticks_are_left_alone() {
        assert_eq!(
            findings(&["registry.operation(id)?", "Store", "rules::*"]),
            Vec::<String>::new()
        );
    }

    #[test]
    fn a_page_that_names_nothing_is_found() {
        let sources = [fixture(PAGE, "# House\n")];
        assert_eq!(check(&sources, &[]).len(), 1);
        assert_eq!(check(&[], &[]).len(), 1);
    }
}
