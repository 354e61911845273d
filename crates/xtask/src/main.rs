//! `cargo run -p xtask -- codegen | tidy`: see the library.

use std::{error::Error, process::ExitCode};

use xtask::{codegen, tidy};

const USAGE: &str = "\
usage: cargo run -p xtask -- <verb>
  codegen  write what is generated from crates/protocol and schema/frames
  tidy     say what breaks the house rules
";

fn main() -> ExitCode {
    let verb = std::env::args().nth(1).unwrap_or_default();
    let done = match verb.as_str() {
        "codegen" => write_generated(),
        "tidy" => say_findings(),
        _ => Err(USAGE.into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn write_generated() -> Result<(), Box<dyn Error>> {
    let written = codegen::write(&codegen::root())?;
    written.iter().for_each(|path| println!("wrote {path}"));
    if written.is_empty() {
        println!("everything is as generated");
    }
    Ok(())
}

fn say_findings() -> Result<(), Box<dyn Error>> {
    let findings = tidy::check(&codegen::root())?;
    findings.iter().for_each(|finding| println!("{finding}"));
    match findings.len() {
        0 => Ok(()),
        count => Err(format!("{count} breaches of the house rules").into()),
    }
}
