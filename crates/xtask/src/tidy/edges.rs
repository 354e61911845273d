//! Who may depend on whom. Cargo keeps a crate from importing what it does not list; this keeps it from listing.

use std::{error::Error, fs, path::Path, process::Command};

use serde::Deserialize;

use super::Finding;

/// Our crates, and which of ours each may use.
const EDGES: &[(&str, &[&str])] = &[
    ("tidings-protocol", &[]),
    ("tidings-settings", &[]),
    ("tidings-websocket", &[]),
    ("tidings-core", &["tidings-protocol", "tidings-settings"]),
    ("tidings-postgres", &["tidings-core", "tidings-protocol", "tidings-settings"]),
    ("tidings-sqlite", &["tidings-core", "tidings-protocol", "tidings-settings"]),
    ("tidings-sealing", &["tidings-core", "tidings-protocol", "tidings-settings"]),
    (
        "tidings-server",
        &["tidings-core", "tidings-protocol", "tidings-sealing", "tidings-settings", "tidings-websocket"],
    ),
    ("tidings-bench", &["tidings-protocol", "tidings-settings", "tidings-sqlite", "tidings-websocket"]),
    ("tidings-testkit", &["tidings-core", "tidings-protocol", "tidings-settings"]),
    (
        "tidings",
        &[
            "tidings-bench",
            "tidings-core",
            "tidings-postgres",
            "tidings-protocol",
            "tidings-sealing",
            "tidings-server",
            "tidings-settings",
            "tidings-sqlite",
            "tidings-websocket",
        ],
    ),
    ("xtask", &["tidings-protocol", "tidings-settings"]),
];

/// Crates at the top, which not even a test may use.
const TOP: &[&str] = &["tidings", "tidings-bench", "xtask"];

/// Crates that must not be at the mercy of a socket, a file or a clock.
const PURE: &[&str] =
    &["tidings-protocol", "tidings-settings", "tidings-websocket", "tidings-core", "tidings-sealing"];

/// What brings sockets, files and databases.
const OUTSIDE: &[&str] = &[
    "axum",
    "hyper",
    "hyper-util",
    "mio",
    "redis",
    "rusqlite",
    "socket2",
    "tokio-postgres",
    "tokio-tungstenite",
    "ureq",
];

/// One of our crates, as `cargo metadata` tells it.
#[derive(Debug, Deserialize)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// What its `Cargo.toml` lists.
    pub dependencies: Vec<Dependency>,
    /// Its `Cargo.toml`.
    pub manifest_path: String,
    /// The text of that, for the line.
    #[serde(skip)]
    pub manifest: String,
}

/// One dependency of a crate.
#[derive(Debug, Deserialize)]
pub struct Dependency {
    /// The crate's name, whatever it is called there.
    pub name: String,
    /// `dev` or `build`; none for the usual ones.
    pub kind: Option<String>,
}

