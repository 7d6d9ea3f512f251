//! The sandbox's page for paying: what a real provider shows on a site of its own.
//!
//! Invariant: it takes the sandbox's test cards alone, and keeps no number.

use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use gantry_billing::BillingError;
use gantry_ports::payments::{CardAnswer, PaymentError, SandboxCheckout, SandboxDesk};
use gantry_types::ProblemCode;
use minijinja::context;
use serde::Deserialize;

use super::private;
use crate::middleware::require_same_origin;
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// What the form sends.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Fields {
    card: String,
    agreed: String,
}

/// The form.
pub async fn checkout_page(State(state): State<AppState>, Path(id): Path<String>) -> Answer {
    let checkout = get(&state, &id).await?;
    if checkout.paid {
        return redirect(&checkout.return_url);
    }
    show(&state, &checkout, (None, ""), StatusCode::OK)
}

/// Pays. The name of a checkout cannot be guessed, so that it is all that the form needs.
pub async fn pay(
    State(state): State<AppState>,
    Path(id): Path<String>,
    headers: HeaderMap,
    form: Result<Form<Fields>, FormRejection>,
) -> Answer {
    require_same_origin(&state.settings, &headers)?;
    let Form(fields) = form.map_err(|error| {
        Problem::new(ProblemCode::InvalidRequest, format!("The form cannot be read: {error}."))
    })?;
    let answer = desk(&state)?.pay(&id, &fields.card, fields.agreed == "yes").await;
    let (message, card) = match answer {
        Ok(CardAnswer::Paid { return_url }) => return redirect(&return_url),
        Ok(CardAnswer::ActionNeeded) => ("action".to_owned(), fields.card.as_str()),
        Ok(CardAnswer::Declined { reason }) => (format!("The card was not charged: {reason}."), ""),
        Err(PaymentError::Refused { reason }) => (format!("Not paid: {reason}."), ""),
        Err(
            error @ (PaymentError::NotFound { .. }
            | PaymentError::Misconfigured { .. }
            | PaymentError::Unavailable { .. }),
        ) => {
            return Err(BillingError::from(error).into());
        }
    };
    let checkout = get(&state, &id).await?;
    show(&state, &checkout, (Some(&message), card), StatusCode::UNPROCESSABLE_ENTITY)
}

fn desk(state: &AppState) -> Answer<&dyn SandboxDesk> {
    let desk = state.billing().sandbox();
    desk.map(AsRef::as_ref).ok_or_else(|| {
        Problem::new(ProblemCode::NotFound, "There is no sandbox for payments on this server.")
    })
}

async fn get(state: &AppState, id: &str) -> Answer<SandboxCheckout> {
    Ok(desk(state)?.get_checkout(id).await.map_err(BillingError::from)?)
}

fn show(
    state: &AppState,
    checkout: &SandboxCheckout,
    (message, card): (Option<&str>, &str),
    status: StatusCode,
) -> Answer {
    let asks = message == Some("action");
    let page = state.pages.render(
        "sandbox.html",
        context! {
            title => "Sandbox payment",
            what => &checkout.title,
            due => checkout.due.to_string(),
            interval => checkout.interval.map(|interval| interval.as_str()),
            return_url => &checkout.return_url,
            asks => asks,
            card => card,
            error => message.filter(|_| !asks),
        },
    )?;
    let mut response = private(Html(page).into_response());
    *response.status_mut() = status;
    Ok(response)
}

fn redirect(url: &str) -> Answer<Response> {
    let location = HeaderValue::from_str(url)
        .map_err(|_| Problem::internal("the address to come back to is no header"))?;
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response())
}
