//! Rules of rooms: `[[rooms]]` in the file, then the built-in ones. The first rule that matches a name decides.

use crate::Settings;
use crate::access::{Access, AnyOf, Keep};
use crate::format::{Flag, Plain};
use crate::pattern::Pattern;
use crate::sections::words;
use crate::special::Accesses;
use crate::table::{paragraph, section};

section! {
    /// Rules of rooms, by name. The first rule that matches decides; the built-in ones come after those written here.
    pub struct RoomRule in RoomRule;
    /// Names the rule is for: `orders`, `order_{id}`. A placeholder stands for one or more characters; the last one
    /// takes the rest of the name. Every rule needs it.
    pattern ("match"): Pattern = "{name}", Plain("room pattern");
    /// Who may join: `anyone`, `users` (signed in), `members`, `granted` (by the token), `role:NAME`, `pair` (the two
    /// users in the name), `nobody`; a list means any of them.
    join: AnyOf = "members", Accesses;
    /// Who may publish, in the same words. The back end always may.
    publish: AnyOf = "members", Accesses;
    /// How long entries are kept: `none`, `last` (only the last one) or a time.
    keep: Keep = "90d", Plain("none, last or time");
    /// Whether all entries are sealed with `security.encryption_keys` where they are stored, and not only those in which a secret is found.
    encrypt: bool = "false", Flag;
    /// What is kept of what a chat's messages said before: `edits`, what was edited, until the message is deleted; `all`, and
    /// what a deleted one said, for moderators and back ends; `none`.
    versions: Earlier = "edits", Plain("edits, all or none");
}

/// What is kept of what a message said before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Earlier {
    /// What was edited, until the message is deleted.
    Edits,
    /// That, and what a message said that was deleted.
    All,
    /// Nothing.
    None,
}

words!(Earlier, "\"edits\", \"all\" or \"none\"", "edits" = Edits, "all" = All, "none" = None);

impl RoomRule {
    /// What rules are for, as one paragraph.
    pub(crate) fn doc() -> String {
        paragraph(Self::DOC)
    }

    /// What is wrong with the rule as a whole.
    pub(crate) fn contradiction(&self) -> Option<(&'static str, &'static str)> {
        let pair = self.pattern.placeholders().len() == 2;
        let asks = |accesses: &AnyOf| accesses.contains(&Access::Pair) && !pair;
        let wrong = "\"pair\" needs a `match` with exactly two placeholders, such as user_{a}_{b}";
        if asks(&self.join) {
            Some(("join", wrong))
        } else if asks(&self.publish) {
            Some(("publish", wrong))
        } else {
            None
        }
    }
}

/// The rules that hold where the file has none: match, join, publish, keep.
const BUILT_IN: [(&str, &str, &str, &str); 6] = [
    ("order_{id}", "members", "members", "90d"),
    ("quote_{id}", "members", "members", "90d"),
    ("support_{id}", "members, role:support", "members, role:support", "90d"),
    ("user_{a}_{b}", "pair", "pair", "90d"),
    ("channel_{name}", "users", "users", "90d"),
    // Plain topics: everyone may listen, only the back end and tokens that grant the room may speak.
    ("{name}", "anyone", "nobody", "5m"),
];

/// The built-in rules, in their order. The last one matches every name.
pub fn built_in_rooms() -> Vec<RoomRule> {
    use crate::format::Format;
    use crate::value::Value;
    let accesses =
        |text: &str| Accesses.read(&Value::Word(text.to_owned())).expect("a test reads every built-in rule");
    BUILT_IN
        .iter()
        .map(|(pattern, join, publish, keep)| RoomRule {
            pattern: pattern.parse().expect("a test reads every built-in rule"),
            join: accesses(join),
            publish: accesses(publish),
            keep: keep.parse().expect("a test reads every built-in rule"),
            encrypt: false,
            versions: Earlier::Edits,
        })
        .collect()
}

impl Settings {
    /// The rule for a room: the first that matches. `None` only for the empty name.
    pub fn room_rule(&self, room: &str) -> Option<&RoomRule> {
        self.rooms.iter().find(|rule| rule.pattern.matches(room))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_rules() {
        let settings = Settings::default();
        let check = |room: &str, pattern: &str, join: &str, keep: &str| {
            let rule = settings.room_rule(room).unwrap();
            let join_text = rule.join.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
            assert_eq!((rule.pattern.as_str(), join_text.as_str()), (pattern, join), "{room}");
            assert_eq!(rule.keep.to_string(), keep);
            assert_eq!(rule.contradiction(), None);
        };
        check("order_123", "order_{id}", "members", "90d");
        check("quote_7", "quote_{id}", "members", "90d");
        check("support_7", "support_{id}", "members role:support", "90d");
        check("user_ada_bob", "user_{a}_{b}", "pair", "90d");
        check("channel_general", "channel_{name}", "users", "90d");
        check("orders", "{name}", "anyone", "5m");
        check("user_ada", "{name}", "anyone", "5m");
        let plain = settings.room_rule("orders").unwrap();
        assert_eq!(plain.publish, Access::Nobody.into());
        assert_eq!(settings.room_rule(""), None);
    }

    #[test]
    fn pair_needs_two_placeholders() {
        let rule = RoomRule {
            pattern: "user_{a}".parse().unwrap(),
            join: Access::Pair.into(),
            ..RoomRule::default()
        };
        assert_eq!(rule.contradiction().unwrap().0, "join");
    }
}
