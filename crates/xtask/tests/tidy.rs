//! The house rules hold.

#[test]
fn nothing_breaks_the_house_rules() {
    let findings = xtask::tidy::check(&xtask::codegen::root()).unwrap();
    let report: Vec<_> = findings.iter().map(ToString::to_string).collect();
    assert!(report.is_empty(), "`cargo run -p xtask -- tidy` says\n{}", report.join("\n"));
}
