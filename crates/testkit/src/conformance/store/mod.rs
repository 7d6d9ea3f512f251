//! Stories of a store.
//!
//! Invariants: each story gets a store of its own; each ends with a look at the ledger.

pub mod access;
pub mod accounts;
pub mod allowances;
pub mod asks;
pub mod audit;
pub mod cancel;
pub mod catalog;
pub mod claim;
pub mod clients;
pub mod closings;
pub mod debts;
pub mod departures;
pub mod discounts;
pub mod exports;
pub mod flags;
pub mod flows;
pub mod fork;
pub mod identity;
pub mod imports;
pub mod invoices;
pub mod keys;
pub mod limits;
pub mod locks;
pub mod models;
pub mod notes;
mod open;
pub mod payment_links;
pub mod payment_returns;
pub mod payments;
pub mod people;
pub mod providers;
pub mod quota_events;
pub mod races;
pub mod referrals;
pub mod release;
pub mod requests;
pub mod rewards;
pub mod schedules;
pub mod settle;
pub mod sharing;
pub mod submit;
pub mod subscriptions;
pub mod sweep;
pub mod trials;
pub mod usage;
pub mod vouching;
mod world;
pub mod writes;

pub use open::OpenStore;
pub use world::World;

/// Declares a test for each story. `$open` is `async fn() -> anyhow::Result<OpenStore>`.
#[macro_export]
macro_rules! store_conformance {
    ($open:path) => {
        $crate::store_conformance!(@each $open:
            access::users_sign_in_and_out,
            access::an_email_is_taken_once,
            access::keys_are_seen_by_their_organization_alone,
            access::failed_sign_ins_are_counted_in_a_window,
            locks::owners_who_demote_each_other_at_once_leave_one,
            locks::administrators_who_ban_each_other_at_once_leave_one,
            locks::a_ban_outlasts_a_change_of_profile_at_the_same_moment,
            locks::guesses_at_once_count_no_more_than_the_limit,
            locks::joining_at_once_takes_no_more_than_the_seats,
            locks::ads_begun_at_once_are_counted_exactly,
            imports::costs_of_hashes_from_elsewhere_are_known_until_they_are_renewed,
            imports::costs_of_argon2id_are_told_each_once,
            imports::a_choice_of_plan_is_kept_until_the_plan_changes,
            imports::sessions_know_what_they_are_for,
            identity::links_are_good_once,
            identity::codes_are_good_once,
            identity::members_come_and_go,
            identity::networks_are_kept,
            people::a_suspension_ends_by_itself_and_a_ban_does_not,
            people::people_are_found_by_parts_of_address_and_name,
            people::what_only_the_banned_own_is_halted,
            people::costs_are_summed_by_operation_and_day,
            vouching::ceremonies_come_back_once,
            vouching::an_identity_is_one_persons,
            vouching::a_passkey_counts_on,
            identity::mails_are_sent_once_and_tried_again,
            identity::mails_and_invitations_leave_their_time,
            accounts::lots_are_used_by_expiry,
            accounts::credits_expire,
            accounts::lots_are_listed_in_the_order_of_use,
            accounts::a_fall_of_a_balance_is_told_once,
            accounts::the_ledger_and_the_audit_log_keep_what_was_written,
            accounts::the_ledger_is_filtered,
            audit::lines_are_read_by_identifier_whatever_their_times,
            payments::a_checkout_is_finished_once,
            payments::a_subscription_is_kept_as_it_was_told,
            trials::the_end_of_a_trial_is_told_of_once,
            payments::a_payment_may_succeed_later,
            payments::an_event_is_noted_once,
            payments::spent_credits_are_owed,
            payments::a_payment_keeps_its_trail,
            payments::returned_credits_are_restored,
            payments::open_checkouts_are_listed,
            discounts::a_discount_is_kept_step_by_step,
            discounts::a_discount_that_was_not_told_is_asked_for,
            payment_links::payments_told_before_their_subscription_are_its_own,
            payment_links::open_pages_for_plans_are_listed_by_their_organization,
            payment_returns::a_refund_that_failed_stays_so,
            payment_returns::disputes_are_kept_one_by_one,
            payment_returns::events_that_are_given_up_stay_unclear,
            subscriptions::what_is_not_paid_for_yet_hides_nothing,
            providers::subscriptions_are_listed_by_their_provider,
            providers::due_subscriptions_are_listed_to_the_end,
            providers::unclear_events_are_listed_by_their_provider,
            debts::what_a_cancelled_job_gives_back_pays_what_is_owed,
            debts::what_a_job_did_not_spend_pays_what_is_owed,
            debts::no_more_returns_than_is_not_owed,
            debts::a_debt_is_paid_before_a_lot_expires,
            debts::what_expired_is_not_owed,
            debts::of_an_expired_lot_what_was_spent_is_owed,
            debts::what_expired_meanwhile_does_not_count_again,
            invoices::numbers_have_neither_gaps_nor_twins,
            invoices::an_invoice_is_its_organizations_and_a_payment_has_one,
            invoices::a_number_of_another_series_is_passed_over,
            invoices::who_bought_is_erased_and_the_invoice_stays,
            requests::a_request_is_kept_once_and_answered_for_a_day,
            requests::a_request_is_held_by_one,
            requests::who_is_overtaken_ends_nothing,
            requests::a_request_is_forgotten,
            rewards::a_session_is_watched_and_decided_once,
            rewards::a_callback_is_noted_once,
            rewards::decisions_are_counted_and_reviewed_once,
            rewards::what_fraud_came_from_is_listed_once,
            catalog::datasets_have_versions_and_profiles,
            catalog::uploads_gather_parts,
            catalog::lists_come_in_pages,
            submit::a_job_is_held_queued_and_announced,
            submit::what_the_plan_refuses_leaves_no_trace,
            submit::a_blocked_job_runs_once_it_is_paid,
            submit::quotas_count_reservations,
            limits::months_begin_at_the_anchor,
            limits::another_anchor_begins_another_month,
            limits::a_day_is_whole_where_a_month_begins,
            limits::a_limit_of_ones_own_is_kept_changed_and_taken_back,
            limits::admission_goes_by_limits_of_ones_own,
            limits::claims_go_by_limits_of_ones_own,
            limits::results_are_kept_by_limits_of_ones_own,
            quota_events::refusals_are_counted_by_day_and_limit,
            quota_events::refused_calls_and_holds_are_counted,
            keys::a_repeated_key_answers_the_first_submission,
            keys::a_kept_key_tells_its_job,
            keys::twins_in_one_batch_make_one_job,
            keys::a_lost_answer_is_found_by_the_job,
            claim::a_claim_leases_the_oldest_job_of_the_first_class,
            claim::concurrency_is_kept_and_platform_jobs_ignore_it,
            claim::a_full_account_hides_nobody,
            claim::accounts_take_turns,
            notes::notes_are_told_in_order_and_the_last_of_a_name_stays,
            notes::heartbeats_prolong_and_tell_of_a_cancel,
            settle::a_success_costs_what_was_charged,
            settle::a_success_without_a_charge_costs_its_hold,
            settle::a_failure_costs_nothing,
            settle::transient_errors_are_retried_three_times,
            settle::the_third_dead_host_buries_the_job,
            settle::a_job_given_back_is_ready_at_once,
            settle::a_stale_attempt_changes_nothing,
            settle::artifacts_appear_with_a_success_alone,
            settle::units_are_corrected_in_their_own_month,
            cancel::a_queued_job_is_cancelled_at_once,
            cancel::a_running_job_is_asked_and_pays_what_it_used,
            cancel::another_organization_cannot_cancel,
            cancel::cancelling_often_keeps_a_part_of_the_rest,
            cancel::what_is_no_cancellation_of_its_owner_keeps_nothing,
            cancel::cancellations_at_once_are_counted_exactly,
            fork::children_run_and_the_parent_resumes,
            fork::children_draw_on_the_roots_hold,
            fork::only_so_many_children_run_at_once,
            fork::cancelling_a_root_cancels_its_tree,
            fork::grandchildren_count_to_every_job_above,
            fork::a_hold_can_be_raised,
            release::scheduled_jobs_start_when_their_time_comes,
            release::lost_leases_are_reaped,
            allowances::an_allowance_returns_what_was_not_used,
            allowances::an_allowance_keeps_to_the_quota,
            allowances::a_lost_allowance_ends_by_itself,
            allowances::an_allowance_counts_in_its_own_month,
            allowances::another_organization_cannot_end_an_allowance,
            asks::asks_are_summed_by_model,
            asks::asks_are_summed_by_tree_and_go_with_their_organization,
            referrals::a_code_is_one_organizations,
            referrals::a_referral_ends_once,
            schedules::a_schedule_is_kept_changed_and_deleted,
            schedules::a_nominal_time_has_one_run,
            flows::a_workflow_has_revisions,
            flows::a_runs_nodes_find_their_jobs,
            flows::a_restricted_result_is_used_again_by_its_own_person,
            flags::a_flag_is_kept_changed_and_removed,
            models::models_have_cards_and_versions,
            models::a_deleted_model_is_gone_and_not_used_again,
            sharing::a_restricted_job_is_seen_by_who_may,
            sharing::a_job_sees_what_its_asker_sees,
            sharing::a_restricted_workflow_hides_its_revisions,
            sharing::a_job_is_restricted_as_it_is_admitted,
            departures::somebody_leaves_and_stays_after_all,
            departures::who_leaves_is_erased_and_the_books_stay,
            closings::an_organization_closes_and_is_kept_after_all,
            closings::a_closed_organization_is_erased_once,
            clients::a_client_goes_with_its_tokens,
            clients::a_code_is_good_once,
            clients::codes_end_with_the_sessions,
            clients::grants_are_withdrawn_by_who_gave_them,
            exports::every_part_can_be_read,
            exports::only_ones_own_is_handed_out,
            sweep::a_chore_is_done_by_one_server,
            sweep::a_new_plan_sweeps_after_a_while,
            sweep::old_results_go_and_the_books_stay,
            sweep::what_is_still_read_stays,
            sweep::deleted_datasets_go,
            sweep::old_account_events_go,
            sweep::blobs_are_needed_by_their_rows,
            usage::use_is_summed_from_the_jobs,
            usage::a_day_is_rolled_up_as_a_whole,
            usage::who_was_erased_used_nothing,
            usage::requests_are_counted_by_the_day,
            writes::a_refused_write_changes_nothing,
            writes::writes_and_commands_queue_to_one_writer,
            races::two_hundred_submitters_never_overspend,
            races::a_bad_command_fails_alone,
            races::every_interleaving_keeps_the_books,
        );
    };
    (@each $open:path: $($module:ident::$story:ident),+ $(,)?) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $story() -> $crate::conformance::Outcome {
            let opened = $open().await?;
            let world = $crate::conformance::store::World::over(opened.store()).await?;
            $crate::conformance::store::$module::$story(&world).await?;
            world.check_books().await
        }
    )+};
}
