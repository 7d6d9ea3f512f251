//! The routes, one file per noun.

mod account;
mod account_export;
mod admin;
mod admin_billing;
mod admin_fraud;
mod admin_limits;
mod admin_payment_events;
mod admin_payments;
mod admin_session;
mod admin_users;
mod api_keys;
mod app_shell;
mod artifacts;
mod audit;
mod audit_export;
mod auth;
mod billing;
mod billing_details;
mod content;
mod datasets;
mod docs;
mod flags;
mod health;
mod identity;
mod invoices;
mod job_events;
mod job_socket;
mod jobs;
mod leaving;
mod members;
mod meta;
mod models;
mod oauth;
mod oauth_clients;
mod operations;
mod organizations;
mod passkeys;
mod providers;
mod referrals;
mod rewards;
mod samples;
mod schedules;
mod services;
mod sessions;
mod sharing;
mod tokens;
mod uploads;
mod usage;
mod workflows;

pub use admin_session::admin_cookie;
pub use app_shell::app_routes;
pub use auth::{choose_plan, empty_cookie, session_cookie};
pub use docs::docs_routes;
pub use health::health_routes;
pub use oauth::{derive_issuer, oauth_routes};

use axum::extract::DefaultBodyLimit;
use gantry_catalog::PART_BYTES;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

/// The API under `/api/v1`, with its description.
pub fn api_routes() -> OpenApiRouter<AppState> {
    let part_limit = DefaultBodyLimit::max(usize::try_from(PART_BYTES).unwrap_or(usize::MAX));
    OpenApiRouter::new()
        .routes(routes!(meta::get_meta))
        .merge(identity_routes())
        .merge(member_routes())
        .merge(sharing_routes())
        .routes(routes!(sessions::list_sessions))
        .routes(routes!(sessions::end_session))
        .routes(routes!(api_keys::list_api_keys, api_keys::issue_api_key))
        .routes(routes!(api_keys::revoke_api_key))
        .routes(routes!(api_keys::rotate_api_key))
        .routes(routes!(account::get_account, leaving::delete_account))
        .routes(routes!(account_export::get_account_export, account_export::ask_for_export))
        .routes(routes!(account_export::download_account_export))
        .routes(routes!(account::list_lots))
        .routes(routes!(account::list_ledger))
        .routes(routes!(account::export_ledger))
        .routes(routes!(audit::list_audit))
        .routes(routes!(audit_export::export_audit))
        .routes(routes!(operations::list_operations))
        .routes(routes!(operations::get_operation))
        .routes(routes!(operations::estimate))
        .routes(routes!(jobs::list_jobs, jobs::submit_job))
        .routes(routes!(jobs::get_job))
        .routes(routes!(jobs::cancel_job))
        .routes(routes!(jobs::rerun_job))
        .routes(routes!(jobs::redrive_job))
        .routes(routes!(jobs::list_children))
        .routes(routes!(job_events::stream_job_events))
        .routes(routes!(job_events::stream_account_events))
        .routes(routes!(job_socket::open_job_socket))
        .routes(routes!(artifacts::list_artifacts))
        .routes(routes!(artifacts::get_artifact))
        .routes(routes!(artifacts::download_artifact))
        .routes(routes!(uploads::begin_upload))
        .routes(routes!(uploads::get_upload, uploads::cancel_upload))
        .routes(routes!(uploads::put_part))
        .routes(routes!(uploads::complete_upload))
        .routes(routes!(uploads::confirm_upload))
        .routes(routes!(datasets::list_datasets))
        .routes(routes!(datasets::get_dataset, datasets::delete_dataset))
        .routes(routes!(datasets::list_versions))
        .routes(routes!(datasets::get_profile))
        .routes(routes!(datasets::preview_dataset))
        .routes(routes!(datasets::download_dataset))
        .routes(routes!(samples::list_samples))
        .routes(routes!(samples::add_sample))
        .routes(routes!(services::list_services))
        .routes(routes!(services::call_service))
        .routes(routes!(schedules::list_schedules, schedules::create_schedule))
        .routes(routes!(
            schedules::get_schedule,
            schedules::change_schedule,
            schedules::delete_schedule
        ))
        .routes(routes!(schedules::run_schedule))
        .routes(routes!(schedules::list_schedule_runs))
        .routes(routes!(schedules::get_time_zone, schedules::set_time_zone))
        .merge(client_routes())
        .merge(flow_routes())
        .merge(billing_routes())
        .merge(reward_routes())
        .merge(admin_routes())
        .layer(part_limit)
}

