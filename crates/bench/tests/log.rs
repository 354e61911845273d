//! The sets about what is kept, in their smallest form, against the real server: rows that the bare loop writes must be read by it, what
//! was missed must come whole and in order, and pages must have what was asked for. The figures themselves mean nothing here.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do: at the spot, with a reason")]

use std::path::{Path, PathBuf};
use std::process::Command;

use tidings_testkit::{Folder, PostgresServer};

/// The server beside the generator. `cargo test --workspace` has built it; `cargo test -p tidings-bench` alone has not.
fn server() -> PathBuf {
    let server = Path::new(env!("CARGO_BIN_EXE_tidings-bench")).with_file_name("tidings");
    if !server.exists() {
        let folder = server.parent().and_then(Path::parent).unwrap();
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--quiet", "--package=tidings", "--target-dir"]).arg(folder);
        assert!(build.status().unwrap().success());
    }
    server
}

#[test]
fn what_is_kept_comes_back_whole() {
    let folder = Folder::new();
    let json = folder.path().join("report.json");
    let postgres = PostgresServer::start().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_tidings-bench"))
        .args(["compare", "--quick", "--sets", "keeping,recovering,history,inbox", "--server"])
        .arg(server())
        .arg("--disk")
        .arg(folder.path())
        .args(["--postgres", &postgres.url("postgres"), "--json"])
        .arg(&json)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let report: serde_json::Value = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
    for (fault, count) in report["faults"].as_object().unwrap() {
        assert_eq!(count, 0, "{fault}");
    }
    let figures = report["figures"].as_array().unwrap();
    assert!(figures.len() > 20, "{figures:?}");
    // What the server grows by may be nothing.
    for figure in figures.iter().filter(|figure| figure["unit"] != "MiB") {
        assert!(figure["server"].as_f64().unwrap() > 0.0, "{figure}");
    }
    std::fs::remove_file(&json).unwrap();
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
    let databases = postgres.sql("postgres", "SELECT count(*) FROM pg_database WHERE datname LIKE '%bench%'");
    assert_eq!(databases.unwrap().trim(), "0");
}
