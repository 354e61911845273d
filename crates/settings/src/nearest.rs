//! The nearest known name, for the error about an unknown one.

/// The candidate that is most likely meant. One with the same last part (`listen` for `server.listen`, or the right
/// key in the wrong section) comes before one that is merely spelled alike.
pub(crate) fn nearest<'c>(
    name: &str,
    candidates: impl IntoIterator<Item = &'c str>,
    separator: char,
) -> &'c str {
    let last = name.rsplit(separator).next().unwrap_or(name);
    let rank = |candidate: &str| {
        let same_end =
            candidate.strip_suffix(last).is_some_and(|front| front.is_empty() || front.ends_with(separator));
        (!same_end, distance(name, candidate))
    };
    candidates.into_iter().min_by_key(|candidate| rank(candidate)).unwrap_or_default()
}

/// How many letters must be added, removed, changed or swapped with their neighbour.
fn distance(a: &str, b: &str) -> usize {
    // A name comes from outside; the longest setting has fewer than 64 characters.
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(64).collect(), b.chars().take(64).collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            rows[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let change = usize::from(a[i - 1] != b[j - 1]);
                let best = (rows[i - 1][j] + 1).min(rows[i][j - 1] + 1).min(rows[i - 1][j - 1] + change);
                let swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
                if swapped { best.min(rows[i - 2][j - 2] + 1) } else { best }
            };
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant() {
        let names: Vec<String> = crate::rows().map(crate::Row::name).collect();
        let check = |name: &str, expect: &str| {
            assert_eq!(nearest(name, names.iter().map(String::as_str), '.'), expect, "{name}");
        };
        check("server.listn", "server.listen");
        check("server.lsiten", "server.listen");
        check("listen", "server.listen");
        check("sever.listen", "server.listen");
        check("limit.connections", "limits.connections");
        check("server.compression", "live.compression");
        check("auth.jwt_secrets", "auth.jwt_secret");
        check("limits.conections_per_user", "limits.connections_per_user");
    }

    #[test]
    fn distances() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", "abc"), 0);
        assert_eq!(distance("abc", "acb"), 1);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
