//! `GET /v1/entries/{id}/receipts`: who has a notification, and what they did with it.

use std::sync::Arc;

use axum::extract::Request;
use tidings_core::store::inbox::Receipt;
use tidings_protocol::{UserId, http::ReceiptInfo};

use crate::{
    App,
    api::{answer::Answer, endpoint::Outcome, page::PageRequest, path, query::Query},
};

/// Lists them in the order of their ids.
pub(crate) async fn receipts(app: Arc<App>, mut request: Request) -> Outcome {
    let id = path::id(&mut request).await?;
    let page = PageRequest::<UserId>::of(Query::of(request.uri()))?;
    let receipts = app.tidings.receipts(id, page.after(), page.wanted()).await?;
    let show = |Receipt { user, seen_at, read_at }| ReceiptInfo { user, seen_at, read_at };
    Ok(Answer::now(&page.cut(receipts, |receipt| &receipt.user, show))?)
}
