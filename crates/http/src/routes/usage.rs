//! What was used, day by day: for members of an organization, and for administrators.
//!
//! Invariant: a table as CSV has the same rows as the answer in JSON.

use std::collections::BTreeSet;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use gantry_access::Actor;
use gantry_billing::UsageView;
use gantry_ports::store::{UsageBy, UsageKey, UsageSums};
use gantry_types::MeterId;

use crate::dto::{
    AllUsageParams, QuotaEventParams, QuotaEventsBody, UsageBody, UsageParams, describe_day,
};
use crate::extract::{CurrentActor, Params};
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// The columns of a table, behind what it is summed by and before the meters.
const COLUMNS: [&str; 6] = ["jobs", "succeeded", "failed", "cancelled", "credits", "seconds"];

/// What the organization used, by day, operation or member; at most 400 days.
///
/// A day is one in UTC, by when jobs ended; what ended just now is counted. By `member`, those who
/// look after plan and payments see everybody, and others themselves alone.
#[utoipa::path(get, path = "/account/usage", tag = "Account", params(UsageParams),
    responses((status = 200, body = UsageBody)))]
pub async fn get_usage(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    Params(params): Params<UsageParams>,
) -> Answer<Json<UsageBody>> {
    Ok(Json(UsageBody::new(find_usage(&state, &actor, &params).await?, params.by)))
}

/// The same as CSV, with a column for each meter.
#[utoipa::path(get, path = "/account/usage.csv", tag = "Account", params(UsageParams),
    responses((status = 200, content_type = "text/csv", body = String)))]
pub async fn export_usage(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    Params(params): Params<UsageParams>,
) -> Answer {
    write_table(params.by.into(), &find_usage(&state, &actor, &params).await?)
}

async fn find_usage(state: &AppState, actor: &Actor, params: &UsageParams) -> Answer<UsageView> {
    let span = params.span(state.jobs().clock().now())?;
    Ok(state.billing().usage(actor, span, params.by.into()).await?)
}

/// What all organizations used, or one of them; at most 400 days. For administrators.
#[utoipa::path(get, path = "/admin/usage", tag = "Admin", params(AllUsageParams),
    responses((status = 200, body = UsageBody)))]
pub async fn get_all_usage(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    Params(params): Params<AllUsageParams>,
) -> Answer<Json<UsageBody>> {
    Ok(Json(UsageBody::new(find_all_usage(&state, &actor, &params).await?, params.by)))
}

/// The same as CSV, with a column for each meter. For administrators.
#[utoipa::path(get, path = "/admin/usage.csv", tag = "Admin", params(AllUsageParams),
    responses((status = 200, content_type = "text/csv", body = String)))]
pub async fn export_all_usage(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    Params(params): Params<AllUsageParams>,
) -> Answer {
    write_table(params.by.into(), &find_all_usage(&state, &actor, &params).await?)
}

async fn find_all_usage(
    state: &AppState,
    actor: &Actor,
    params: &AllUsageParams,
) -> Answer<UsageView> {
    let what = (params.span(state.jobs().clock().now())?, params.by.into());
    Ok(state.billing().usage_of(actor, params.organization, what).await?)
}

/// What limits refused or kept as blocked, counted by day, organization and limit; at most 400
/// days. For administrators.
#[utoipa::path(get, path = "/admin/quota-events", tag = "Admin", params(QuotaEventParams),
    responses((status = 200, body = QuotaEventsBody)))]
pub async fn list_quota_events(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    Params(params): Params<QuotaEventParams>,
) -> Answer<Json<QuotaEventsBody>> {
    let span = params.span(state.jobs().clock().now())?;
    let found = state.billing().quota_events(&actor, params.organization, span).await?;
    Ok(Json(QuotaEventsBody { items: found.into_iter().map(Into::into).collect() }))
}

fn write_table(by: UsageBy, view: &UsageView) -> Answer {
    let broken = |error: String| Problem::internal(format!("usage as CSV: {error}"));
    let meters: BTreeSet<&MeterId> = view.total.units.keys().collect();
    let mut writer =
        csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let names = COLUMNS.iter().map(|name| (*name).to_owned());
    let head = std::iter::once(name_of(by).to_owned())
        .chain(names)
        .chain(meters.iter().map(|meter| meter.as_str().to_owned()));
    writer.write_record(head).map_err(|error| broken(error.to_string()))?;
    for (key, sums) in &view.sums {
        let units = meters.iter().map(|meter| sums.units.get(*meter).copied().unwrap_or_default());
        let cells = std::iter::once(describe_key(key))
            .chain(cells_of(sums))
            .chain(units.map(|units| units.to_string()));
        writer.write_record(cells).map_err(|error| broken(error.to_string()))?;
    }
    let bytes = writer.into_inner().map_err(|error| broken(error.to_string()))?;
    let mut response = Response::new(Body::from(bytes));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    headers.insert(
        header::CONTENT_DISPOSITION,
        HeaderValue::from_static("attachment; filename=\"usage.csv\""),
    );
    Ok(response)
}

/// The head of the first column.
const fn name_of(by: UsageBy) -> &'static str {
    match by {
        UsageBy::Day => "day",
        UsageBy::Operation => "operation",
        UsageBy::Member => "user_id",
        UsageBy::Organization => "organization_id",
    }
}

/// Empty for what no operation used, and nobody.
fn describe_key(key: &UsageKey) -> String {
    match key {
        UsageKey::Day(day) => describe_day(*day),
        UsageKey::Operation(operation) => operation.clone().unwrap_or_default(),
        UsageKey::Member(user_id) => user_id.map(|id| id.to_string()).unwrap_or_default(),
        UsageKey::Organization(id) => id.to_string(),
    }
}

fn cells_of(sums: &UsageSums) -> [String; 6] {
    [
        sums.jobs.to_string(),
        sums.succeeded.to_string(),
        sums.failed.to_string(),
        sums.cancelled.to_string(),
        sums.credits.to_string(),
        sums.busy.as_secs().to_string(),
    ]
}
