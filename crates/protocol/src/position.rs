//! Where in a room's log: an offset within an epoch.

use std::{fmt, str::FromStr, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Place of an entry in its room's log; the first is 1, and none is missing between two.
#[derive(
    Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
#[schemars(transparent)]
pub struct Offset(pub u64);

impl Offset {
    /// The offset after this one.
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Names one life of a room's log: offsets of different epochs cannot be compared.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(transparent)]
pub struct Epoch(#[schemars(with = "String")] pub Arc<str>);

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An offset and the epoch it counts in; as text `epoch:offset`.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Position {
    /// The life of the log that `offset` counts in.
    pub epoch: Epoch,
    /// The last entry seen; 0 before the first.
    pub offset: Offset,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.epoch, self.offset)
    }
}

impl FromStr for Position {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let expected = "expected a position: <epoch>:<offset>";
        let (epoch, offset) = text.split_once(':').ok_or(expected)?;
        let offset = offset.parse().map_err(|_| expected)?;
        Ok(Self { epoch: Epoch(epoch.into()), offset: Offset(offset) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_survives_its_text() {
        let position = Position { epoch: Epoch("k3xw".into()), offset: Offset(17) };
        assert_eq!(position.to_string().parse(), Ok(position));
        assert!("k3xw".parse::<Position>().is_err());
        assert!("k3xw:-1".parse::<Position>().is_err());
    }
}
