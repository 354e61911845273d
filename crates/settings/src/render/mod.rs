//! The settings in print: `config show`, `config env`, `config docs`, the example file, the schema for editors.
//!
//! All of it comes from the table and none of it holds a secret.

mod docs;
mod example;
mod schema;
mod show;
#[cfg(test)]
mod tests;

pub use docs::docs;
pub use example::{env, example, example_with};
pub use schema::schema;

/// Breaks a paragraph into lines of a comment.
fn comment(text: &str, out: &mut String) {
    let mut width = 0;
    for word in text.split_whitespace() {
        if width == 0 || width + 1 + word.chars().count() > WIDTH {
            out.push_str(if width == 0 { "# " } else { "\n# " });
            width = 2;
        } else {
            out.push(' ');
            width += 1;
        }
        out.push_str(word);
        width += word.chars().count();
    }
    out.push('\n');
}

/// The longest line of a comment.
const WIDTH: usize = 100;
