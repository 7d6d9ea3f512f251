//! Plans, purchases, the subscription, payments; and the messages of payment providers.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Redirect;
use gantry_billing::{CheckoutDraft, Received, SubscriptionWish, WayBack, Wish};
use gantry_ports::store::EventOutcome;
use gantry_rules::plan::Interval;
use gantry_types::PaymentId;

use super::jobs::derive_idempotency;
use crate::dto::{
    ChangedSubscriptionBody, CheckoutBody, CheckoutRequest, IntervalBody, MockPurchaseBody,
    MockPurchaseRequest, OffersBody, PageOf, PageParams, PaymentBody, PortalBody, ReceivedBody,
    SubscriptionAnswer, SubscriptionRequest,
};
use crate::extract::{CurrentActor, HashedJson, JsonBody, Params, read_body};
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// Where buyers come back to.
const RETURN_PATH: &str = "/app/account";
/// Where providers that sign the way back, or are asked about it, send them first.
const CONFIRM_PATH: &str = "/api/v1/payments/returns";
const CHECKOUT_ROUTE: &str = "POST /api/v1/account/checkouts";
const CHANGE_ROUTE: &str = "POST /api/v1/account/subscription";
/// Bytes of a provider's message.
const MESSAGE_BYTES: usize = 1 << 20;

/// What is sold here: plans from the smallest to the largest, and packages of credits.
#[utoipa::path(get, path = "/plans", tag = "Billing", security(()),
    responses((status = 200, body = OffersBody)))]
pub async fn list_plans(State(state): State<AppState>) -> Json<OffersBody> {
    let billing = state.billing();
    Json(OffersBody::new(billing.edition(), billing.list_payment_choices()))
}

/// Begins a purchase; the answer says where to pay. With an `Idempotency-Key` the request may be
/// repeated for 24 hours: the same key and body answer the same purchase.
#[utoipa::path(post, path = "/account/checkouts", tag = "Billing",
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters.")),
    request_body = CheckoutRequest, responses((status = 201, body = CheckoutBody)))]
pub async fn begin_checkout(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    headers: HeaderMap,
    HashedJson { value: request, sha256 }: HashedJson<CheckoutRequest>,
) -> Answer<(StatusCode, Json<CheckoutBody>)> {
    let key = derive_idempotency(&headers, CHECKOUT_ROUTE, sha256)?;
    let draft = derive_draft(request)?;
    let back = WayBack {
        page: derive_address(&state, RETURN_PATH),
        confirm: derive_address(&state, CONFIRM_PATH),
    };
    let link = state.billing().begin_checkout(&actor, &draft, &back, key.as_ref()).await?;
    Ok((StatusCode::CREATED, Json(CheckoutBody { id: link.id, url: link.url })))
}

/// Buys credits for nothing, where the sandbox takes the money: for trying things out. They come
/// with the sandbox's message, within seconds.
#[utoipa::path(post, path = "/account/mock-purchases", tag = "Billing",
    request_body = MockPurchaseRequest, responses((status = 202, body = MockPurchaseBody)))]
pub async fn make_up_purchase(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    JsonBody(request): JsonBody<MockPurchaseRequest>,
) -> Answer<(StatusCode, Json<MockPurchaseBody>)> {
    let back = WayBack {
        page: derive_address(&state, RETURN_PATH),
        confirm: derive_address(&state, CONFIRM_PATH),
    };
    let checkout_id = state.billing().make_up_purchase(&actor, &request.package, &back).await?;
    Ok((StatusCode::ACCEPTED, Json(MockPurchaseBody { checkout_id })))
}

/// An address of this site.
pub(super) fn derive_address(state: &AppState, path: &str) -> String {
    let site = state.settings.public_url.as_deref().unwrap_or_default();
    format!("{}{path}", site.trim_end_matches('/'))
}

/// Where buyers come back to from a provider that signs their way back, or is asked about it.
#[utoipa::path(get, path = "/payments/returns/{provider}", tag = "Billing", security(()),
    params(("provider" = String, Path, description = "Such as `razorpay`.")),
    responses((status = 303, description = "On to the account's page.")))]
pub async fn confirm_return(
    State(state): State<AppState>,
    Path(provider): Path<String>,
    Params(query): Params<Vec<(String, String)>>,
) -> Answer<Redirect> {
    state.billing().confirm_return(&provider, &query).await?;
    Ok(Redirect::to(RETURN_PATH))
}

/// A page of the payment provider with the invoices and cards of the subscription.
#[utoipa::path(post, path = "/account/portal", tag = "Billing",
    responses((status = 201, body = PortalBody)))]
