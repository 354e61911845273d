//! What is committed is what would be generated.

#[test]
fn the_committed_files_are_the_generated_ones() {
    let report = xtask::codegen::stale(&xtask::codegen::root()).unwrap();
    assert!(
        report.is_empty(),
        "generated files differ; run `cargo run -p xtask -- codegen` and commit\n{report}"
    );
}
