//! Who is asking: back ends by key, users by token.

mod api_key;
mod callers;
mod rsa;
mod token;

pub use api_key::ApiKeys;
pub(crate) use api_key::{bearer, fingerprint};
pub use callers::Callers;
pub use token::Tokens;
