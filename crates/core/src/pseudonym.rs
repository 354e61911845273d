//! A name in place of a person's, for what must stay when the person is erased.

use sha2::{Digest, Sha256};
use tidings_protocol::UserId;

use crate::hex::hex;

/// Bytes of the digest that are shown: enough that nobody is ever taken for somebody else, which matters where erasures are done again.
const BYTES: usize = 16;

/// The first 32 hexadecimal digits of the SHA-256 of a user's id, so that an operator can make it too: `printf %s ada | sha256sum`.
///
/// Without a secret in it, because it has to be the same in a store that was restored from a backup. So whoever guesses an id can
/// tell whether it is the right one; nobody can read an id from it.
pub fn pseudonym(user: &UserId) -> String {
    hex(&Sha256::digest(user.as_str())[..BYTES])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_what_sha256sum_prints() {
        assert_eq!(pseudonym(&"ada".parse().unwrap()), "fdee430d40bd57deeac186cd9790033d");
    }
}
