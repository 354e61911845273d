//! API keys and tokens of well-known services: what they begin with, and that they go on at random.

/// How one service's keys look.
struct Form {
    begins: &'static [u8],
    /// Characters behind that, at least.
    least: usize,
    of: Of,
}

/// What such a key goes on with.
#[derive(Clone, Copy)]
enum Of {
    /// `A-Z a-z 0-9`.
    Letters,
    /// The same and `_ - .`.
    More,
    /// The same as `More`, with capitals, small letters and digits all there: for beginnings that are words too.
    Mixed,
}

const fn form(begins: &'static str, least: usize, of: Of) -> Form {
    Form { begins: begins.as_bytes(), least, of }
}

const FORMS: &[Form] = &[
    // Stripe.
    form("sk_live_", 16, Of::Letters),
    form("sk_test_", 16, Of::Letters),
    form("rk_live_", 16, Of::Letters),
    form("rk_test_", 16, Of::Letters),
    form("whsec_", 24, Of::Letters),
    // AWS: a long-term and a temporary id.
    form("AKIA", 16, Of::Letters),
    form("ASIA", 16, Of::Letters),
    // GitHub, GitLab.
    form("ghp_", 36, Of::Letters),
    form("gho_", 36, Of::Letters),
    form("ghu_", 36, Of::Letters),
    form("ghs_", 36, Of::Letters),
    form("ghr_", 36, Of::Letters),
    form("github_pat_", 40, Of::More),
    form("glpat-", 20, Of::More),
    // Slack.
    form("xoxb-", 20, Of::More),
    form("xoxp-", 20, Of::More),
    form("xoxa-", 20, Of::More),
    form("xoxr-", 20, Of::More),
    form("xoxs-", 20, Of::More),
    form("xoxe-", 20, Of::More),
    form("xoxe.", 20, Of::More),
    form("xapp-", 20, Of::More),
    // Google.
    form("AIza", 35, Of::More),
    form("GOCSPX-", 24, Of::More),
    form("ya29.", 20, Of::More),
    // OpenAI, Anthropic, and others that begin so.
    form("sk-", 32, Of::Mixed),
    form("hf_", 30, Of::Letters),
    // SendGrid, Twilio.
    form("SG.", 40, Of::Mixed),
    form("SK", 32, Of::Letters),
    // Registries of packages.
    form("npm_", 36, Of::Letters),
    form("pypi-", 50, Of::More),
    // DigitalOcean, Shopify, Square, HashiCorp, Linear.
    form("dop_v1_", 60, Of::Letters),
    form("shpat_", 32, Of::Letters),
    form("shpca_", 32, Of::Letters),
    form("shppa_", 32, Of::Letters),
    form("shpss_", 32, Of::Letters),
    form("sq0atp-", 22, Of::More),
    form("sq0csp-", 40, Of::More),
    form("hvs.", 24, Of::More),
    form("lin_api_", 32, Of::Letters),
];

/// What random text has at least of bits a character; words and `xxxx` have less, or are shorter.
const ENTROPY_MIN: f32 = 3.0;
/// Characters of a key that are looked at: no key is random only behind them.
const LOOKED_AT: usize = 64;

/// Whether some key begins with these three letters: hardly any other word does. A test holds it beside the forms.
pub(super) fn may_begin(bytes: &[u8], at: usize) -> bool {
    let Some(&[first, second, third]) = bytes.get(at..).and_then(<[u8]>::first_chunk) else { return false };
    match first {
        b's' => matches!((second, third), (b'k', b'_' | b'-') | (b'h', b'p') | (b'q', b'0')),
        b'g' => {
            matches!((second, third), (b'h', b'p' | b'o' | b'u' | b's' | b'r') | (b'i', b't') | (b'l', b'p'))
        }
        b'x' => matches!((second, third), (b'o', b'x') | (b'a', b'p')),
        b'A' => matches!((second, third), (b'K' | b'S', b'I') | (b'I', b'z')),
        b'S' => matches!((second, third), (b'G', b'.') | (b'K', _)),
        b'r' => (second, third) == (b'k', b'_'),
        b'w' => (second, third) == (b'h', b's'),
        b'G' => (second, third) == (b'O', b'C'),
        b'y' => (second, third) == (b'a', b'2'),
        b'h' => matches!((second, third), (b'f', b'_') | (b'v', b's')),
        b'n' => (second, third) == (b'p', b'm'),
        b'p' => (second, third) == (b'y', b'p'),
        b'd' => (second, third) == (b'o', b'p'),
        b'l' => (second, third) == (b'i', b'n'),
        _ => false,
    }
}

/// Whether a key begins at this letter, which is the first of its word.
pub(super) fn is_here(bytes: &[u8], at: usize) -> bool {
    let rest = bytes.get(at..).unwrap_or_default();
    FORMS.iter().any(|form| {
        let Some(rest) = rest.strip_prefix(form.begins) else { return false };
        let body = rest.iter().take(LOOKED_AT).take_while(|byte| form.of.has(**byte)).count();
        body >= form.least && form.of.is_mixed(&rest[..body]) && entropy(&rest[..body]) >= ENTROPY_MIN
    })
}

impl Of {
    fn has(self, byte: u8) -> bool {
        byte.is_ascii_alphanumeric() || (!matches!(self, Self::Letters) && matches!(byte, b'_' | b'-' | b'.'))
    }

    fn is_mixed(self, body: &[u8]) -> bool {
        let kinds = [u8::is_ascii_uppercase, u8::is_ascii_lowercase, u8::is_ascii_digit];
        !matches!(self, Self::Mixed) || kinds.iter().all(|kind| body.iter().any(kind))
    }
}

/// Shannon's, in bits a character.
fn entropy(text: &[u8]) -> f32 {
    let mut counts = [0_u16; 128];
    for byte in text {
        if let Some(count) = counts.get_mut(usize::from(*byte)) {
            *count += 1;
        }
    }
    let share = |count: &u16| f32::from(*count) / text.len() as f32;
    counts.iter().filter(|count| **count > 0).map(share).map(|share| -share * share.log2()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_may_begin() {
        for form in FORMS {
            let text = [form.begins, b"x"].concat();
            assert!(may_begin(&text, 0), "{}", String::from_utf8_lossy(form.begins));
        }
        for word in ["the", "she", "ski", "git", "line", "gh", "s", ""] {
            assert_eq!(may_begin(word.as_bytes(), 0), matches!(word, "git" | "line"), "{word}");
        }
    }
}
