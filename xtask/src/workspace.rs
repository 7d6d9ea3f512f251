//! The workspace as `cargo metadata` sees it: members, where they stand, and what they depend on.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

/// When a dependency is linked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Part of the crate itself.
    Normal,
    /// For its build script.
    Build,
    /// For its tests and examples.
    Test,
}

/// A dependency as a manifest declares it.
#[derive(Clone, Debug)]
pub struct Dependency {
    /// Package name.
    pub name: String,
    /// When it is linked.
    pub kind: Kind,
}

/// One crate of the workspace.
#[derive(Clone, Debug)]
pub struct Member {
    /// Package name.
    pub name: String,
    /// Folder relative to the root, with `/`.
    pub folder: String,
    /// What its manifest declares.
    pub dependencies: Vec<Dependency>,
}

/// A crate that others wrote.
#[derive(Clone, Debug)]
pub struct Package {
    /// Package name.
    pub name: String,
    /// Version.
    pub version: String,
    /// SPDX expression, where declared.
    pub license: Option<String>,
    /// Home of the source, where declared.
    pub repository: Option<String>,
    /// Folder of its unpacked source.
    pub folder: PathBuf,
}

/// Platforms that the binary is built for.
const PLATFORMS: [&str; 3] =
    ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu", "aarch64-apple-darwin"];

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<RawPackage>,
    workspace_members: Vec<String>,
    resolve: Option<Resolve>,
    target_directory: PathBuf,
}

#[derive(Deserialize)]
struct RawPackage {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
    repository: Option<String>,
    manifest_path: PathBuf,
    dependencies: Vec<RawDependency>,
}

#[derive(Deserialize)]
struct RawDependency {
    name: String,
    kind: Option<String>,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Edge>,
}

#[derive(Deserialize)]
struct Edge {
    pkg: String,
    dep_kinds: Vec<EdgeKind>,
}

#[derive(Deserialize)]
struct EdgeKind {
    kind: Option<String>,
}

/// Where cargo puts what it builds.
pub fn read_target_folder(root: &Path) -> Result<PathBuf> {
    Ok(run_metadata(root, &["--no-deps"])?.target_directory)
}

/// Reads the workspace's members. Needs no network.
pub fn read_members(root: &Path) -> Result<Vec<Member>> {
    let metadata = run_metadata(root, &["--no-deps"])?;
    let members = metadata.packages.into_iter().map(|package| {
        let folder = package.manifest_path.parent().unwrap_or(root);
        let folder = folder.strip_prefix(root).unwrap_or(folder);
        Member {
            name: package.name,
            folder: folder.to_string_lossy().replace('\\', "/"),
            dependencies: package.dependencies.into_iter().map(derive_dependency).collect(),
        }
    });
    Ok(members.collect())
}

fn derive_dependency(raw: RawDependency) -> Dependency {
    let kind = match raw.kind.as_deref() {
        Some("dev") => Kind::Test,
        Some("build") => Kind::Build,
        _ => Kind::Normal,
    };
    Dependency { name: raw.name, kind }
}

/// The crates of others that are linked into the binary `gantry` on any of its platforms, sorted.
/// Build scripts' and tests' crates are not part of it.
pub fn read_shipped(root: &Path) -> Result<Vec<Package>> {
    let mut shipped = BTreeMap::new();
    for platform in PLATFORMS {
        let metadata = run_metadata(root, &["--locked", "--filter-platform", platform])?;
        let reached = reach(&metadata)?;
        let members = &metadata.workspace_members;
        for package in metadata.packages {
            if reached.contains(&package.id) && !members.contains(&package.id) {
                let key = (package.name.clone(), package.version.clone());
                shipped.insert(key, derive_package(package));
            }
        }
    }
    Ok(shipped.into_values().collect())
}

fn derive_package(raw: RawPackage) -> Package {
    let folder = raw.manifest_path.parent().map(Path::to_path_buf).unwrap_or_default();
    Package {
        name: raw.name,
        version: raw.version,
        license: raw.license,
        repository: raw.repository,
        folder,
    }
}

/// Ids of all packages that `gantry` links, itself included.
fn reach(metadata: &Metadata) -> Result<HashSet<String>> {
    let resolve = metadata.resolve.as_ref().context("cargo metadata gave no dependency graph")?;
    let edges: HashMap<&str, &[Edge]> =
        resolve.nodes.iter().map(|node| (node.id.as_str(), node.deps.as_slice())).collect();
    let is_binary = |package: &&RawPackage| {
        package.name == "gantry" && metadata.workspace_members.contains(&package.id)
    };
    let start = metadata.packages.iter().find(is_binary).context("no crate `gantry`")?;
    let mut reached = HashSet::from([start.id.clone()]);
    let mut open = vec![start.id.as_str()];
    while let Some(id) = open.pop() {
        for edge in edges.get(id).copied().unwrap_or_default() {
            let linked = edge.dep_kinds.iter().any(|kind| kind.kind.is_none());
            if linked && reached.insert(edge.pkg.clone()) {
                open.push(&edge.pkg);
            }
        }
    }
    Ok(reached)
}

fn run_metadata(root: &Path, flags: &[&str]) -> Result<Metadata> {
    let output = Command::new("cargo")
        .args(["metadata", "--format-version", "1"])
        .args(flags)
        .current_dir(root)
        .output()
        .context("cannot run cargo metadata")?;
    ensure!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).context("cargo metadata gave JSON of another shape")
}
