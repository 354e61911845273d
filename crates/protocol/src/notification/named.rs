//! Which notifications a message is about: one, or some.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{EntryId, Fault, envelope::optional};

/// Most notifications that one message, or one request, may name.
pub const IDS_MAX: usize = 200;
/// Most notifications of one `unread_notifications`.
pub const UNREAD_LIMIT_MAX: u16 = 200;

/// Which notifications: one of the two.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", try_from = "Fields")]
#[schemars(!try_from)]
pub enum Named {
    /// This one.
    NotificationId(EntryId),
    /// These, 1 to [`IDS_MAX`].
    NotificationIds(Vec<EntryId>),
}

/// [`Named`] as it stands among a message's other fields, where a plain enum would stumble over them.
#[derive(Deserialize)]
struct Fields {
    #[serde(default)]
    notification_id: Option<EntryId>,
    #[serde(default)]
    notification_ids: Option<Vec<EntryId>>,
}

impl TryFrom<Fields> for Named {
    type Error = &'static str;

    fn try_from(fields: Fields) -> Result<Self, Self::Error> {
        match (fields.notification_id, fields.notification_ids) {
            (Some(id), None) => Ok(Self::NotificationId(id)),
            (None, Some(ids)) if (1..=IDS_MAX).contains(&ids.len()) => Ok(Self::NotificationIds(ids)),
            (None, Some(_)) => Err("expected 1 to 200 ids"),
            _ => Err("expected either notification_id or notification_ids"),
        }
    }
}

impl Named {
    /// Reads the two fields of a message.
    pub(crate) fn read(one: Option<&RawValue>, some: Option<&RawValue>) -> Result<Self, Fault> {
        let fields = Fields {
            notification_id: optional("notification_id", one)?,
            notification_ids: optional("notification_ids", some)?,
        };
        let path = if fields.notification_ids.is_some() { "notification_ids" } else { "notification_id" };
        fields.try_into().map_err(|message: &'static str| Fault::invalid(path, message))
    }

    /// Their ids.
    pub fn ids(self) -> Vec<EntryId> {
        match self {
            Self::NotificationId(id) => vec![id],
            Self::NotificationIds(ids) => ids,
        }
    }
}
