//! What administrators do to accounts and payments.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use gantry_access::{Permission, require};
use gantry_billing::{CreditGift, TrialMove};
use gantry_ports::payments::TrialEnd;
use gantry_types::{Credits, OrganizationId, Timestamp};

use super::jobs::derive_idempotency;
use crate::dto::{
    CostsBody, CostsParams, CreditGrantRequest, PlanOverrideRequest, ReconciledBody, RefundRequest,
    RevenueBody, RevenueParams, SandboxClockBody, SandboxClockRequest, SubscriptionBody,
    TrialRequest,
};
use crate::extract::{CurrentActor, HashedJson, JsonBody, Params, PathId};
use crate::problem::{Answer, Problem};
use crate::state::AppState;

const GRANT_ROUTE: &str = "POST /api/v1/admin/organizations/{id}/credits";
const TRIAL_ROUTE: &str = "POST /api/v1/admin/organizations/{id}/trial";
const REFUND_ROUTE: &str = "POST /api/v1/admin/payments/refund";
/// The furthest that the sandbox's clock is moved at once.
const MOST_DAYS: u32 = 3_660;
const LONGEST_REASON: usize = 200;
/// The span of costs that is looked at when none is asked for.
const USUAL_SPAN: Duration = Duration::from_hours(30 * 24);
const LONGEST_SPAN: Duration = Duration::from_hours(366 * 24);

/// Puts an organization on a plan, also one that is not for sale. There it stays until it is released
/// or the time is over; on the default plan without a time it follows its subscription's next event.
/// For administrators.
#[utoipa::path(put, path = "/admin/organizations/{id}/plan", tag = "Admin",
    params(("id" = Uuid, Path)), request_body = PlanOverrideRequest,
    responses((status = 204)))]
pub async fn override_plan(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<OrganizationId>,
    JsonBody(request): JsonBody<PlanOverrideRequest>,
) -> Answer<StatusCode> {
    state.billing().set_plan(&actor, id, &request.plan, request.until).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lets an organization follow its subscription again after it was put on a plan. For
/// administrators.
#[utoipa::path(delete, path = "/admin/organizations/{id}/plan", tag = "Admin",
    params(("id" = Uuid, Path)), responses((status = 204)))]
pub async fn release_plan(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<OrganizationId>,
) -> Answer<StatusCode> {
    state.billing().release_plan(&actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives an organization credits. With an `Idempotency-Key` the request may be repeated for 24
/// hours, and they are given once. For administrators.
#[utoipa::path(post, path = "/admin/organizations/{id}/credits", tag = "Admin",
    params(("id" = Uuid, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters.")),
    request_body = CreditGrantRequest, responses((status = 204)))]
pub async fn grant_credits(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<OrganizationId>,
    headers: HeaderMap,
    HashedJson { value: request, sha256 }: HashedJson<CreditGrantRequest>,
) -> Answer<StatusCode> {
    let key = derive_idempotency(&headers, GRANT_ROUTE, format!("{id} {sha256}"))?;
    let gift = CreditGift {
        credits: Credits::new(request.credits),
        reason: require_reason(&request.reason)?,
        expires_at: request.expires_at,
    };
    state.billing().grant_credits(&actor, id, &gift, key.as_ref()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Moves the end of the trial of an organization's subscription at its payment provider, later or to
/// now. PayPal and Razorpay move no trial that has begun: give the organization a plan until a date
/// instead. With an `Idempotency-Key` the request may be repeated for 24 hours: it moves the end
/// once, and a repetition answers the subscription as it stands. For administrators.
#[utoipa::path(post, path = "/admin/organizations/{id}/trial", tag = "Admin",
    params(("id" = Uuid, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters.")),
    request_body = TrialRequest, responses((status = 200, body = SubscriptionBody)))]
pub async fn move_trial_end(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<OrganizationId>,
    headers: HeaderMap,
    HashedJson { value: request, sha256 }: HashedJson<TrialRequest>,
) -> Answer<Json<SubscriptionBody>> {
    let key = derive_idempotency(&headers, TRIAL_ROUTE, format!("{id} {sha256}"))?;
    let (end, reason) = match request {
        TrialRequest::Lengthen { until, reason } => (TrialEnd::At(until), reason),
        TrialRequest::End { reason } => (TrialEnd::Now, reason),
    };
    let wish = TrialMove { end, reason: require_reason(&reason)? };
    Ok(Json(state.billing().move_trial_end(&actor, id, &wish, key.as_ref()).await?.into()))
}

/// Gives money back for a payment. With an `Idempotency-Key` the request may be repeated for 24
/// hours, and it is given back once; without one, every request is a refund of its own. For
/// administrators.
#[utoipa::path(post, path = "/admin/payments/refund", tag = "Admin",
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters.")),
    request_body = RefundRequest, responses((status = 202)))]
pub async fn refund_payment(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    headers: HeaderMap,
    HashedJson { value: request, sha256 }: HashedJson<RefundRequest>,
) -> Answer<StatusCode> {
    let key = derive_idempotency(&headers, REFUND_ROUTE, sha256)?;
    let (payment, minor) = (request.provider_ref.as_str(), request.minor);
    state.billing().refund(&actor, (payment, minor), key.as_ref()).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Compares with every payment provider now what a chore compares by itself. For administrators.
#[utoipa::path(post, path = "/admin/payments/reconcile", tag = "Admin",
    responses((status = 200, body = ReconciledBody)))]
pub async fn reconcile_payments(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
) -> Answer<Json<ReconciledBody>> {
    let done = state.billing().reconcile_for(&actor).await?;
    Ok(Json(ReconciledBody {
        events: done.events,
        subscriptions: done.subscriptions,
        plans: done.plans,
        unanswered: done.unanswered.into_iter().map(str::to_owned).collect(),
    }))
}

/// How recurring revenue moved in a month: opening, new, expansion, reactivation, contraction,
/// churn, closing. Prices are those of the plans, less what is taken off every payment. For administrators.
#[utoipa::path(get, path = "/admin/revenue", tag = "Admin", params(RevenueParams),
    responses((status = 200, body = RevenueBody)))]
