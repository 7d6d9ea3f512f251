//! The account: plan, balance, lots, meters, ledger.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::stream;
use gantry_access::Actor;
use gantry_ports::store::{LedgerEntry, LedgerFilter, Order, Page, PageRequest};
use gantry_types::{LedgerEntryId, LotId};

use crate::dto::{
    AccountBody, LedgerEntryBody, LedgerParams, LotBody, OnwardParams, PageOf, PageParams,
};
use crate::extract::{CurrentActor, Params};
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// What the account has and does now.
#[utoipa::path(get, path = "/account", tag = "Account",
    responses((status = 200, body = AccountBody)))]
pub async fn get_account(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
) -> Answer<Json<AccountBody>> {
    Ok(Json(state.billing().account(&actor).await?.into()))
}

/// Lets go of the plan that was chosen at registration.
#[utoipa::path(delete, path = "/account/chosen-plan", tag = "Billing", responses((status = 204)))]
pub async fn dismiss_chosen_plan(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
) -> Answer<StatusCode> {
    state.billing().dismiss_plan_choice(&actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The credits that can be spent, by expiry.
///
/// They come in the order in which jobs spend them: what expires first is first, what never expires
/// last; among equals promotional credits, then earned ones, then paid ones.
#[utoipa::path(get, path = "/account/lots", tag = "Account", params(OnwardParams),
    responses((status = 200, body = PageOf<LotBody>)))]
pub async fn list_lots(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    Params(page): Params<OnwardParams>,
) -> Answer<Json<PageOf<LotBody>>> {
    let (after, limit) = page.request(LotId::from_uuid)?;
    let lots = state.billing().lots(&actor, after, limit).await?;
    Ok(Json(PageOf::of(lots, Into::into, LotId::as_uuid)))
}

/// The ledger.
#[utoipa::path(get, path = "/account/ledger", tag = "Account", params(LedgerParams, PageParams),
    responses((status = 200, body = PageOf<LedgerEntryBody>)))]
pub async fn list_ledger(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    Params(params): Params<LedgerParams>,
    Params(page): Params<PageParams>,
) -> Answer<Json<PageOf<LedgerEntryBody>>> {
    let request = page.request(LedgerEntryId::from_uuid)?;
    let entries = state.billing().ledger(&actor, &params.into_filter()?, &request).await?;
    Ok(Json(PageOf::of(entries, Into::into, LedgerEntryId::as_uuid)))
}

/// Lines of the ledger that are read at once for an export.
const EXPORT_PAGE: u32 = 200;

/// The same lines as CSV, all of them, oldest first: time, reason, side, amount, job, lot.
#[utoipa::path(get, path = "/account/ledger.csv", tag = "Account", params(LedgerParams),
    responses((status = 200, content_type = "text/csv", body = String)))]
pub async fn export_ledger(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    Params(params): Params<LedgerParams>,
) -> Answer {
    let reader = Reader { state, actor, filter: params.into_filter()? };
    let first = reader.read_page(None).await?;
    let head = "at,reason,account,amount,job_id,lot_id\r\n".to_owned();
    let lines =
        stream::try_unfold((Some(first), head, reader), |(page, head, reader)| async move {
            let Some(page) = page else { return Ok::<_, Problem>(None) };
            let text = format!("{head}{}", write_lines(&page.items)?);
            let next = match page.next {
                Some(after) => Some(reader.read_page(Some(after)).await?),
                None => None,
            };
            Ok(Some((text, (next, String::new(), reader))))
        });
    let lines = futures::TryStreamExt::map_err(lines, |problem| {
        std::io::Error::other(problem.detail().to_owned())
    });
    let mut response = Response::new(Body::from_stream(lines));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    headers.insert(
        header::CONTENT_DISPOSITION,
        HeaderValue::from_static("attachment; filename=\"ledger.csv\""),
    );
    Ok(response.into_response())
}

/// Whose lines are read, and which of them.
struct Reader {
    state: AppState,
    actor: Actor,
    filter: LedgerFilter,
}

impl Reader {
    async fn read_page(
        &self,
        after: Option<LedgerEntryId>,
    ) -> Answer<Page<LedgerEntry, LedgerEntryId>> {
        let page = PageRequest { after, limit: EXPORT_PAGE, order: Order::OldestFirst };
        Ok(self.state.billing().ledger(&self.actor, &self.filter, &page).await?)
    }
}

fn write_lines(entries: &[LedgerEntry]) -> Answer<String> {
    let broken = |error: String| Problem::internal(format!("the ledger as CSV: {error}"));
    let mut writer =
        csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for entry in entries {
        let record = [
            entry.at.to_string(),
            entry.reason.clone(),
            entry.account.as_str().to_owned(),
            entry.amount.to_string(),
            entry.job_id.map(|id| id.to_string()).unwrap_or_default(),
            entry.lot_id.to_string(),
        ];
        writer.write_record(&record).map_err(|error| broken(error.to_string()))?;
    }
    let bytes = writer.into_inner().map_err(|error| broken(error.to_string()))?;
    String::from_utf8(bytes).map_err(|error| broken(error.to_string()))
}
