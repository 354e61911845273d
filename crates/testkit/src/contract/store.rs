//! The contract of [`Store`]: every sentence of its prose as a test, for [`store_contract!`](crate::store_contract).

use std::{
    future::Future,
    path::{Path, PathBuf},
    sync::Arc,
};

use tidings_core::Store;

pub mod audit;
pub mod chat;
pub mod copies;
pub mod data_keys;
pub mod entries;
pub mod erasing;
pub mod history;
pub mod inboxes;
pub mod jobs;
pub mod keys;
pub mod lasting;
pub mod members;
pub mod model;
pub mod order;
pub mod pages;
pub mod people;
pub mod receipts;
pub mod rooms;
pub mod search;
pub mod users;

/// Where the stores of one test come from. Dropping it cleans up.
///
/// What a store has not (a life after its process, other servers beside it, files) keeps its `None`, and the promises about it
/// have nothing to check.
pub trait Fresh {
    /// An empty store; called once.
    fn store(&mut self) -> impl Future<Output = Arc<dyn Store>>;

    /// Closes the store, the only one there is, and opens what it kept.
    fn reopen(&mut self, store: Arc<dyn Store>) -> impl Future<Output = Option<Arc<dyn Store>>> {
        drop(store);
        async { None }
    }

    /// Another server's store on the same data.
    fn beside(&mut self) -> impl Future<Output = Option<Arc<dyn Store>>> {
        async { None }
    }

    /// Opens a copy that [`Store::backup`] wrote.
    fn copy(&mut self, _: &Path) -> impl Future<Output = Option<Arc<dyn Store>>> {
        async { None }
    }

    /// Whether messages are found by their words: not where all is sealed.
    fn keeps_words(&self) -> bool {
        true
    }

    /// Files and folders in which the store keeps its content, to look for what was erased: asked for once, when it was written and
    /// before it is erased. Who writes later brings everything there now. Empty where nobody but another program knows them.
    fn files(&self) -> Vec<PathBuf> {
        Vec::new()
    }
}

