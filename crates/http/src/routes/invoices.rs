//! Invoices: the list, and each of our own as a page to print and as a PDF file.
//!
//! Invariant: page and file are whole by themselves, so that what somebody keeps stays as it is.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{Html, IntoResponse};
use minijinja::{Value, context};

use crate::dto::InvoicesBody;
use crate::extract::CurrentActor;
use crate::paper::{AmountWords, InvoiceWords, write_pdf};
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// Styles of its own, and nothing else.
const INVOICE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'";

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
    let words = InvoiceWords::from(state.billing().get_invoice(&actor, &number).await?);
    let page = state.pages.render("invoice.html", describe(&words))?;
    let mut response = Html(page).into_response();
    let headers = response.headers_mut();
    add_headers(headers, &format!("inline; filename=\"{}.html\"", words.number))?;
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(INVOICE_POLICY));
    Ok(response)
}

fn describe(words: &InvoiceWords) -> Value {
    let lines = words.lines.iter().map(|line| {
        context! {
            description => &line.description,
            amount => describe_amount(&line.amount),
        }
    });
    context! {
        title => words.title,
        number => &words.number,
        corrects => &words.corrects,
        day => &words.day,
        seller => &words.seller,
        buyer_label => words.buyer_label,
        buyer => &words.buyer,
        buyer_lines => &words.buyer_lines,
        email => &words.email,
        lines => lines.collect::<Vec<Value>>(),
        total => describe_amount(&words.total),
        total_label => words.total_label,
        tax_label => &words.tax_label,
        note => &words.note,
    }
}

fn describe_amount(amount: &AmountWords) -> Value {
    context! { net => &amount.net, tax => &amount.tax, gross => &amount.gross }
}

/// An invoice or a credit note of this installation's numbering, as a PDF file.
#[utoipa::path(get, path = "/account/invoices/{number}/pdf", tag = "Billing",
    params(("number" = String, Path, description = "Such as `INV-2027-1`.")),
    responses((status = 200, content_type = "application/pdf", body = Vec<u8>)))]
pub async fn download_invoice(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    Path(number): Path<String>,
) -> Answer {
    let words = InvoiceWords::from(state.billing().get_invoice(&actor, &number).await?);
    let mut response = write_pdf(&words)?.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/pdf"));
    add_headers(headers, &format!("attachment; filename=\"{}.pdf\"", words.number))?;
    Ok(response)
}

fn add_headers(headers: &mut HeaderMap, disposition: &str) -> Answer<()> {
    let disposition = HeaderValue::from_str(disposition)
        .map_err(|_| Problem::internal(format!("`{disposition}` is no header value")))?;
    headers.insert(header::CONTENT_DISPOSITION, disposition);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    Ok(())
}
