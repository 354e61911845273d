//! People's presence and receipts are no log: all of it goes to the store behind as it is.

use std::ops::RangeInclusive;

use tidings_protocol::{Timestamp, UserId};

use super::{RecentStore, pass_on};
use crate::store::{Answer, People, Person, ServerId};

crate::hand_on_receipts!(RecentStore, |recent| recent.store());

impl People for RecentStore {
    crate::people_calls!(pass_on);
}
