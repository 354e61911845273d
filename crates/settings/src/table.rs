//! The table of settings: one row for each, made from the struct definitions in `sections.rs`.
//!
//! File keys, variables, flags, errors, the reference and the example file all come from these rows, so a new setting is
//! one new field in `sections.rs` and nothing else.

use std::sync::LazyLock;

use crate::Settings;
use crate::rooms::RoomRule;
use crate::sections::{
    Auth, Broker, Documents, Limits, Live, Log, Notifications, Security, Server, Store, Webhooks,
};
use crate::value::Value;

/// One setting of a tree or, for `[[rooms]]`, of one rule.
pub struct Row<Root: 'static> {
    /// The section in the file: `server`.
    pub section: &'static str,
    /// The key in its section: `listen`.
    pub key: &'static str,
    /// The doc comment, line by line.
    pub(crate) doc: &'static [&'static str],
    /// The default, as it would be written in the environment.
    pub default: &'static str,
    /// Whether values must not be repeated in errors.
    pub secret: bool,
    /// What a value looks like: `text`, `time`, `list of secrets`.
    pub unit: String,
    pub(crate) write: fn(&mut Root, &Value) -> Result<(), String>,
    pub(crate) read: fn(&Root) -> Value,
}

impl<Root> Row<Root> {
    /// The name in the file and, behind `--`, as a flag: `server.listen`.
    pub fn name(&self) -> String {
        format!("{}.{}", self.section, self.key)
    }

    /// The name in the environment: `TIDINGS_SERVER_LISTEN`.
    pub fn variable(&self) -> String {
        format!("{PREFIX}{}_{}", self.section, self.key).to_ascii_uppercase()
    }

    /// What the setting is for, as one paragraph.
    pub fn doc(&self) -> String {
        paragraph(self.doc)
    }

    /// Sets the value, or says what was expected and, unless it is a secret, what was found.
    pub(crate) fn set(&self, root: &mut Root, value: &Value) -> Result<(), String> {
        (self.write)(root, value).map_err(|expected| {
            if self.secret {
                return format!("expected {expected}");
            }
            let found: String = value.to_string().chars().take(LONGEST_FOUND).collect();
            format!("expected {expected}, found {found}")
        })
    }
}

/// What every variable of Tidings begins with.
pub(crate) const PREFIX: &str = "TIDINGS_";

/// How much of a wrong value an error repeats, in characters.
const LONGEST_FOUND: usize = 60;

/// Joins the lines of a doc comment.
pub(crate) fn paragraph(lines: &[&str]) -> String {
    lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}

/// A section of the settings: its name, what it is about, and its rows.
pub struct Section {
    /// The name in the file: `server`.
    pub name: &'static str,
    doc: &'static [&'static str],
    /// The settings, in the order of the struct.
    pub rows: Vec<Row<Settings>>,
}

impl Section {
    /// What the section is about, as one paragraph.
    pub fn doc(&self) -> String {
        paragraph(self.doc)
    }
}

/// Every section but `[[rooms]]`, in the order of the file.
pub fn sections() -> &'static [Section] {
    &SECTIONS
}

/// The keys of one `[[rooms]]` rule.
pub fn room_rows() -> &'static [Row<RoomRule>] {
    &ROOM_ROWS
}

/// Every setting but those of `[[rooms]]`, in the order of the file.
pub fn rows() -> impl Iterator<Item = &'static Row<Settings>> {
    sections().iter().flat_map(|section| &section.rows)
}

static ROOM_ROWS: LazyLock<Vec<Row<RoomRule>>> = LazyLock::new(|| RoomRule::rows("rooms"));

static SECTIONS: LazyLock<Vec<Section>> = LazyLock::new(|| {
    macro_rules! list {
        ($($name:literal $type:ident)*) => {
            vec![$(Section { name: $name, doc: $type::DOC, rows: $type::rows($name) }),*]
        };
    }
    list! {
        "server" Server "auth" Auth "store" Store "broker" Broker "limits" Limits "live" Live
        "notifications" Notifications "security" Security "webhooks" Webhooks "log" Log "documents" Documents
    }
});

/// Defines a section's struct and its rows at once. A field is written
///
/// ```text
/// /// What it is for.
/// name: Type = "default", FORMAT;
/// ```
///
/// with `name ("key")` where the key is a Rust keyword. `in Settings.server` says where the struct sits in the tree.
macro_rules! section {
    (
        $(#[doc = $about:literal])+
        pub struct $name:ident in $root:ident $(. $place:ident)?;
        $($(#[doc = $doc:literal])+ $field:ident $(($key:literal))? : $type:ty = $default:literal, $format:expr;)+
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name {
            $($(#[doc = $doc])+ #[doc = concat!("\n\nDefault: `", $default, "`.")] pub $field: $type,)+
        }

        impl $name {
            pub(crate) const DOC: &[&str] = &[$($about),+];

            fn place(root: &$root) -> &Self {
                &(*root) $(.$place)?
            }

            fn place_mut(root: &mut $root) -> &mut Self {
                &mut (*root) $(.$place)?
            }

            pub(crate) fn rows(section: &'static str) -> Vec<$crate::table::Row<$root>> {
                use $crate::format::Format;
                vec![$($crate::table::Row {
                    section,
                    key: $crate::table::section!(@key $field $($key)?),
                    doc: &[$($doc),+],
                    default: $default,
                    secret: Format::<$type>::secret(&$format),
                    unit: Format::<$type>::unit(&$format),
                    write: |root, value| {
                        Self::place_mut(root).$field = Format::<$type>::read(&$format, value)?;
                        Ok(())
                    },
                    read: |root| Format::<$type>::show(&$format, &Self::place(root).$field),
                }),+]
            }
        }

        impl Default for $name {
            fn default() -> Self {
                use $crate::format::Format;
                Self {
                    $($field: Format::<$type>::read(&$format, &$crate::value::Value::Word($default.to_owned()))
                        .expect("defaults can be read: a test reads every one"),)+
                }
            }
        }
    };
    (@key $field:ident) => { stringify!($field) };
    (@key $field:ident $key:literal) => { $key };
}

pub(crate) use section;
