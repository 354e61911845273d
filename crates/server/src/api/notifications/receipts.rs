//! `GET /v1/entries/{id}/receipts`: who has a notification or an entry, on what, and what they did with it.

use std::sync::Arc;

use axum::extract::Request;
use tidings_core::store::receipts::{Delivered, EntryReceipt};
use tidings_protocol::{
    UserId,
    http::{DeliveredInfo, ReceiptInfo},
};

use crate::{
    App,
    api::{answer::Answer, endpoint::Outcome, page::PageRequest, path, query::Query},
};

/// Lists them in the order of their ids.
pub(crate) async fn receipts(app: Arc<App>, mut request: Request) -> Outcome {
    let id = path::id(&mut request).await?;
    let page = PageRequest::<UserId>::of(Query::of(request.uri()))?;
    let receipts = app.tidings.receipts(id, page.after(), page.wanted()).await?;
    Ok(Answer::now(&page.cut(receipts, |receipt| &receipt.user, show))?)
}

fn show(receipt: EntryReceipt) -> ReceiptInfo {
    let EntryReceipt { user, delivered, seen_at, read_at } = receipt;
    let device = |Delivered { device, client_type, at }| DeliveredInfo {
        device: device.into(),
        client_type: client_type.map(Into::into),
        at,
    };
    ReceiptInfo { user, delivered: delivered.into_iter().map(device).collect(), seen_at, read_at }
}
