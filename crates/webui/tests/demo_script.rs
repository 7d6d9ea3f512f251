//! What `scripts/demo` decides: without Node, or with one that is too old, it says so and how to get
//! it, and goes on; without a compiler it ends before anything is built. Cargo, Node and the program
//! that would be built are stand-ins here which write down how they were called.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test ends where one of these fails")]

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// What the script and the programs in it need of the system.
const TOOLS: &[&str] = &["bash", "cat", "dirname", "head", "sort"];

/// A machine: a folder for its commands, one for what is built, and the notes of the stand-ins.
struct Machine {
    folder: TempDir,
}

impl Machine {
    fn new() -> Self {
        let machine = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir_all(machine.path("bin")).unwrap();
        fs::create_dir_all(machine.path("target/release")).unwrap();
        for tool in TOOLS {
            symlink(find_tool(tool), machine.path("bin").join(tool)).unwrap();
        }
        machine.note_calls("target/release/gantry");
        machine
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A command that writes down its name, its words and `GANTRY_UI`.
    fn note_calls(&self, name: &str) {
        let notes = self.path("notes");
        let said = format!("echo \"${{0##*/}} $* ui=$GANTRY_UI\" >> {}", notes.display());
        self.add_command(name, &said);
    }

    /// A command that answers `--version`.
    fn add_version(&self, name: &str, version: &str) {
        self.add_command(&format!("bin/{name}"), &format!("echo {version}"));
    }

    fn add_command(&self, name: &str, line: &str) {
        let path = self.path(name);
        fs::write(&path, format!("#!/usr/bin/env bash\n{line}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn with_compilers(self) -> Self {
        self.note_calls("bin/cargo");
        self.note_calls("bin/cc");
        self
    }

    fn run_demo(&self) -> Output {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/demo");
        Command::new(self.path("bin/bash"))
            .arg(script)
            .arg("--flag")
            .env_clear()
            .env("PATH", self.path("bin"))
            .env("HOME", self.folder.path())
            .env("CARGO_TARGET_DIR", self.path("target"))
            .output()
            .unwrap()
    }

    fn notes(&self) -> String {
        fs::read_to_string(self.path("notes")).unwrap_or_default()
    }
}

fn find_tool(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap();
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.exists()).unwrap()
}

fn text(output: &Output) -> String {
    let said = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    String::from_utf8(said).unwrap()
}

#[test]
fn without_node_it_says_how_to_get_it_and_goes_on() {
    let machine = Machine::new().with_compilers();
    let output = machine.run_demo();
    let said = text(&output);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("Node and npm are missing: get Node 20.19 or newer"), "{said}");
    assert!(said.contains("https://nodejs.org/"), "{said}");
    let expected = "cargo build --locked --release --package gantry ui=\ngantry demo --flag ui=\n";
    assert_eq!(machine.notes(), expected);
}

#[test]
fn a_node_that_is_too_old_is_named_and_left_alone() {
    let machine = Machine::new().with_compilers();
    machine.add_version("node", "v18.19.0");
    machine.add_version("npm", "9.2.0");
    let output = machine.run_demo();
    let said = text(&output);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("Node 18.19.0 is older than 20.19"), "{said}");
    assert!(said.contains("npm 9.2.0 is older than 10"), "{said}");
    assert!(machine.notes().contains("gantry demo --flag"), "{}", machine.notes());
}

#[test]
fn with_node_the_app_is_looked_for_again() {
    let machine = Machine::new().with_compilers();
    machine.add_version("node", "v20.19.0");
    machine.add_version("npm", "10.2.4");
    let said = text(&machine.run_demo());
    assert!(!said.contains("Without the web app"), "{said}");
    assert!(machine.notes().starts_with("cargo build --locked --release"), "{}", machine.notes());
    assert!(machine.notes().contains("ui=auto"), "{}", machine.notes());
}

#[test]
fn without_a_compiler_nothing_is_begun() {
    let machine = Machine::new();
    let output = machine.run_demo();
    let said = text(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("cargo is missing") && said.contains("rustup"), "{said}");
    assert!(said.contains("a C compiler is missing"), "{said}");
    assert_eq!(machine.notes(), "");
}
