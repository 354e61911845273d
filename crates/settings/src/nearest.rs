//! The nearest known name, for the error about an unknown one.

/// What to say of a name that is not there: the one that was meant, or where all of them are.
pub(crate) fn fix(near: Option<impl std::fmt::Display>) -> String {
    match near {
        Some(near) => format!("The nearest is {near}"),
        None => "`tidings config docs` lists all settings".to_owned(),
    }
}

/// The candidate that is most likely meant; none where a guess would only mislead. The one with the same last part (`listen` for
/// `server.listen`, or the right key in the wrong section) comes before one that is spelled alike, which has at most a third of its letters wrong.
pub(crate) fn nearest<'c>(name: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let candidates: Vec<&str> = candidates.into_iter().collect();
    let last = name.rsplit('.').next().unwrap_or(name);
    let has_same_end = |candidate: &&&str| {
        candidate.strip_suffix(last).is_some_and(|front| front.is_empty() || front.ends_with('.'))
    };
    let mut same_end = candidates.iter().filter(has_same_end);
    if let (Some(only), None) = (same_end.next(), same_end.next()) {
        return Some(only);
    }
    let nearest = candidates.iter().map(|candidate| (distance(name, candidate), *candidate)).min()?;
    let (wrong, candidate) = nearest;
    (wrong * 3 <= name.chars().count().max(candidate.len())).then_some(candidate)
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
            let expect = (!expect.is_empty()).then_some(expect);
            assert_eq!(nearest(name, names.iter().map(String::as_str)), expect, "{name}");
        };
        check("server.listn", "server.listen");
        check("server.lsiten", "server.listen");
        check("listen", "server.listen");
        check("sever.listen", "server.listen");
        check("limit.connections", "limits.connections");
        check("server.compression", "live.compression");
        check("auth.jwt_secrets", "auth.jwt_secret");
        check("limits.conections_per_user", "limits.connections_per_user");
        for nothing_like_it in ["", "foo", "foo.bar", "my.url", "server.colour_of_the_bicycle_shed"] {
            check(nothing_like_it, "");
        }
    }

    #[test]
    fn distances() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", "abc"), 0);
        assert_eq!(distance("abc", "acb"), 1);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
