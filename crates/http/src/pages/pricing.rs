//! The page of plans and packages: what is sold here, for people who have no account yet.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{Html, IntoResponse};
use gantry_billing::{Edition, EditionPlan, PaymentChoice, Sale};
use gantry_rules::plan::{Included, MeterLimit, PlanTerms, Support};
use gantry_types::MeterId;
use minijinja::{Value, context};

use super::{find_viewer, private};
use crate::extract::Peer;
use crate::problem::Answer;
use crate::state::AppState;

const MEGABYTE: u64 = 1_000_000;

/// All plans, from the smallest to the largest.
pub async fn pricing(State(state): State<AppState>, peer: Peer, headers: HeaderMap) -> Answer {
    let viewer = find_viewer(&state, &headers, &peer).await;
    let edition = state.billing().edition();
    let plans: Vec<Value> = edition.plans.iter().map(|plan| describe(plan, edition)).collect();
    let packages: Vec<Value> = edition
        .packages
        .iter()
        .map(|package| context! { title => &package.title, price => package.price.to_string() })
        .collect();
    let page = state.pages.render(
        "pricing.html",
        context! {
            title => "Plans",
            plans => plans,
            packages => packages,
            payees => tell_choice(&state.billing().list_payment_choices()),
            viewer => viewer.as_ref().map(|_| true),
            csrf => viewer.as_ref().map(super::screen::csrf_of),
        },
    )?;
    Ok(private(Html(page).into_response()))
}

fn describe(plan: &EditionPlan, edition: &Edition) -> Value {
    let price = plan.terms.price;
    context! {
        slug => &plan.slug,
        title => &plan.title,
        on_request => plan.sale == Sale::OnRequest,
        month => price.month.map(|money| money.to_string()),
        year => price.year.map(|money| money.to_string()),
        trial_days => price.trial_days,
        lines => derive_lines(plan, edition),
    }
}

/// What a plan has, in lines that can be compared.
fn derive_lines(plan: &EditionPlan, edition: &Edition) -> Vec<String> {
    let PlanTerms { concurrent_jobs, file_bytes, seats, gpu, support, meters, .. } = &plan.terms;
    let mut lines = plan.highlights.clone();
    for (meter, limit) in meters {
        lines.extend(describe_limit(&name_of(meter, edition), limit, |units| {
            if meter.counts_money() {
                meter.tell_units(units, edition.currency)
            } else {
                group(units)
            }
        }));
    }
    lines.push(format!("{concurrent_jobs} at once"));
    lines.push(format!("Files up to {} MB", file_bytes / MEGABYTE));
    if *gpu == Included::Yes {
        lines.push("Graphics processors".to_owned());
    }
    if let Some(seats) = seats {
        lines.push(format!("Seats: {seats}"));
    }
    lines.push(
        match support {
            Support::Community => "Community support",
            Support::Email => "Support by email",
            Support::Priority => "Priority support",
            Support::Dedicated => "Dedicated support",
        }
        .to_owned(),
    );
    lines
}

fn name_of(meter: &MeterId, edition: &Edition) -> String {
    let plain = || meter.as_str().replace(['_', '.'], " ");
    edition.meters.get(meter).cloned().unwrap_or_else(plain)
}

fn describe_limit(name: &str, limit: &MeterLimit, tell: impl Fn(u64) -> String) -> Vec<String> {
    let bounds =
        [(limit.per_period, "a month"), (limit.per_day, "a day"), (limit.per_job, "in one job")];
    bounds
        .into_iter()
        .filter_map(|(units, each)| match units? {
            0 => Some(format!("{name}: not included")),
            units => Some(format!("{name}: {} {each}", tell(units))),
        })
        .collect()
}

/// With whom one can pay, where there is a choice.
fn tell_choice(choices: &[PaymentChoice]) -> Option<String> {
    let titles: Vec<&str> = choices.iter().map(|choice| choice.title).collect();
    match titles.as_slice() {
        [] | [_] => None,
        [first @ .., last] => Some(format!("{} or {last}", first.join(", "))),
    }
}

/// A number with its thousands apart.
fn group(number: u64) -> String {
    let digits = number.to_string();
    let first = digits.len() % 3;
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && place % 3 == first {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_of_providers_is_told_where_there_is_one() {
        let all = [("stripe", "Stripe"), ("paypal", "PayPal"), ("razorpay", "Razorpay")]
            .map(|(id, title)| PaymentChoice { id, title });
        assert_eq!(tell_choice(&all[..0]), None);
        assert_eq!(tell_choice(&all[..1]), None);
        assert_eq!(tell_choice(&all[..2]).as_deref(), Some("Stripe or PayPal"));
        assert_eq!(tell_choice(&all).as_deref(), Some("Stripe, PayPal or Razorpay"));
    }

    #[test]
    fn limits_are_told_in_words() {
        let limit = MeterLimit { per_period: Some(1_000), per_day: None, per_job: Some(0) };
        assert_eq!(
            describe_limit("Rows", &limit, group),
            ["Rows: 1,000 a month", "Rows: not included"]
        );
        assert_eq!([group(5), group(1_000), group(123_456_789)], ["5", "1,000", "123,456,789"]);
    }
}
