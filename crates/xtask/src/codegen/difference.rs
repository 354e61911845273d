//! Where two texts differ, in as many lines as a person reads.

use std::fmt::Write;

/// Longest part of either side that is shown.
const SHOWN_MAX: usize = 20;
/// Lines shown before the first difference.
const CONTEXT: usize = 3;

/// The lines between the first and the last difference, `-` those of `old` and `+` those of `new`.
pub fn lines(old: &str, new: &str) -> String {
    let (old, new): (Vec<_>, Vec<_>) = (old.lines().collect(), new.lines().collect());
    let start = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let shorter = old.len().min(new.len()) - start;
    let ends = old.iter().rev().zip(new.iter().rev());
    let same_at_end = ends.take(shorter).take_while(|(a, b)| a == b).count();

    let mut out = format!("@@ line {} @@\n", start + 1);
    show(&mut out, ' ', &old[start.saturating_sub(CONTEXT)..start]);
    show(&mut out, '-', &old[start..old.len() - same_at_end]);
    show(&mut out, '+', &new[start..new.len() - same_at_end]);
    out
}

fn show(out: &mut String, mark: char, lines: &[&str]) {
    for line in lines.iter().take(SHOWN_MAX) {
        let _ = writeln!(out, "{mark}{line}");
    }
    if lines.len() > SHOWN_MAX {
        let _ = writeln!(out, "{mark}… and {} more lines", lines.len() - SHOWN_MAX);
    }
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn only_what_differs_is_shown() {
        assert_eq!(lines("a\nb\nc\nd\ne", "a\nb\nX\nd\ne"), "@@ line 3 @@\n a\n b\n-c\n+X\n");
        assert_eq!(lines("a\na", "a\na\na"), "@@ line 3 @@\n a\n a\n+a\n");
        assert_eq!(lines("", "a"), "@@ line 1 @@\n+a\n");
    }
}
