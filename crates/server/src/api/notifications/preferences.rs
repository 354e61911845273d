//! `…/preferences`: how users want to be told.

use std::sync::Arc;

use axum::extract::Request;
use serde::Deserialize;
use serde_json::value::RawValue;
use tidings_core::Tidings;
use tidings_protocol::{
    Fault, RoomName, UserId,
    envelope::{not_an_object, optional, required},
    notification::{Digest, Mute, Preferences, QuietHours, Severity, TimeOfDay, Weekday},
    object,
};

use crate::{
    App,
    api::{answer::Answer, body, endpoint::Outcome, me, path, refusal::inner},
};

/// Shows a back end how a user wants to be told.
pub(crate) async fn preferences_of(app: Arc<App>, mut request: Request) -> Outcome {
    let user = path::user(&mut request).await?;
    Ok(Answer::now(&app.tidings.preferences(&user).await?)?)
}

/// Puts how a user wants to be told.
pub(crate) async fn put_preferences_of(app: Arc<App>, mut request: Request) -> Outcome {
    let user = path::user(&mut request).await?;
    put(app, request, &user).await
}

/// Shows users how they want to be told.
pub(crate) async fn my_preferences(app: Arc<App>, request: Request) -> Outcome {
    let reader = Tidings::own_inbox(&*me::caller(&request)?)?;
    Ok(Answer::now(&app.tidings.preferences(&reader.user).await?)?)
}

/// Puts how users want to be told themselves.
pub(crate) async fn put_my_preferences(app: Arc<App>, request: Request) -> Outcome {
    let reader = Tidings::own_inbox(&*me::caller(&request)?)?;
    put(app, request, &reader.user).await
}

async fn put(app: Arc<App>, request: Request, user: &UserId) -> Outcome {
    let preferences = read(&body::read(&app, request).await?)?;
    app.tidings.put_preferences(user, &preferences).await?;
    Ok(Answer::now(&preferences)?)
}

fn read(json: &[u8]) -> Result<Preferences, Fault> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Fields<'a> {
        #[serde(borrow, default)]
        mute: Option<&'a RawValue>,
        #[serde(borrow, default)]
        quiet_hours: Option<&'a RawValue>,
        #[serde(borrow, default)]
        digest: Option<&'a RawValue>,
    }
    let fields: Fields<'_> = object::from_slice(json).map_err(|error| not_an_object(&error))?;
    let given = |raw: Option<&'_ RawValue>| raw.is_some_and(|raw| raw.get() != "null");
    Ok(Preferences {
        mute: fields.mute.filter(|_| given(fields.mute)).map(mute).transpose()?.unwrap_or_default(),
        quiet_hours: fields.quiet_hours.filter(|_| given(fields.quiet_hours)).map(hours).transpose()?,
        digest: fields.digest.filter(|_| given(fields.digest)).map(digests).transpose()?.unwrap_or_default(),
    })
}

fn digests(raw: &RawValue) -> Result<Vec<Digest>, Fault> {
    let all: Vec<&RawValue> = serde_json::from_str(raw.get())
        .map_err(|_| Fault::invalid("digest", "expected a list of objects"))?;
    let read = |(index, raw): (usize, &&RawValue)| {
        digest(raw).map_err(|fault| {
            let path = fault.path.as_deref().unwrap_or_default();
            let path = path.strip_prefix("digest").unwrap_or(path);
            Fault { path: Some(format!("digest[{index}]{path}")), ..fault }
        })
    };
    all.iter().enumerate().map(read).collect()
}

fn digest(raw: &RawValue) -> Result<Digest, Fault> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Fields<'a> {
        #[serde(borrow, default)]
        category: Option<&'a RawValue>,
        #[serde(borrow, default)]
        key: Option<&'a RawValue>,
        #[serde(borrow, default)]
        every: Option<&'a RawValue>,
        #[serde(borrow, default)]
        at: Option<&'a RawValue>,
        #[serde(borrow, default)]
        time_zone: Option<&'a RawValue>,
    }
    let fields: Fields<'_> = inner("digest", raw)?;
    Ok(Digest {
        category: optional("digest.category", fields.category)?,
        key: optional("digest.key", fields.key)?,
        every: required("digest.every", fields.every)?,
        at: optional::<TimeOfDay>("digest.at", fields.at)?,
        time_zone: optional("digest.time_zone", fields.time_zone)?,
    })
}

fn mute(raw: &RawValue) -> Result<Mute, Fault> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Fields<'a> {
        #[serde(borrow, default)]
        categories: Option<&'a RawValue>,
        #[serde(borrow, default)]
        rooms: Option<&'a RawValue>,
    }
    let fields: Fields<'_> = inner("mute", raw)?;
    let categories = optional("mute.categories", fields.categories)?.unwrap_or_default();
    let rooms = optional::<Vec<RoomName>>("mute.rooms", fields.rooms)?.unwrap_or_default();
    Ok(Mute { categories, rooms })
}

fn hours(raw: &RawValue) -> Result<QuietHours, Fault> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Fields<'a> {
        #[serde(borrow, default)]
        from: Option<&'a RawValue>,
        #[serde(borrow, default)]
        to: Option<&'a RawValue>,
        #[serde(borrow, default)]
        time_zone: Option<&'a RawValue>,
        #[serde(borrow, default)]
        days: Option<&'a RawValue>,
        #[serde(borrow, default)]
        let_through: Option<&'a RawValue>,
    }
    let fields: Fields<'_> = inner("quiet_hours", raw)?;
    Ok(QuietHours {
        from: required::<TimeOfDay>("quiet_hours.from", fields.from)?,
        to: required::<TimeOfDay>("quiet_hours.to", fields.to)?,
        time_zone: required("quiet_hours.time_zone", fields.time_zone)?,
        days: optional::<Vec<Weekday>>("quiet_hours.days", fields.days)?,
        let_through: optional("quiet_hours.let_through", fields.let_through)?
            .unwrap_or_else(|| vec![Severity::Error]),
    })
}