/// Signing in and out, addresses, passwords, second factors, tokens.
fn identity_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(auth::set_up))
        .routes(routes!(auth::register))
        .routes(routes!(auth::login))
        .routes(routes!(auth::finish_login))
        .routes(routes!(auth::logout))
        .routes(routes!(auth::get_me, identity::change_profile))
        .routes(routes!(identity::verify_email))
        .routes(routes!(leaving::keep_account))
        .routes(routes!(identity::resend_verification))
        .routes(routes!(identity::forget_password))
        .routes(routes!(identity::reset_password))
        .routes(routes!(identity::change_password))
        .routes(routes!(identity::change_email))
        .routes(routes!(identity::begin_second_factor, identity::get_second_factor))
        .routes(routes!(identity::confirm_second_factor))
        .routes(routes!(identity::end_second_factor))
        .routes(routes!(identity::renew_recovery_codes))
        .routes(routes!(providers::list_providers))
        .routes(routes!(providers::begin_provider_sign_in))
        .routes(routes!(providers::finish_provider_sign_in))
        .routes(routes!(providers::list_identities, providers::begin_link))
        .routes(routes!(providers::unlink))
        .routes(routes!(passkeys::list_passkeys, passkeys::finish_passkey))
        .routes(routes!(passkeys::begin_passkey))
        .routes(routes!(passkeys::rename_passkey, passkeys::remove_passkey))
        .routes(routes!(passkeys::ask_for_passkey))
        .routes(routes!(passkeys::sign_in_by_passkey))
        .routes(routes!(tokens::issue_tokens))
        .routes(routes!(tokens::refresh_tokens))
        .routes(routes!(tokens::revoke_tokens))
}

/// Organizations, and who belongs to them.
fn member_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(members::list_members))
        .routes(routes!(members::change_member, members::remove_member))
        .routes(routes!(members::invite))
        .routes(routes!(members::withdraw_invitation))
        .routes(routes!(members::view_invitation))
        .routes(routes!(members::accept_invitation))
        .routes(routes!(organizations::create_organization, organizations::rename_organization))
        .routes(routes!(organizations::switch_organization))
        .routes(routes!(organizations::leave_organization))
        .routes(routes!(
            organizations::list_closing_organizations,
            organizations::close_organization
        ))
        .routes(routes!(organizations::keep_organization))
        .routes(routes!(organizations::get_networks, organizations::set_networks))
}

/// Who sees single things.
fn sharing_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(sharing::get_job_access, sharing::set_job_access))
        .routes(routes!(sharing::get_dataset_access, sharing::set_dataset_access))
        .routes(routes!(sharing::get_workflow_access, sharing::set_workflow_access))
        .routes(routes!(sharing::get_model_access, sharing::set_model_access))
}

/// Clients of OAuth 2.0, and what people granted them.
fn client_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(oauth_clients::list_clients, oauth_clients::register_client))
        .routes(routes!(oauth_clients::change_client, oauth_clients::delete_client))
        .routes(routes!(oauth_clients::rotate_client_secret))
        .routes(routes!(oauth_clients::list_grants))
        .routes(routes!(oauth_clients::withdraw_grants))
}

/// Models, and workflows that make them.
fn flow_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(models::list_models))
        .routes(routes!(models::get_model, models::change_model, models::delete_model))
        .routes(routes!(models::get_model_metrics))
        .routes(routes!(models::list_model_plots))
        .routes(routes!(models::predict))
        .routes(routes!(models::compare_models))
        .routes(routes!(workflows::list_workflows, workflows::create_workflow))
        .routes(routes!(
            workflows::get_workflow,
            workflows::change_workflow,
            workflows::delete_workflow
        ))
        .routes(routes!(workflows::list_workflow_revisions))
        .routes(routes!(workflows::duplicate_workflow))
        .routes(routes!(workflows::list_workflow_runs, workflows::run_workflow))
        .routes(routes!(workflows::check_workflow))
        .routes(routes!(workflows::get_workflow_run))
}

