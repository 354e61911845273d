//! What clients look for.

use std::sync::Arc;

use tidings_core::{Connection, tidings::chat::Author};
use tidings_protocol::{CorrelationId, Fault, Reply, chat::SearchRequest};

use crate::App;

/// Answers `search`.
///
/// # Errors
/// `invalid_request` for too long a query, `forbidden` and `not_found` for the room, `unavailable`.
pub(super) async fn handle(
    app: &App,
    connection: &Arc<Connection>,
    reply_to: Option<CorrelationId>,
    asked: SearchRequest,
) -> Result<Reply, Fault> {
    let identity = connection.identity();
    let data = app.tidings.search(Author::User(&identity), asked).await?;
    Ok(Reply::SearchResults { reply_to, data })
}
