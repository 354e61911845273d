//! A user's preferences as rules: whether somebody is told of something now.

use std::fmt;

use hashbrown::HashSet;
use jiff::tz::TimeZone;
use tidings_protocol::{
    Fault, RoomName, Timestamp,
    notification::{Digest, Preferences, QuietHours, Weekday},
};

use super::{repeat::zone, window::Window};
use crate::store::inbox::{Category, Notification, Severity};

const CATEGORIES_MAX: usize = 100;
const ROOMS_MAX: usize = 1_000;
const DIGESTS_MAX: usize = 100;
const KEY_BYTES_MAX: usize = 128;

/// What a user does not want to be told of, and when.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    categories: HashSet<Category>,
    rooms: HashSet<RoomName>,
    quiet: Option<Quiet>,
    digests: Vec<(By, Window)>,
}

/// What notifications are gathered by.
#[derive(Clone, PartialEq, Eq, Debug)]
enum By {
    Category(Category),
    Key(String),
}

#[derive(Clone, Debug)]
struct Quiet {
    /// Minutes since midnight.
    from: u16,
    to: u16,
    zone: TimeZone,
    /// From Monday on.
    days: [bool; 7],
    let_through: Vec<Severity>,
}

impl Rules {
    /// Checks preferences.
    ///
    /// # Errors
    /// `invalid_request` with the field: for what is no category and no time zone, for what stands there twice, for quiet hours that have no length, no
    /// day, or let everything through.
    pub fn read(preferences: &Preferences) -> Result<Self, Fault> {
        let mute = &preferences.mute;
        let mut rules = Self::default();
        if mute.categories.len() > CATEGORIES_MAX {
            return Err(Fault::invalid("mute.categories", format!("expected at most {CATEGORIES_MAX}")));
        }
        for (index, category) in mute.categories.iter().enumerate() {
            let path = || format!("mute.categories[{index}]");
            let category = Category::parse(category).map_err(|expected| Fault::invalid(path(), expected))?;
            if !rules.categories.insert(category) {
                return Err(Fault::invalid(path(), "expected each category once"));
            }
        }
        if mute.rooms.len() > ROOMS_MAX {
            return Err(Fault::invalid("mute.rooms", format!("expected at most {ROOMS_MAX}")));
        }
        for (index, room) in mute.rooms.iter().enumerate() {
            if !rules.rooms.insert(room.clone()) {
                return Err(Fault::invalid(format!("mute.rooms[{index}]"), "expected each room once"));
            }
        }
        rules.quiet = preferences.quiet_hours.as_ref().map(Quiet::read).transpose()?;
        if preferences.digest.len() > DIGESTS_MAX {
            return Err(Fault::invalid("digest", format!("expected at most {DIGESTS_MAX}")));
        }
        for (index, digest) in preferences.digest.iter().enumerate() {
            rules.add_digest(digest).map_err(|fault| {
                let field = fault.path.as_deref().unwrap_or_default();
                Fault { path: Some(format!("digest[{index}].{field}")), ..fault }
            })?;
        }
        Ok(rules)
    }

    /// # Errors
    /// `invalid_request` with the field of the digest.
    fn add_digest(&mut self, digest: &Digest) -> Result<(), Fault> {
        let by = match (&digest.category, &digest.key) {
            (Some(category), None) => {
                let category = Category::parse(category).map_err(|why| Fault::invalid("category", why))?;
                if self.categories.contains(&category) {
                    return Err(Fault::invalid("category", "expected one that is not muted"));
                }
                By::Category(category)
            }
            (None, Some(key)) => By::Key(digest_key("key", key)?.to_owned()),
            _ => return Err(Fault::invalid("category", "expected either category or key")),
        };
        if self.digests.iter().any(|(other, _)| *other == by) {
            return Err(Fault::invalid(by.field(), "expected each once"));
        }
        self.digests.push((by, Window::read(digest)?));
        Ok(())
    }

