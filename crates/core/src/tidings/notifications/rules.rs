//! A user's preferences as rules: whether somebody is told of something now.

use hashbrown::HashSet;
use jiff::tz::TimeZone;
use tidings_protocol::{
    Fault, RoomName, Timestamp,
    notification::{Preferences, QuietHours, Weekday},
};

use super::repeat::zone;
use crate::store::inbox::{Category, Notification, Severity};

const CATEGORIES_MAX: usize = 100;
const ROOMS_MAX: usize = 1_000;

/// What a user does not want to be told of, and when.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    categories: HashSet<Category>,
    rooms: HashSet<RoomName>,
    quiet: Option<Quiet>,
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
        Ok(rules)
    }

    /// Whether they never silence anything.
    pub(super) fn is_empty(&self) -> bool {
        self.categories.is_empty() && self.rooms.is_empty() && self.quiet.is_none()
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
        ] {
            assert_eq!(rules(&json).unwrap_err().path.as_deref(), Some(path), "{json}");
        }
    }
}
