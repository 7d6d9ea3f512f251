//! Which steps a plan has. Cheap ones come first, and the builds share their work: everything is
//! compiled with the same features and profile, so that tests and end-to-end tests use one build.

use std::path::Path;

use anyhow::{Result, bail};

use super::{Action, Step};
use crate::{notices, openapi, tidy, workspace};

/// The steps of `check` (a minute's look, warm), `e2e` and `test` (everything).
pub fn derive(plan: &str, root: &Path) -> Result<Vec<Step>> {
    let binary = workspace::read_target_folder(root)?.join("debug/gantry");
    let steps = match plan {
        "check" => vec![fmt(), tidy_step(), clippy(), unit_tests()],
        "e2e" => vec![setup(), build(), end_to_end(&binary)],
        "test" => {
            let mut steps = vec![setup(), fmt(), tidy_step(), deny()];
            steps.extend(web());
            steps.extend([clippy(), build(), tests(), docs()]);
            steps.extend([interface(&binary), notices_step(), end_to_end(&binary)]);
            steps
        }
        _ => bail!("no plan `{plan}`; there are: check, test, e2e"),
    };
    Ok(steps)
}

fn program(name: &'static str, needs: &'static [&'static str], line: &str) -> Step {
    let words = line.split(' ').map(str::to_owned).collect();
    Step { name, needs, action: Action::Program { folder: ".", words, settings: Vec::new() } }
}

fn chore(
    name: &'static str,
    needs: &'static [&'static str],
    run: impl Fn() -> Result<bool> + 'static,
) -> Step {
    Step { name, needs, action: Action::Chore(Box::new(run)) }
}

impl Step {
    fn inside(mut self, inner: &'static str) -> Self {
        if let Action::Program { folder, .. } = &mut self.action {
            *folder = inner;
        }
        self
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        if let Action::Program { settings, .. } = &mut self.action {
            settings.push((name, value.into()));
        }
        self
    }
}

fn setup() -> Step {
    program("setup", &[], "bash scripts/setup-tests")
}

fn fmt() -> Step {
    program("fmt", &[], "cargo fmt --all --check")
}

fn tidy_step() -> Step {
    chore("tidy", &[], tidy::run)
}

fn deny() -> Step {
    program("deny", &["setup"], "bash scripts/cargo-deny check bans licenses sources")
}

fn web() -> Vec<Step> {
    let npm = |name, script: &str| {
        program(name, &["setup"], &format!("npm run --silent {script}")).inside("web")
    };
    vec![
        npm("web-types", "typecheck"),
        npm("web-lint", "lint"),
        npm("web-format", "format:check"),
        npm("web-test", "test"),
        npm("web-build", "build"),
        program("web-size", &["web-build"], "npm run --silent size").inside("web"),
    ]
}

fn clippy() -> Step {
    program("clippy", &[], "cargo clippy --locked --workspace --all-targets -- -D warnings")
}

/// The web app must be inside: what is tested is the product.
fn build() -> Step {
    program("build", &["setup"], "cargo build --locked --workspace --all-targets")
        .with("GANTRY_UI", "require")
}

fn unit_tests() -> Step {
    program("unit-tests", &[], "cargo test --locked --workspace --lib --bins")
}

/// All of them, also after one that failed; a panic that a test asks for needs no backtrace.
fn tests() -> Step {
    program("tests", &["build"], "cargo test --locked --workspace --no-fail-fast")
        .with("GANTRY_UI", "require")
        .with("RUST_BACKTRACE", "0")
}

fn docs() -> Step {
    program("docs", &[], "cargo doc --locked --workspace --no-deps")
        .with("RUSTDOCFLAGS", "-D warnings")
}

fn interface(binary: &Path) -> Step {
    let binary = binary.to_path_buf();
    chore("openapi", &["setup", "build"], move || openapi::check(Some(&binary)))
}

fn notices_step() -> Step {
    chore("notices", &["setup"], notices::check)
}

fn end_to_end(binary: &Path) -> Step {
    program("e2e", &["setup", "build"], "npm test --silent")
        .inside("e2e")
        .with("GANTRY_BIN", binary.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_stands_on_steps_that_come_before_it() {
        let root = crate::files::find_root().unwrap();
        for plan in ["check", "e2e", "test"] {
            let steps = derive(plan, &root).unwrap();
            for (index, step) in steps.iter().enumerate() {
                for need in step.needs {
                    let before = steps[..index].iter().any(|other| other.name == *need);
                    assert!(before, "{plan}: `{}` stands on `{need}`", step.name);
                }
            }
        }
        assert!(derive("everything", &root).is_err());
    }

    #[test]
    fn the_whole_plan_holds_what_the_short_ones_do() {
        let root = crate::files::find_root().unwrap();
        let names = |plan| -> Vec<&str> {
            derive(plan, &root).unwrap().iter().map(|step| step.name).collect()
        };
        let whole = names("test");
        let covered = |name: &&str| whole.contains(name) || *name == "unit-tests";
        assert!(names("check").iter().all(covered));
        assert!(names("e2e").iter().all(covered));
    }
}