/// Runs every promise of [`Store`] as a test of its own, in modules named after their groups. The first expression makes a
/// [`Fresh`], anew for each test; `cases` is how many random histories the store goes through.
///
/// ```text
/// tidings_testkit::store_contract!(Memory, cases: 200);
/// ```
#[macro_export]
macro_rules! store_contract {
    ($fresh:expr, cases: $cases:expr) => {
        fn fresh_store() -> impl $crate::contract::store::Fresh {
            $fresh
        }

        #[test]
        fn random_histories_read_like_the_model() {
            $crate::contract::store::history::random(fresh_store, $cases);
        }

        #[test]
        fn random_inboxes_read_like_the_model() {
            $crate::contract::store::inboxes::steps::random(fresh_store, $cases / 2);
        }

        #[test]
        fn random_chats_are_like_the_model() {
            $crate::contract::store::chat::history::random(fresh_store, $cases / 2);
        }

        $crate::store_promises! {
            entries: [
                offsets_begin_at_1_and_leave_none_out,
                rooms_count_for_themselves,
                entries_of_one_append_keep_their_order,
                an_entry_comes_back_as_it_was_given,
                texts_come_back_byte_for_byte,
                names_may_be_as_long_as_they_may,
                every_kind_of_room_has_a_log_of_its_own,
                any_time_will_do,
                an_append_may_be_large,
                an_append_of_nothing_is_nothing,
                keep_last_leaves_one,
                forget_drops_the_oldest_only,
            ],
            pages: [
                an_unknown_room_ends_at_0_in_the_epoch_of_its_first_entry,
                pages_begin_and_end_where_they_are_asked_to,
                pages_of_an_empty_log_say_where_it_stands,
                both_directions_meet_while_entries_arrive,
            ],
            keys: [
                a_request_made_again_appends_nothing_and_is_told_what_was,
                a_key_of_another_request_is_refused_and_nothing_is_appended,
                a_key_of_no_entries_is_kept_too,
                keys_are_any_visible_text_and_differ_by_every_letter,
                a_key_outlives_what_was_appended_with_it,
                tidy_forgets_old_keys_only,
                of_many_with_one_key_at_once_one_appends,
            ],
            order: [
                readers_meet_no_gap_and_no_double_while_many_append,
                an_append_in_two_rooms_is_seen_whole,
                appends_of_one_caller_keep_their_order,
            ],
            rooms: [
                a_room_is_known_by_what_was_done_to_it_first,
                put_room_says_whether_it_is_new_and_keeps_the_log,
                only_one_of_many_creates_a_room,
                a_deleted_room_is_gone_with_entries_and_members,
                a_log_begun_again_has_another_epoch,
                rooms_come_in_the_order_of_their_keys,
            ],
            members: [
                a_member_is_put_changed_and_removed,
                members_come_in_the_order_of_their_ids,
                rooms_of_a_user_come_in_the_order_of_their_names,
                only_one_of_many_makes_the_member,
            ],
            users: [
                entries_of_has_what_a_user_published_and_was_sent,
                entries_of_pages_meet,
                revoke_keeps_the_latest,
                tidy_forgets_old_revocations_only,
            ],
            inboxes: [
                a_notification_comes_back_as_it_was_given,
                two_with_one_dedupe_key_are_one,
                a_notification_made_again_is_told_what_was,
                what_tells_a_change_comes_with_it,
                a_broadcast_is_for_those_who_were_there,
                a_mark_covers_what_was_there,
                receipts_say_who_saw_and_read,
                receipts_of_a_broadcast_name_whom_marks_cover,
                settling_in_steps_changes_no_counter,
                what_is_too_old_is_dropped,
                all_of_a_large_inbox_is_marked,
                changes_of_many_at_once_are_all_counted,
                what_is_due_is_taken_by_one,
                what_comes_later_is_kept_with_what_comes_now,
                preferences_have_a_revision,
                inboxes_outlast_the_process,
                an_erased_inbox_is_in_no_file,
            ],
            people: [
                people_are_noted_as_they_are,
                of_what_is_noted_the_later_stays,
                a_lease_says_when_all_its_people_were_seen,
                who_is_left_behind_is_found,
                all_people_come_in_the_order_of_their_ids,
                erase_forgets_when_somebody_was_seen,
                old_leases_are_forgotten_with_their_last_one,
            ],
            receipts: [
                whoever_is_meant_has_a_receipt_from_the_start,
                a_delivery_is_noted_once_for_each_device,
                of_what_nobody_tracks_nothing_is_noted,
                acknowledging_is_for_whom_it_came_to,
                receipts_come_in_pages,
                receipts_go_when_their_time_is_over,
                erase_takes_receipts_along,
            ],
            data_keys: [
                a_data_key_is_found_by_id_and_scope,
                put_data_key_keeps_the_first,
                of_many_that_put_a_data_key_at_once_all_get_the_same,
                data_keys_come_in_the_order_of_their_ids,
                rewrap_changes_what_is_as_it_was_read,
                masters_come_once_each,
                no_data_key_ever_goes,
            ],
            erasing: [
                erase_takes_the_personal_room_and_blanks_the_rest,
                erase_reports_what_it_did_and_does_it_once,
                erase_leaves_similar_users_alone,
                what_was_erased_is_in_no_file,
            ],
            audit: [
                audit_records_are_numbered_and_chained,
                audit_pages_begin_behind_a_number,
                audit_of_many_at_once_is_one_chain,
            ],
            jobs: [
                a_claimed_job_is_refused_until_its_lease_ends,
                a_finished_job_is_not_due_before_its_time,
                a_job_keeps_how_it_ended,
                of_many_that_claim_at_once_one_has_the_job,
            ],
            lasting: [
                logs_go_on_after_reopening,
                the_book_is_as_it_was_after_reopening,
                two_servers_have_one_store,
                a_store_is_healthy,
            ],
            chat: [
                a_message_is_its_entry,
                what_is_refused_leaves_no_trace,
                a_client_id_sends_once_for_seven_days,
                of_many_with_one_client_id_one_sends,
                counters_are_right_when_many_act_at_once,
                e2_many_reactions_at_once_are_all_there,
                pages_of_messages_meet_while_more_come,
                the_first_who_react_are_named_and_all_are_counted,
                a_mute_ends_by_time_by_hand_or_with_its_room,
                chats_last,
                what_was_erased_of_chats_is_in_no_file,
                a_room_that_keeps_its_last_entry_keeps_one_message,
            ],
            search: [
                any_text_is_found_by_its_words,
                any_input_is_words,
                what_is_found_is_of_whom_when_and_where_it_is_asked_for,
                pages_of_what_is_found_meet,
                what_leaves_is_not_found_from_then_on,
                what_is_found_lasts,
                an_index_holds_no_words,
            ],
            copies: [
                a_copy_has_everything_and_replaces_no_file,
                a_copy_is_of_one_moment,
            ],
        }
    };
}

/// The tests of [`store_contract!`]; not for others.
#[doc(hidden)]
#[macro_export]
macro_rules! store_promises {
    ($($group:ident: [$($promise:ident),* $(,)?]),* $(,)?) => {
        $(mod $group {
            $(#[test]
            fn $promise() {
                $crate::contract::run(async {
                    let mut fresh = super::fresh_store();
                    $crate::contract::store::$group::$promise(&mut fresh).await;
                });
            })*
        })*
    };
}