    /// Whether they change nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.categories.is_empty() && self.rooms.is_empty() && self.quiet.is_none() && self.digests.is_empty()
    }

    /// By what a notification that was taken at its `created_at` is gathered, and when it comes, if it is not to come at once.
    pub(super) fn digest(
        &self,
        notification: &Notification,
        key: Option<&str>,
    ) -> Option<(String, Timestamp)> {
        if notification.severity == Severity::Error {
            return None;
        }
        let of_key = |by: &By| matches!(by, By::Key(own) if Some(own.as_str()) == key);
        let of_category =
            |by: &By| matches!(by, By::Category(own) if Some(own) == notification.category.as_ref());
        let find = |is_it: &dyn Fn(&By) -> bool| self.digests.iter().find(|(by, _)| is_it(by));
        let (by, window) = find(&of_key).or_else(|| find(&of_category))?;
        Some((by.to_string(), window.end(notification.created_at)))
    }

    /// Whether a user with these rules is not told of a notification that comes now; `room` is the one to whose members it goes.
    pub(super) fn silence(
        &self,
        notification: &Notification,
        room: Option<&RoomName>,
        now: Timestamp,
    ) -> bool {
        let is_muted =
            notification.category.as_ref().is_some_and(|category| self.categories.contains(category))
                || room.is_some_and(|room| self.rooms.contains(room));
        is_muted || self.quiet.as_ref().is_some_and(|quiet| quiet.silences(notification.severity, now))
    }
}

/// Checks what notifications may be gathered by.
///
/// # Errors
/// `invalid_request` at `path`.
pub(super) fn digest_key<'a>(path: &str, key: &'a str) -> Result<&'a str, Fault> {
    match (1..=KEY_BYTES_MAX).contains(&key.len()) && !key.chars().any(char::is_control) {
        true => Ok(key),
        false => Err(Fault::invalid(path, "expected 1 to 128 bytes without control characters")),
    }
}

impl By {
    fn field(&self) -> &'static str {
        match self {
            Self::Category(_) => "category",
            Self::Key(_) => "key",
        }
    }
}

/// As it is kept: `category:news`, `key:build`.
impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self {
            Self::Category(category) => category.as_str(),
            Self::Key(key) => key,
        };
        write!(f, "{}:{word}", self.field())
    }
}

impl Quiet {
    fn read(hours: &QuietHours) -> Result<Self, Fault> {
        let wrong =
            |path: &str, message: &'static str| Err(Fault::invalid(format!("quiet_hours.{path}"), message));
        if hours.from == hours.to {
            return wrong("to", "expected another time than from: there are no hours between");
        }
        let zone = zone("quiet_hours.time_zone", &hours.time_zone)?;
        let mut days = [hours.days.is_none(); 7];
        for day in hours.days.iter().flatten() {
            let day = &mut days[*day as usize];
            if std::mem::replace(day, true) {
                return wrong("days", "expected each day once");
            }
        }
        if days == [false; 7] {
            return wrong("days", "expected at least one day, or none of this field for every day");
        }
        let let_through: Vec<Severity> =
            hours.let_through.iter().filter_map(|severity| Severity::parse(severity.as_str())).collect();
        if Severity::ALL.iter().all(|severity| let_through.contains(severity)) {
            return wrong("let_through", "lets everything through, so that nothing would be quiet");
        }
        Ok(Self { from: hours.from.minutes(), to: hours.to.minutes(), zone, days, let_through })
    }

    fn silences(&self, severity: Severity, now: Timestamp) -> bool {
        if self.let_through.contains(&severity) {
            return false;
        }
        let Some(now) =
            i64::try_from(now.millis()).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok())
        else {
            return false;
        };
        let there = now.to_zoned(self.zone.clone());
        let minute = u16::from(there.hour().unsigned_abs()) * 60 + u16::from(there.minute().unsigned_abs());
        let today = usize::from(there.weekday().to_monday_zero_offset().unsigned_abs());
        let yesterday = (today + 6) % 7;
        let begins_on = |day: usize| self.days.get(day).copied().unwrap_or_default();
        match self.from < self.to {
            true => (self.from..self.to).contains(&minute) && begins_on(today),
            false => (minute >= self.from && begins_on(today)) || (minute < self.to && begins_on(yesterday)),
        }
    }
}

