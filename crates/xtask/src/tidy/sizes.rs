//! How long a file and a function may be. Tests and tables are as long as they need to be.

use super::{Finding, source::Source};

const FILE_LINES_MAX: usize = 500;
const FUNCTION_LINES_MAX: usize = 70;
/// Written in a file's head when it is one long table.
const TABLE: &str = "tidy: table";

/// Checks one file.
pub fn check(file: &Source) -> Vec<Finding> {
    let checked = file.rust() || [".ts", ".tsx", ".mjs"].iter().any(|end| file.path.ends_with(end));
    if !checked || file.test() || file.path.ends_with(".gen.ts") {
        return Vec::new();
    }
    let mut findings = Vec::new();
    let lines = file.text.lines().count();
    if lines > FILE_LINES_MAX && !file.text.lines().take(20).any(|line| line.contains(TABLE)) {
        let what = format!(
            "{lines} lines, more than {FILE_LINES_MAX}; split it by concept, or write `{TABLE}` in its head if it is one"
        );
        findings.push(Finding { path: file.path.clone(), line: None, what });
    }
    if file.rust() {
        findings.extend(functions(&file.code()).into_iter().filter_map(|function| too_long(file, function)));
    }
    findings
}

fn too_long(file: &Source, Function { name, line, lines }: Function) -> Option<Finding> {
    let what = format!(
        "the function {name} has {lines} lines, more than {FUNCTION_LINES_MAX}; take its parts out by name"
    );
    (lines > FUNCTION_LINES_MAX).then(|| Finding { path: file.path.clone(), line: Some(line), what })
}

#[derive(Debug, PartialEq)]
struct Function {
    name: String,
    /// Where `fn` stands, counted from 1.
    line: usize,
    /// From `fn` to the closing brace.
    lines: usize,
}

/// Every function with a body, inner ones too.
fn functions(code: &str) -> Vec<Function> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("fn ") {
        let word = |c: char| c.is_alphanumeric() || c == '_';
        if code[..at].ends_with(word) {
            continue;
        }
        let rest = &code[at + 3..];
        let name: String = rest.chars().take_while(|c| word(*c)).collect();
        if let (false, Some(length)) = (name.is_empty(), body_end(rest)) {
            let line = code[..at].matches('\n').count() + 1;
            found.push(Function { name, line, lines: rest[..length].matches('\n').count() + 1 });
        }
    }
    found
}

/// Where the body ends; none when a semicolon comes instead.
fn body_end(rest: &str) -> Option<usize> {
    let mut brackets = 0usize;
    let mut braces = 0usize;
    for (at, letter) in rest.char_indices() {
        match letter {
            '(' | '[' => brackets += 1,
            ')' | ']' => brackets = brackets.saturating_sub(1),
            '{' => braces += 1,
            '}' if braces <= 1 => return Some(at),
            '}' => braces -= 1,
            ';' if braces == 0 && brackets == 0 => return None,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_end_where_their_braces_do() {
        let code = "trait A { fn none(&self) -> [u8; 2]; }\nconst fn one() -> [u8; 2] {\n  { {} }\n}\ntype F = fn (u8);\nfn two() {\n  fn inner() {}\n}";
        let of = |name: &str, line, lines| Function { name: name.into(), line, lines };
        assert_eq!(functions(code), [of("one", 2, 3), of("two", 6, 3), of("inner", 7, 1)]);
    }

    fn findings(path: &str, text: String) -> Vec<String> {
        check(&Source { path: path.into(), text }).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_too_long_is_named() {
        let long = format!("\nfn long() {{{}}}\n", "\n".repeat(70));
        let found = findings("crates/a/src/b.rs", long.clone());
        assert!(found[0].starts_with("crates/a/src/b.rs:2: the function long has 71 lines"), "{found:?}");
        assert!(findings("crates/a/tests/b.rs", long).is_empty());

        let lines = "x;\n".repeat(501);
        assert!(findings("packages/a/src/b.ts", lines.clone())[0].contains("501 lines"));
        assert!(findings("packages/a/src/b.gen.ts", lines.clone()).is_empty());
        assert!(findings("crates/a/src/b.rs", format!("//! tidy: table\n{lines}")).is_empty());
    }
}