pub async fn open_portal(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
) -> Answer<(StatusCode, Json<PortalBody>)> {
    let back = derive_address(&state, RETURN_PATH);
    let url = state.billing().open_portal(&actor, &back).await?;
    Ok((StatusCode::CREATED, Json(PortalBody { url })))
}

fn derive_draft(mut request: CheckoutRequest) -> Answer<CheckoutDraft> {
    let provider = request.provider.take();
    Ok(CheckoutDraft { wish: derive_wish(request)?, provider })
}

fn derive_wish(request: CheckoutRequest) -> Answer<Wish> {
    match (request.plan, request.package) {
        (Some(slug), None) => {
            let interval = request.interval.map_or(Interval::Month, IntervalBody::into);
            Ok(Wish::Plan { slug, interval })
        }
        (None, Some(slug)) => match request.interval {
            None => Ok(Wish::Package { slug }),
            Some(_) => Err(Problem::invalid("/interval", "A package of credits is paid once.")),
        },
        (Some(_), Some(_)) | (None, None) => {
            Err(Problem::invalid("", "Name either `plan` or `package`."))
        }
    }
}

/// The subscription that the organization has, or had last.
#[utoipa::path(get, path = "/account/subscription", tag = "Billing",
    responses((status = 200, body = SubscriptionAnswer)))]
pub async fn get_subscription(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
) -> Answer<Json<SubscriptionAnswer>> {
    let found = state.billing().find_subscription(&actor).await?;
    Ok(Json(SubscriptionAnswer { subscription: found.map(Into::into) }))
}

/// Cancels the subscription at the end of its period, keeps it after all, or changes its plan. Where
/// `approve_url` is given, nothing has changed yet: the buyer agrees on that page first. With an
/// `Idempotency-Key` the request may be repeated for 24 hours: it changes the subscription once, and
/// a repetition answers it as it stands.
#[utoipa::path(post, path = "/account/subscription", tag = "Billing",
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters.")),
    request_body = SubscriptionRequest,
    responses((status = 200, body = ChangedSubscriptionBody)))]
pub async fn change_subscription(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    headers: HeaderMap,
    HashedJson { value: request, sha256 }: HashedJson<SubscriptionRequest>,
) -> Answer<Json<ChangedSubscriptionBody>> {
    let key = derive_idempotency(&headers, CHANGE_ROUTE, sha256)?;
    let wish = match request {
        SubscriptionRequest::Cancel => SubscriptionWish::Cancel,
        SubscriptionRequest::Keep => SubscriptionWish::Keep,
        SubscriptionRequest::Switch { plan, interval } => {
            let return_url = derive_address(&state, RETURN_PATH);
            SubscriptionWish::Switch { slug: plan, interval: interval.into(), return_url }
        }
    };
    let changed = state.billing().change_subscription(&actor, &wish, key.as_ref()).await?;
    Ok(Json(changed.into()))
}

/// What the organization paid.
#[utoipa::path(get, path = "/account/payments", tag = "Billing", params(PageParams),
    responses((status = 200, body = PageOf<PaymentBody>)))]
pub async fn list_payments(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    Params(page): Params<PageParams>,
) -> Answer<Json<PageOf<PaymentBody>>> {
    let request = page.request(PaymentId::from_uuid)?;
    let payments = state.billing().list_payments(&actor, &request).await?;
    Ok(Json(PageOf::of(payments, Into::into, PaymentId::as_uuid)))
}

/// A message of a payment provider, signed by it.
#[utoipa::path(post, path = "/payments/webhooks/{provider}", tag = "Billing", security(()),
    params(("provider" = String, Path, description = "Such as `sandbox`.")),
    responses((status = 200, body = ReceivedBody)))]
pub async fn receive_payment_event(
    State(state): State<AppState>,
    Path(provider): Path<String>,
    request: Request,
) -> Answer<Json<ReceivedBody>> {
    let headers: Vec<(String, String)> = request
        .headers()
        .iter()
        .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
        .collect();
    let body = read_body(request, MESSAGE_BYTES).await?;
    let received = state.billing().receive_event(&provider, (&body, &headers)).await?;
    let outcome = match received {
        Received::Known => "known",
        Received::Noted { outcome: EventOutcome::Applied, .. } => "applied",
        Received::Noted { outcome: EventOutcome::Ignored, .. } => "ignored",
        Received::Noted { outcome: EventOutcome::Unclear, .. } => "unclear",
    };
    Ok(Json(ReceivedBody { outcome }))
}