/// Asks cargo for our crates; paths are made relative to `root`.
///
/// # Errors
/// When cargo does not answer, or says something else.
pub fn packages(root: &Path) -> Result<Vec<Package>, Box<dyn Error>> {
    #[derive(Deserialize)]
    struct Metadata {
        packages: Vec<Package>,
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    let answer =
        command.args(["metadata", "--no-deps", "--format-version", "1"]).current_dir(root).output()?;
    if !answer.status.success() {
        return Err(format!("cargo metadata: {}", String::from_utf8_lossy(&answer.stderr)).into());
    }
    let Metadata { mut packages } = serde_json::from_slice(&answer.stdout)?;
    let root = root.canonicalize()?;
    for package in &mut packages {
        package.manifest = fs::read_to_string(&package.manifest_path)?;
        let path = Path::new(&package.manifest_path);
        package.manifest_path = path.strip_prefix(&root).unwrap_or(path).display().to_string();
    }
    Ok(packages)
}

/// Checks what each crate lists.
pub fn check(packages: &[Package]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in packages {
        let Some((_, allowed)) = EDGES.iter().find(|(name, _)| *name == package.name) else {
            let what = "a new crate; say in crates/xtask/src/tidy/edges.rs which of ours it may use";
            findings.push(Finding { path: package.manifest_path.clone(), line: None, what: what.to_owned() });
            continue;
        };
        for dependency in &package.dependencies {
            let Some(what) = wrong(&package.name, dependency, allowed) else { continue };
            let line = line_of(&package.manifest, dependency);
            findings.push(Finding { path: package.manifest_path.clone(), line, what });
        }
    }
    findings
}

fn wrong(from: &str, dependency: &Dependency, allowed: &[&str]) -> Option<String> {
    let to = dependency.name.as_str();
    let ours = EDGES.iter().any(|(name, _)| *name == to);
    if dependency.kind.as_deref() == Some("dev") {
        let what = || format!("not even a test of {from} may use {to}; test from {to}'s own side");
        return (TOP.contains(&to) && !allowed.contains(&to)).then(what);
    }
    if ours && !allowed.contains(&to) {
        return Some(match allowed {
            [] => format!("{from} may use none of our crates, so not {to}; hand in what it needs from above"),
            _ => format!(
                "{from} may not use {to} (only {}); move what it needs down, or hand it in",
                allowed.join(", ")
            ),
        });
    }
    let outside = OUTSIDE.contains(&to) || (to == "tokio" && from != "tidings-core");
    (PURE.contains(&from) && outside).then(|| {
        format!("{from} opens no socket, file or database, so it may not use {to}; that is the server's")
    })
}

/// The line in the section of its kind, where it stands under its own name.
fn line_of(manifest: &str, dependency: &Dependency) -> Option<usize> {
    let section = match dependency.kind.as_deref() {
        Some(kind) => format!("{kind}-dependencies"),
        None => "dependencies".to_owned(),
    };
    let mut inside = false;
    for (index, line) in manifest.lines().enumerate() {
        if line.starts_with('[') {
            // `[target.'cfg(unix)'.dependencies]` is one too.
            let header = line.trim_start_matches('[').trim_end_matches(']');
            inside = header == section || header.ends_with(&format!(".{section}"));
        }
        let name = line.split(['.', '=', ' ']).next().unwrap_or_default();
        if inside && name == dependency.name {
            return Some(index + 1);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_one(name: &str, kind: Option<&str>, on: &str) -> Vec<String> {
        let section = kind.map_or("dependencies".to_owned(), |kind| format!("{kind}-dependencies"));
        let package = Package {
            name: name.to_owned(),
            dependencies: vec![Dependency { name: on.to_owned(), kind: kind.map(str::to_owned) }],
            manifest_path: "Cargo.toml".to_owned(),
            manifest: format!("[package]\nname = \"x\"\n\n[{section}]\n{on}.workspace = true\n"),
        };
        check(&[package]).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_not_in_the_table_is_refused_at_its_line() {
        for (from, kind, on) in [
            ("tidings-protocol", None, "tidings-settings"),
            ("tidings-core", None, "tidings-websocket"),
            ("tidings-core", None, "axum"),
            ("tidings-core", Some("build"), "mio"),
            ("tidings-settings", None, "tokio"),
            ("tidings-server", None, "tidings-bench"),
            ("tidings-server", None, "tidings-testkit"),
            ("tidings-server", Some("dev"), "tidings"),
            ("tidings-bench", None, "tidings-core"),
        ] {
            let findings = check_one(from, kind, on);
            assert_eq!(findings.len(), 1, "{from} -> {on}");
            assert!(findings[0].starts_with("Cargo.toml:5: "), "{findings:?}");
            assert!(findings[0].contains(on), "{findings:?}");
        }
        assert!(check_one("tidings-gossip", None, "serde")[0].contains("edges.rs"));
    }

    #[test]
    fn what_is_in_the_table_is_not() {
        for (from, kind, on) in [
            ("tidings-core", None, "tidings-protocol"),
            ("tidings-core", Some("dev"), "tokio-tungstenite"),
            ("tidings-websocket", Some("dev"), "tidings-protocol"),
            ("tidings-server", Some("dev"), "tidings-testkit"),
            ("tidings", None, "tidings-bench"),
            ("tidings-server", None, "axum"),
        ] {
            assert_eq!(check_one(from, kind, on), Vec::<String>::new(), "{from} -> {on}");
        }
    }
}
