//! Addresses, passwords and second factors.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use gantry_access::{AdministratorFactor, ProfileChange};

use super::auth::describe_me;
use crate::dto::{
    ChangeEmailRequest, ChangePasswordRequest, ChangeProfileRequest, CodeRequest, EnrolmentBody,
    ForgotPasswordRequest, Me, PasswordRequest, RecoveryCodesBody, ResetPasswordRequest,
    SecondFactorBody, TokenRequest,
};
use crate::extract::{CurrentActor, JsonBody, Peer};
use crate::problem::Answer;
use crate::state::AppState;

/// Proves an address, the first or a new one, by the link of a mail.
#[utoipa::path(post, path = "/auth/verify-email", tag = "Auth", security(()),
    request_body = TokenRequest, responses((status = 204)))]
pub async fn verify_email(
    State(state): State<AppState>,
    peer: Peer,
    headers: HeaderMap,
    JsonBody(request): JsonBody<TokenRequest>,
) -> Answer<StatusCode> {
    state.access().verify_email(&request.token, &peer.client(&headers)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sends the mail for verification once more; at most one a minute.
#[utoipa::path(post, path = "/auth/verify-email/resend", tag = "Auth",
    responses((status = 202)))]
pub async fn resend_verification(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
) -> Answer<StatusCode> {
    state.access().resend_verification(&actor).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Sends a link for a new password, if the address has an account; the answer does not say so.
#[utoipa::path(post, path = "/auth/password/forgot", tag = "Auth", security(()),
    request_body = ForgotPasswordRequest, responses((status = 202)))]
pub async fn forget_password(
    State(state): State<AppState>,
    peer: Peer,
    headers: HeaderMap,
    JsonBody(request): JsonBody<ForgotPasswordRequest>,
) -> Answer<StatusCode> {
    state.access().request_password_reset(&request.email, &peer.client(&headers))?;
    Ok(StatusCode::ACCEPTED)
}

/// Sets a new password by the link of a mail, and ends every session.
#[utoipa::path(post, path = "/auth/password/reset", tag = "Auth", security(()),
    request_body = ResetPasswordRequest, responses((status = 204)))]
pub async fn reset_password(
    State(state): State<AppState>,
    peer: Peer,
    headers: HeaderMap,
    JsonBody(request): JsonBody<ResetPasswordRequest>,
) -> Answer<StatusCode> {
    let client = peer.client(&headers);
    state.access().reset_password(&request.token, request.password, &client).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sets a new password, and ends the other sessions.
#[utoipa::path(post, path = "/auth/password", tag = "Auth",
    request_body = ChangePasswordRequest, responses((status = 204)))]
pub async fn change_password(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    JsonBody(request): JsonBody<ChangePasswordRequest>,
) -> Answer<StatusCode> {
    state.access().change_password(&actor, request.password, request.new_password).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Asks for another address; the link of the mail that goes there makes the change.
#[utoipa::path(post, path = "/auth/email", tag = "Auth",
    request_body = ChangeEmailRequest, responses((status = 202)))]
pub async fn change_email(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    JsonBody(request): JsonBody<ChangeEmailRequest>,
) -> Answer<StatusCode> {
    state.access().request_email_change(&actor, &request.email, request.password).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Changes name or language.
#[utoipa::path(patch, path = "/auth/me", tag = "Auth",
    request_body = ChangeProfileRequest, responses((status = 200, body = Me)))]
pub async fn change_profile(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    JsonBody(request): JsonBody<ChangeProfileRequest>,
) -> Answer<Json<Me>> {
    let wanted = ProfileChange { name: request.name, locale: request.locale };
    state.access().change_profile(&actor, &wanted).await?;
    describe_me(&state, &actor).await
}

/// Whether signing in needs a code.
#[utoipa::path(get, path = "/auth/second-factor/setup", tag = "Auth",
    responses((status = 200, body = SecondFactorBody)))]
pub async fn get_second_factor(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
) -> Answer<Json<SecondFactorBody>> {
    let user = state.access().profile(&actor).await?.user;
    let required = match state.access().settings().administrator_factor {
        AdministratorFactor::Required => user.administrator,
        AdministratorFactor::Optional => false,
    };
    Ok(Json(SecondFactorBody {
        enabled: user.second_factor_at.is_some(),
        required,
        recovery_codes: state.access().count_recovery_codes(&actor).await?,
    }))
}

/// Begins to turn two-factor sign-in on.
#[utoipa::path(post, path = "/auth/second-factor/setup", tag = "Auth",
    request_body = PasswordRequest, responses((status = 200, body = EnrolmentBody)))]
pub async fn begin_second_factor(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    JsonBody(request): JsonBody<PasswordRequest>,
) -> Answer<Json<EnrolmentBody>> {
    Ok(Json(state.access().begin_second_factor(&actor, request.password).await?.into()))
}

/// Turns two-factor sign-in on, as the app gives the right code.
#[utoipa::path(post, path = "/auth/second-factor/confirm", tag = "Auth",
    request_body = CodeRequest, responses((status = 200, body = RecoveryCodesBody)))]
pub async fn confirm_second_factor(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    JsonBody(request): JsonBody<CodeRequest>,
) -> Answer<Json<RecoveryCodesBody>> {
    Ok(Json(state.access().confirm_second_factor(&actor, &request.code).await?.into()))
}

/// Turns two-factor sign-in off.
#[utoipa::path(post, path = "/auth/second-factor/disable", tag = "Auth",
    request_body = PasswordRequest, responses((status = 204)))]
pub async fn end_second_factor(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    JsonBody(request): JsonBody<PasswordRequest>,
) -> Answer<StatusCode> {
    state.access().end_second_factor(&actor, request.password).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Replaces the recovery codes by new ones.
#[utoipa::path(post, path = "/auth/second-factor/recovery-codes", tag = "Auth",
    request_body = PasswordRequest, responses((status = 200, body = RecoveryCodesBody)))]
pub async fn renew_recovery_codes(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    JsonBody(request): JsonBody<PasswordRequest>,
) -> Answer<Json<RecoveryCodesBody>> {
    Ok(Json(state.access().renew_recovery_codes(&actor, request.password).await?.into()))
}
