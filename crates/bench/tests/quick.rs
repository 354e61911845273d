//! The whole comparing run in its smallest form, the floor against itself: every part of the machinery has to work for every
//! delivery to arrive once and in order. The figures themselves mean nothing here.

use std::process::Command;

#[test]
fn the_floor_against_itself_loses_nothing() {
    let json = std::env::temp_dir().join(format!("tidings-bench-{}.json", std::process::id()));
    let output = Command::new(env!("CARGO_BIN_EXE_tidings-bench"))
        .args(["compare", "--quick", "--server", "floor", "--json"])
        .arg(&json)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let report: serde_json::Value = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
    std::fs::remove_file(&json).unwrap();
    for books in ["faults", "others"] {
        for (fault, count) in report[books].as_object().unwrap() {
            assert_eq!(count, 0, "{books}: {fault}");
        }
    }
    let figures = report["figures"].as_array().unwrap();
    assert!(figures.len() > 10, "{figures:?}");
    for figure in figures.iter().filter(|figure| figure["unit"] == "us") {
        assert!(figure["server"].as_f64().unwrap() > 0.0, "{figure}");
    }
}

#[test]
fn a_server_that_does_not_start_is_named() {
    let output = Command::new(env!("CARGO_BIN_EXE_tidings-bench"))
        .args(["compare", "--quick", "--server", "/nowhere/tidings"])
        .output()
        .unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("/nowhere/tidings"));
}