// The places of days in `Quiet::days`.
const _: () = assert!(Weekday::Mon as usize == 0 && Weekday::Sun as usize == 6);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::inbox::Content;
    use tidings_protocol::EntryId;

    fn rules(json: &str) -> Result<Rules, Fault> {
        Rules::read(&serde_json::from_str(json).unwrap())
    }

    fn is_silent(rules: &Rules, severity: Severity, at: &str) -> bool {
        let now: Timestamp = at.parse().unwrap();
        let category = Some(Category::parse("order").unwrap());
        let (id, content) = (EntryId::new(now), Content::default());
        let notification =
            Notification { id, severity, category, created_at: now, expires_at: None, content };
        rules.silence(&notification, Some(&"tickets".parse().unwrap()), now)
    }

    #[test]
    fn nights_are_quiet_where_the_user_is() {
        let night = rules(
            r#"{"quiet_hours":{"from":"22:00","to":"07:00","time_zone":"Europe/Berlin","days":["fri"]}}"#,
        )
        .unwrap();
        // 2026-11-20 is a Friday; Berlin is an hour ahead of UTC.
        for (at, silent) in [
            ("2026-11-20T20:59:00Z", false),
            ("2026-11-20T21:00:00Z", true),
            ("2026-11-21T05:59:00Z", true),
            ("2026-11-21T06:00:00Z", false),
            ("2026-11-21T21:30:00Z", false),
            ("2026-11-20T05:00:00Z", false),
        ] {
            assert_eq!(is_silent(&night, Severity::Warning, at), silent, "{at}");
            assert!(!is_silent(&night, Severity::Error, at), "what is critical is told");
        }
    }

    #[test]
    fn what_is_muted_is_so_at_any_time() {
        for mute in [r#"{"mute":{"categories":["order"]}}"#, r#"{"mute":{"rooms":["tickets"]}}"#] {
            assert!(is_silent(&rules(mute).unwrap(), Severity::Error, "2026-11-20T12:00:00Z"));
        }
        assert!(!is_silent(
            &rules(r#"{"mute":{"categories":["orders"]}}"#).unwrap(),
            Severity::Info,
            "2026-11-20T12:00:00Z"
        ));
        assert!(rules("{}").unwrap().is_empty());
    }

    #[test]
    fn what_is_gathered_says_by_what_and_until_when() {
        let rules = rules(
            r#"{"digest":[{"category":"order","every":"1d","at":"09:00"},{"key":"build","every":"1h"}]}"#,
        )
        .unwrap();
        let created_at: Timestamp = "2026-11-21T06:12:00Z".parse().unwrap();
        let of = |category: &str, severity: Severity, key: Option<&str>| {
            let (id, content) = (EntryId::new(created_at), Content::default());
            let category = Some(Category::parse(category).unwrap());
            rules.digest(&Notification { id, severity, category, created_at, expires_at: None, content }, key)
        };
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let daily = Some(("category:order".to_owned(), at("2026-11-21T09:00:00Z")));
        assert_eq!(of("order", Severity::Info, None), daily);
        assert_eq!(of("order", Severity::Warning, Some("other")), daily);
        let hourly = Some(("key:build".to_owned(), at("2026-11-21T07:00:00Z")));
        assert_eq!(of("order", Severity::Info, Some("build")), hourly, "its key goes before its category");
        assert_eq!(of("news", Severity::Info, None), None);
        assert_eq!(of("order", Severity::Error, None), None, "what is critical comes at once");
    }

    #[test]
    fn contradictions_are_named() {
        let hours = |more: &str| format!(r#"{{"quiet_hours":{{"from":"22:00","time_zone":"UTC",{more}}}}}"#);
        for (json, path) in [
            (hours(r#""to":"22:00""#), "quiet_hours.to"),
            (hours(r#""to":"07:00","days":[]"#), "quiet_hours.days"),
            (hours(r#""to":"07:00","days":["mon","mon"]"#), "quiet_hours.days"),
            (
                hours(r#""to":"07:00","let_through":["info","success","warning","error"]"#),
                "quiet_hours.let_through",
            ),
            (
                r#"{"quiet_hours":{"from":"22:00","to":"07:00","time_zone":"Moon/Sea"}}"#.into(),
                "quiet_hours.time_zone",
            ),
            (r#"{"mute":{"categories":["a","a"]}}"#.into(), "mute.categories[1]"),
            (r#"{"mute":{"categories":[""]}}"#.into(), "mute.categories[0]"),
            (r#"{"mute":{"rooms":["a","b","a"]}}"#.into(), "mute.rooms[2]"),
            (r#"{"digest":[{"every":"1h"}]}"#.into(), "digest[0].category"),
            (r#"{"digest":[{"category":"a","key":"b","every":"1h"}]}"#.into(), "digest[0].category"),
            (
                r#"{"digest":[{"category":"a","every":"1h"},{"category":"a","every":"2h"}]}"#.into(),
                "digest[1].category",
            ),
            (r#"{"digest":[{"key":"a","every":"1h","at":"09:00"}]}"#.into(), "digest[0].at"),
            (
                r#"{"mute":{"categories":["a"]},"digest":[{"category":"a","every":"1h"}]}"#.into(),
                "digest[0].category",
            ),
        ] {
            assert_eq!(rules(&json).unwrap_err().path.as_deref(), Some(path), "{json}");
        }
    }
}
