//! What is generated from `crates/protocol`: the JSON Schema, the TypeScript types, and the frames as TypeScript literals.
//!
//! Everything is made in memory first, so that a test can compare where the command writes.

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
};

pub mod difference;
pub mod frames;
pub mod model;
pub mod read;
pub mod typescript;

/// One generated file.
#[derive(Debug)]
pub struct Generated {
    /// From the repository's root.
    pub path: &'static str,
    /// All of it.
    pub text: String,
}

/// The repository this was built in.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Makes everything that is generated; `root` is read for the frames.
///
/// # Errors
/// When the schema holds what the emitter does not know, or a frame cannot be read.
pub fn generate(root: &Path) -> Result<Vec<Generated>, Box<dyn Error>> {
    let schema = tidings_protocol::schema::wire();
    let definitions = read::definitions(schema.as_value())?;
    let frames = frames::load(&root.join("schema/frames"))?;
    Ok(vec![
        Generated { path: "schema/wire.json", text: serde_json::to_string_pretty(&schema)? + "\n" },
        Generated { path: "packages/client/src/wire.gen.ts", text: typescript::emit(&definitions) },
        Generated {
            path: "packages/client/src/testing/frames.gen.ts",
            text: frames::emit(&frames, &definitions)?,
        },
    ])
}

/// Writes the files that differ, and returns their paths.
///
/// # Errors
/// Those of [`generate`] and of writing.
pub fn write(root: &Path) -> Result<Vec<&'static str>, Box<dyn Error>> {
    let mut written = Vec::new();
    for file in generate(root)? {
        let path = root.join(file.path);
        if fs::read_to_string(&path).is_ok_and(|text| text == file.text) {
            continue;
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&path, file.text)?;
        written.push(file.path);
    }
    Ok(written)
}

/// What of the committed files is not what would be generated now; empty when all is well.
///
/// # Errors
/// Those of [`generate`].
pub fn stale(root: &Path) -> Result<String, Box<dyn Error>> {
    let mut report = String::new();
    for file in generate(root)? {
        let committed = fs::read_to_string(root.join(file.path)).unwrap_or_default();
        if committed != file.text {
            report += &format!("{} (- committed, + generated)\n", file.path);
            report += &difference::lines(&committed, &file.text);
        }
    }
    Ok(report)
}
