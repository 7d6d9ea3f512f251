//! Administrators look at what all organizations paid, page by page or as a feed.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures::stream;
use gantry_access::Actor;
use gantry_ports::store::{Order, Page, PageRequest, Payment, PaymentFilter};
use gantry_types::PaymentId;

use crate::dto::{AdminPaymentBody, AdminPaymentParams, PageOf, PageParams};
use crate::extract::{CurrentActor, Params};
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// Payments that are read at once for the feed.
const FEED_PAGE: u32 = 200;
const FEED_HEAD: &str = "at,provider,provider_ref,organization_id,amount_minor,currency,status,\
    method,bank,wallet,fee_minor,fee_tax_minor,error_code,error_reason,risk_level,risk_score,\
    refunded_minor,dispute,disputed_minor\r\n";

/// What all organizations paid, with what the provider thinks of it and how it was paid. For
/// administrators.
#[utoipa::path(get, path = "/admin/payments", tag = "Admin",
    params(AdminPaymentParams, PageParams),
    responses((status = 200, body = PageOf<AdminPaymentBody>)))]
pub async fn list_all_payments(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    Params(params): Params<AdminPaymentParams>,
    Params(page): Params<PageParams>,
) -> Answer<Json<PageOf<AdminPaymentBody>>> {
    let request = page.request(PaymentId::from_uuid)?;
    let payments = state.billing().list_all_payments(&actor, &params.into(), &request).await?;
    Ok(Json(PageOf::of(payments, Into::into, PaymentId::as_uuid)))
}

/// The same as CSV, oldest first. For administrators.
#[utoipa::path(get, path = "/admin/payment-feed.csv", tag = "Admin", params(AdminPaymentParams),
    responses((status = 200, content_type = "text/csv", body = String)))]
pub async fn export_payment_feed(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    Params(params): Params<AdminPaymentParams>,
) -> Answer {
    let reader = Reader { state, actor, filter: params.into() };
    let first = reader.read_page(None).await?;
    let lines =
        stream::try_unfold((Some(first), FEED_HEAD, reader), |(page, head, reader)| async move {
            let Some(page) = page else { return Ok::<_, Problem>(None) };
            let next = match page.next {
                Some(after) => Some(reader.read_page(Some(after)).await?),
                None => None,
            };
            let text = format!("{head}{}", write_lines(page.items)?);
            Ok(Some((text, (next, "", reader))))
        });
    let lines = futures::TryStreamExt::map_err(lines, |problem| {
        std::io::Error::other(problem.detail().to_owned())
    });
    let mut response = Response::new(Body::from_stream(lines));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    headers.insert(
        header::CONTENT_DISPOSITION,
        HeaderValue::from_static("attachment; filename=\"payment-feed.csv\""),
    );
    Ok(response.into_response())
}

/// Who reads, and which payments.
struct Reader {
    state: AppState,
    actor: Actor,
    filter: PaymentFilter,
}

impl Reader {
    async fn read_page(&self, after: Option<PaymentId>) -> Answer<Page<Payment, PaymentId>> {
        let page = PageRequest { after, limit: FEED_PAGE, order: Order::OldestFirst };
        Ok(self.state.billing().list_all_payments(&self.actor, &self.filter, &page).await?)
    }
}

fn write_lines(payments: Vec<Payment>) -> Answer<String> {
    let broken = |error: String| Problem::internal(format!("the payments as CSV: {error}"));
    let mut writer =
        csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for payment in payments {
        let record = describe(payment.into());
        writer.write_record(&record).map_err(|error| broken(error.to_string()))?;
    }
    let bytes = writer.into_inner().map_err(|error| broken(error.to_string()))?;
    String::from_utf8(bytes).map_err(|error| broken(error.to_string()))
}

fn describe(row: AdminPaymentBody) -> [String; 19] {
    let number = |value: Option<i64>| value.map(|value| value.to_string()).unwrap_or_default();
    let payment = row.payment;
    [
        payment.at.to_string(),
        payment.provider,
        payment.provider_ref,
        row.organization_id.to_string(),
        payment.amount.minor.to_string(),
        payment.amount.currency,
        payment.status.to_owned(),
        row.method.unwrap_or_default(),
        row.bank.unwrap_or_default(),
        row.wallet.unwrap_or_default(),
        number(row.fee_minor),
        number(row.fee_tax_minor),
        row.error_code.unwrap_or_default(),
        row.error_reason.unwrap_or_default(),
        row.risk_level.unwrap_or_default().to_owned(),
        number(row.risk_score.map(i64::from)),
        payment.refunded.minor.to_string(),
        payment.dispute.unwrap_or_default().to_owned(),
        payment.disputed.minor.to_string(),
    ]
}
