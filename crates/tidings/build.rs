//! Finds the demo's page for `tidings dev`: what `packages/demo` built, or else a page that says how to build it.
//!
//! The Makefile builds the page before cargo; this makes the crate compile for whoever has only Rust.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// The page of a binary that was built without the demo.
const WITHOUT_DEMO: &str = "<!doctype html>
<html lang=\"en\">
<meta charset=\"utf-8\">
<title>Tidings</title>
<p>Tidings runs. This binary was built without the demo's page: <code>make run</code> builds both.
</html>
";

fn main() -> io::Result<()> {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packages/demo");
    let built = demo.join("dist");
    let folder = if built.join("index.html").is_file() {
        println!("cargo::rerun-if-changed={}", built.display());
        built.canonicalize()?
    } else {
        // A path that does not exist would make cargo build the crate anew every time, so its parents are watched.
        let parent = demo.parent().unwrap_or(&demo);
        println!("cargo::rerun-if-changed={}", if demo.is_dir() { demo.as_path() } else { parent }.display());
        let folder = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?).join("dist");
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("index.html"), WITHOUT_DEMO)?;
        folder
    };
    println!("cargo::rustc-env=TIDINGS_DEMO={}", folder.display());
    println!("cargo::rerun-if-changed=build.rs");
    Ok(())
}
