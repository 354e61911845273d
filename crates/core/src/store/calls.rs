//! The calls of the store's traits as lists, for whoever writes a store in front of a store: `key_calls!(pass_on)` gives them to the macro `pass_on!` as
//! `name(argument: type, …) -> what is answered;`. The types' names are those that the caller imports.

/// Calls of [`crate::Store`] that neither read nor change logs, but for `audit` and `health`.
#[macro_export]
macro_rules! calls_beside_logs {
    ($each:ident) => {
        $each! {
            put_room(room: RoomName, data: Json, now: Timestamp) -> bool;
            member(room: RoomName, user: UserId) -> Option<Member>;
            members(room: RoomName, after: Option<UserId>, limit: usize) -> Vec<Member>;
            rooms_of(user: UserId, after: Option<RoomName>, limit: usize) -> Vec<(RoomName, MemberRole)>;
            put_member(room: RoomName, user: UserId, role: MemberRole, now: Timestamp) -> bool;
            remove_member(room: RoomName, user: UserId) -> bool;
            revoke(user: UserId, at: Timestamp) -> ();
            revocations(since: Timestamp) -> Vec<Revocation>;
            audit_log(after: u64, limit: usize) -> Vec<AuditRecord>;
            claim_job(name: &'static str, now: Timestamp, every_ms: u64, lease_ms: u64) -> bool;
            finish_job(name: &'static str, now: Timestamp, outcome: Result<Json, String>) -> ();
            jobs() -> Vec<JobState>;
        }
    };
}

/// Calls of [`crate::Store`] that tell where logs are, or take something away from them.
#[macro_export]
macro_rules! calls_about_logs {
    ($each:ident) => {
        $each! {
            head(room: RoomKey) -> Position;
            room(room: RoomKey) -> Option<RoomRecord>;
            rooms(after: Option<RoomKey>, limit: usize) -> Vec<RoomRecord>;
            delete_room(room: RoomName) -> bool;
            erase(user: UserId) -> Erased;
            forget(room: RoomKey, up_to: Offset) -> u64;
            tidy(now: Timestamp, tidy: Tidy) -> u64;
        }
    };
}

/// All calls of [`crate::store::KeyStore`].
#[macro_export]
macro_rules! key_calls {
    ($each:ident) => {
        $each! {
            data_key(id: DataKeyId) -> Option<WrappedKey>;
            data_key_of(scope: String) -> Option<WrappedKey>;
            put_data_key(key: WrappedKey) -> WrappedKey;
            data_keys(after: Option<DataKeyId>, limit: usize) -> Vec<WrappedKey>;
            rewrap_data_keys(keys: Vec<Rewrap>) -> u64;
            data_key_masters() -> Vec<WrappedKey>;
        }
    };
}

/// All calls of [`crate::store::People`].
#[macro_export]
macro_rules! people_calls {
    ($each:ident) => {
        $each! {
            note_people(people: Vec<Person>) -> ();
            people(users: Vec<UserId>) -> Vec<Person>;
            all_people(after: Option<UserId>, limit: usize) -> Vec<Person>;
            renew_lease(server: ServerId, now: Timestamp) -> ();
            left_behind(alive: RangeInclusive<Timestamp>, limit: usize) -> Vec<Person>;
        }
    };
}