/// Plans, purchases, payments and use.
fn billing_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(billing::list_plans))
        .routes(routes!(account::dismiss_chosen_plan))
        .routes(routes!(billing::begin_checkout))
        .routes(routes!(billing::get_subscription, billing::change_subscription))
        .routes(routes!(billing::list_payments))
        .routes(routes!(billing_details::get_billing_details, billing_details::set_billing_details))
        .routes(routes!(invoices::list_invoices))
        .routes(routes!(invoices::show_invoice))
        .routes(routes!(invoices::download_invoice))
        .routes(routes!(billing::open_portal))
        .routes(routes!(billing::make_up_purchase))
        .routes(routes!(billing::receive_payment_event))
        .routes(routes!(billing::confirm_return))
        .routes(routes!(referrals::list_referrals, referrals::make_referral_code))
        .routes(routes!(referrals::list_all_referrals))
        .routes(routes!(admin_billing::override_plan, admin_billing::release_plan))
        .routes(routes!(admin_billing::grant_credits))
        .routes(routes!(organizations::lift_networks))
        .routes(routes!(admin_billing::move_trial_end))
        .routes(routes!(admin_limits::list_limit_overrides, admin_limits::set_limit_overrides))
        .routes(routes!(admin_limits::delete_limit_override))
        .routes(routes!(admin_billing::refund_payment))
        .routes(routes!(admin_billing::reconcile_payments))
        .routes(routes!(admin_payments::list_all_payments))
        .routes(routes!(admin_payments::export_payment_feed))
        .routes(routes!(admin_payment_events::list_payment_events))
        .routes(routes!(admin_payment_events::get_payment_event))
        .routes(routes!(admin_payment_events::apply_payment_event))
        .routes(routes!(admin_payment_events::dismiss_payment_event))
        .routes(routes!(admin_billing::get_revenue))
        .routes(routes!(admin_billing::get_costs))
        .routes(routes!(usage::get_usage))
        .routes(routes!(usage::export_usage))
        .routes(routes!(usage::get_all_usage))
        .routes(routes!(usage::export_all_usage))
        .routes(routes!(usage::list_quota_events))
        .routes(routes!(admin_billing::advance_sandbox))
}

/// The installation, its flags, people, and jobs of all organizations.
fn admin_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(
            admin_session::begin_admin_session,
            admin_session::get_admin_session,
            admin_session::end_admin_session
        ))
        .routes(routes!(admin_session::issue_admin_key))
        .routes(routes!(admin::get_overview))
        .routes(routes!(admin::redrive_dead_jobs))
        .routes(routes!(admin::stop_job))
        .routes(routes!(flags::get_flag_answers))
        .routes(routes!(flags::list_flags, flags::create_flag))
        .routes(routes!(flags::get_flag, flags::change_flag, flags::delete_flag))
        .routes(routes!(flags::try_flag))
        .routes(routes!(admin_users::list_users))
        .routes(routes!(admin_users::get_user))
        .routes(routes!(admin_users::suspend_user))
        .routes(routes!(admin_users::ban_user))
        .routes(routes!(admin_users::reinstate_user))
}

/// Credits for ads, and frauds.
fn reward_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(rewards::get_rewards))
        .routes(routes!(rewards::begin_ad))
        .routes(routes!(rewards::note_ad_event))
        .routes(routes!(rewards::watch_sandbox_ad))
        .routes(routes!(rewards::claim_reward))
        .routes(routes!(rewards::receive_ad_callback))
        .routes(routes!(admin_fraud::list_fraud_events))
        .routes(routes!(admin_fraud::review_fraud_event))
        .routes(routes!(admin_fraud::list_fraud_blocks, admin_fraud::add_fraud_block))
        .routes(routes!(admin_fraud::remove_fraud_block))
}
