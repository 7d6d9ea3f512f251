//! Invoices: the list, and each of our own as a page to print.
//!
//! Invariant: the page is whole by itself, so that what somebody keeps of it stays as it is.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse};
use gantry_ports::store::{Invoice, InvoiceKind};
use gantry_types::Money;
use minijinja::{Value, context};

use crate::dto::InvoicesBody;
use crate::extract::CurrentActor;
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// Styles of its own, and nothing else.
const INVOICE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'";
/// Of a time in RFC 3339, the day.
const DAY_CHARACTERS: usize = 10;

/// The newest invoices and credit notes: of this installation's numbering, and the provider's where
/// it writes them.
#[utoipa::path(get, path = "/account/invoices", tag = "Billing",
    responses((status = 200, body = InvoicesBody)))]
pub async fn list_invoices(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
) -> Answer<Json<InvoicesBody>> {
    Ok(Json(state.billing().list_invoices(&actor).await?.into()))
}

/// An invoice or a credit note of this installation's numbering, as a page to print or to keep.
#[utoipa::path(get, path = "/account/invoices/{number}/page", tag = "Billing",
    params(("number" = String, Path, description = "Such as `INV-2027-1`.")),
    responses((status = 200, content_type = "text/html", body = String)))]
pub async fn show_invoice(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    Path(number): Path<String>,
) -> Answer {
    let invoice = state.billing().get_invoice(&actor, &number).await?;
    let page = state.pages.render("invoice.html", describe(&invoice))?;
    let mut response = Html(page).into_response();
    let name = format!("inline; filename=\"{}.html\"", invoice.number);
    let name = HeaderValue::from_str(&name)
        .map_err(|_| Problem::internal(format!("`{name}` is no header value")))?;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_DISPOSITION, name);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(INVOICE_POLICY));
    Ok(response)
}

fn describe(invoice: &Invoice) -> Value {
    let content = &invoice.content;
    let money = |minor: i64| Money { minor, currency: content.currency }.to_string();
    let lines: Vec<Value> = content
        .lines
        .iter()
        .map(|line| {
            context! {
                description => &line.description,
                net => money(line.amount.net_minor),
                tax => money(line.amount.tax_minor),
                gross => money(line.amount.gross_minor),
            }
        })
        .collect();
    let written_at = content.at.to_string();
    context! {
        title => match content.kind {
            InvoiceKind::Invoice => "Invoice",
            InvoiceKind::CreditNote => "Credit note",
        },
        number => &invoice.number,
        corrects => &content.corrects,
        day => written_at.get(..DAY_CHARACTERS).unwrap_or(&written_at),
        seller => &content.seller,
        buyer => &content.buyer.name,
        email => &content.buyer.email,
        lines => lines,
        net => money(content.total.net_minor),
        tax => money(content.total.tax_minor),
        gross => money(content.total.gross_minor),
        rate => content.tax.as_ref().map(ToString::to_string),
        note => &content.note,
    }
}