pub async fn get_revenue(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    Params(params): Params<RevenueParams>,
) -> Answer<Json<RevenueBody>> {
    let month = params.month.map(|month| {
        let first = format!("{month}-01T00:00:00Z").parse::<Timestamp>();
        first.map_err(|_| Problem::invalid("/month", "Give a month such as 2027-02."))
    });
    Ok(Json(state.billing().revenue(&actor, month.transpose()?).await?.into()))
}

/// What jobs of all organizations cost, by operation and by day; at most 366 days. For
/// administrators.
#[utoipa::path(get, path = "/admin/costs", tag = "Admin", params(CostsParams),
    responses((status = 200, body = CostsBody)))]
pub async fn get_costs(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    Params(params): Params<CostsParams>,
) -> Answer<Json<CostsBody>> {
    let to = params.to.unwrap_or_else(|| state.jobs().clock().now());
    let from = params.from.unwrap_or_else(|| to.minus(USUAL_SPAN));
    if from >= to || to.since(from) > LONGEST_SPAN {
        return Err(Problem::invalid("/from", "Give a time before `to`, by at most 366 days."));
    }
    Ok(Json(state.billing().costs(&actor, (from, to)).await?.into()))
}

/// Moves the sandbox's clock on, so that periods end and renew. For administrators.
#[utoipa::path(post, path = "/admin/sandbox/clock", tag = "Admin",
    request_body = SandboxClockRequest, responses((status = 200, body = SandboxClockBody)))]
pub async fn advance_sandbox(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    JsonBody(request): JsonBody<SandboxClockRequest>,
) -> Answer<Json<SandboxClockBody>> {
    require(&actor, Permission::Administer)?;
    if !(1..=MOST_DAYS).contains(&request.days) {
        return Err(Problem::invalid("/days", format!("Give 1 to {MOST_DAYS} days.")));
    }
    let by = Duration::from_secs(u64::from(request.days) * 86_400);
    let now = state.billing().advance_sandbox(&actor, by).await?;
    Ok(Json(SandboxClockBody { now }))
}

/// A reason that says something and is no story.
fn require_reason(text: &str) -> Answer<String> {
    let reason = text.trim();
    if reason.is_empty() || reason.chars().count() > LONGEST_REASON {
        let message = format!("Give a reason of 1 to {LONGEST_REASON} characters.");
        return Err(Problem::invalid("/reason", message));
    }
    Ok(reason.to_owned())
}
