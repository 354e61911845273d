//! Who asks: a back end, for whomever it says, or a user.

use std::sync::Arc;

use axum::extract::Request;
use tidings_core::{Identity, tidings::chat::Author};
use tidings_protocol::{Fault, UserId};

use crate::api::{path::USER, query::Query};

/// Who asks.
pub(super) enum Caller {
    /// A user, by their own token.
    User(Arc<Identity>),
    /// A back end, for a user or for itself.
    BackEnd(Option<UserId>),
}

impl Caller {
    /// Who asks, and for whom a back end does by `?from=`.
    ///
    /// # Errors
    /// `invalid_request` for what is no user's id.
    pub(super) fn of(request: &Request) -> Result<Self, Fault> {
        Self::named(request, "from")
    }

    /// The same with another parameter.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub(super) fn named(request: &Request, parameter: &str) -> Result<Self, Fault> {
        match request.extensions().get::<Arc<Identity>>() {
            Some(identity) => Ok(Self::User(identity.clone())),
            None => Ok(Self::BackEnd(Query::of(request.uri()).one::<UserId>(parameter, USER)?)),
        }
    }

    /// For whom a back end asks as the body says.
    ///
    /// # Errors
    /// `invalid_request` from a user: the token says who it is.
    pub(super) fn for_user(self, from: Option<UserId>) -> Result<Self, Fault> {
        match (self, from) {
            (Self::User(_), Some(_)) => {
                Err(Fault::invalid("from", "expected none: the token says who it is"))
            }
            (Self::BackEnd(_), from) => Ok(Self::BackEnd(from)),
            (caller, None) => Ok(caller),
        }
    }

    pub(super) fn author(&self) -> Author<'_> {
        match self {
            Self::User(identity) => Author::User(identity),
            Self::BackEnd(user) => Author::BackEnd(user.as_ref()),
        }
    }
}
