//! Which parameters Stripe's endpoints take, of those that are of use here, by its public OpenAPI
//! description.
//!
//! Invariant: a parameter that is not in the table is refused, as Stripe refuses what it does not
//! know.

use crate::fakes::form::Fields;

use super::errors::Refusal;

/// What a parameter may be.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Text,
    Integer,
    Boolean,
    Currency,
    Address,
    /// Seconds since 1970, or `now`.
    Moment,
    Word(&'static [&'static str]),
}

use Kind::{Address, Boolean, Currency, Integer, Moment, Text, Word};

type Params = &'static [(&'static str, Kind)];

/// In names, `#` stands for a number and `*` for any name.
const SESSIONS: Params = &[
    ("mode", Word(&["payment", "subscription", "setup"])),
    ("client_reference_id", Text),
    ("success_url", Address),
    ("cancel_url", Address),
    ("customer", Text),
    ("customer_email", Text),
    ("customer_update[address]", Word(&["auto", "never"])),
    ("customer_update[name]", Word(&["auto", "never"])),
    ("allow_promotion_codes", Boolean),
    ("automatic_tax[enabled]", Boolean),
    ("tax_id_collection[enabled]", Boolean),
    ("metadata[*]", Text),
    ("line_items[#][quantity]", Integer),
    ("line_items[#][price_data][currency]", Currency),
    ("line_items[#][price_data][unit_amount]", Integer),
    ("line_items[#][price_data][product]", Text),
    ("line_items[#][price_data][product_data][name]", Text),
    ("line_items[#][price_data][recurring][interval]", INTERVAL),
    ("payment_intent_data[metadata][*]", Text),
    ("payment_intent_data[receipt_email]", Text),
    ("subscription_data[metadata][*]", Text),
    ("subscription_data[trial_period_days]", Integer),
    ("expand[]", Text),
];
const INTERVAL: Kind = Word(&["day", "week", "month", "year"]);
const PRODUCTS: Params = &[("id", Text), ("name", Text), ("metadata[*]", Text), ("expand[]", Text)];
const SUBSCRIPTION: Params = &[
    ("cancel_at_period_end", Boolean),
    ("trial_end", Moment),
    ("items[#][id]", Text),
    ("items[#][price_data][currency]", Currency),
    ("items[#][price_data][unit_amount]", Integer),
    ("items[#][price_data][product]", Text),
    ("items[#][price_data][recurring][interval]", INTERVAL),
    ("proration_behavior", Word(&["always_invoice", "create_prorations", "none"])),
    (
        "payment_behavior",
        Word(&[
            "allow_incomplete",
            "default_incomplete",
            "error_if_incomplete",
            "pending_if_incomplete",
        ]),
    ),
    ("metadata[*]", Text),
    ("expand[]", Text),
];
const REFUNDS: Params = &[
    ("charge", Text),
    ("payment_intent", Text),
    ("amount", Integer),
    ("reason", Word(&["duplicate", "fraudulent", "requested_by_customer"])),
    ("metadata[*]", Text),
    ("expand[]", Text),
];
const PORTAL: Params = &[("customer", Text), ("return_url", Address), ("expand[]", Text)];
const ONE: Params = &[("expand[]", Text)];
const INVOICES: Params = &[
    ("subscription", Text),
    ("status", Word(&["draft", "open", "paid", "uncollectible", "void"])),
    ("customer", Text),
    ("limit", Integer),
    ("starting_after", Text),
    ("expand[]", Text),
];
const EVENTS: Params = &[
    ("created[gte]", Integer),
    ("types[]", Text),
    ("limit", Integer),
    ("starting_after", Text),
    ("expand[]", Text),
];

/// Method, path and parameters; `{}` stands for a name.
const ENDPOINTS: &[(&str, &str, Params)] = &[
    ("POST", "/v1/checkout/sessions", SESSIONS),
    ("GET", "/v1/checkout/sessions/{}", ONE),
    ("POST", "/v1/checkout/sessions/{}/expire", ONE),
    ("POST", "/v1/products", PRODUCTS),
    ("GET", "/v1/subscriptions/{}", ONE),
    ("POST", "/v1/subscriptions/{}", SUBSCRIPTION),
    ("DELETE", "/v1/subscriptions/{}", ONE),
    ("GET", "/v1/invoices", INVOICES),
    ("GET", "/v1/invoices/{}", ONE),
    ("POST", "/v1/invoices/{}/void", ONE),
    ("POST", "/v1/refunds", REFUNDS),
    ("POST", "/v1/billing_portal/sessions", PORTAL),
    ("GET", "/v1/events", EVENTS),
];

/// The endpoint of a request, with the name in its path.
pub(super) fn find_endpoint<'p>(
    method: &str,
    path: &'p str,
) -> Option<(&'static str, &'p str, Params)> {
    ENDPOINTS.iter().find_map(|(known, pattern, params)| {
        if *known != method {
            return None;
        }
        let name = match pattern.split_once("{}") {
            None => (*pattern == path).then_some("")?,
            Some((before, after)) => {
                let name = path.strip_prefix(before)?.strip_suffix(after)?;
                Some(name).filter(|name| !name.is_empty() && !name.contains('/'))?
            }
        };
        Some((*pattern, name, *params))
    })
}

/// Refuses what is unknown or of the wrong kind.
pub(super) fn require_known(params: Params, fields: &Fields) -> Result<(), Refusal> {
    for (key, value) in fields.iter() {
        let Some((_, kind)) = params.iter().find(|(pattern, _)| fits(pattern, key)) else {
            let message = format!("Received unknown parameter: {key}");
            return Err(Refusal::invalid("parameter_unknown", key, &message));
        };
        require_kind(*kind, key, value)?;
    }
    Ok(())
}

fn require_kind(kind: Kind, key: &str, value: &str) -> Result<(), Refusal> {
    let refuse = |code: &str, message: String| Err(Refusal::invalid(code, key, &message));
    match kind {
        Text if value.is_empty() => {
            refuse("parameter_invalid_empty", format!("You passed an empty string for '{key}'."))
        }
        Integer if value.parse::<i64>().is_err() => {
            refuse("parameter_invalid_integer", format!("Invalid integer: {value}"))
        }
        Moment if value != "now" && value.parse::<i64>().is_err() => {
            refuse("parameter_invalid_integer", format!("Invalid timestamp: {value}"))
        }
        Boolean if !["true", "false"].contains(&value) => {
            refuse("parameter_invalid_boolean", format!("Invalid boolean: {value}"))
        }
        Currency if !["usd", "eur", "gbp", "inr", "jpy"].contains(&value) => {
            refuse("invalid_currency", format!("Invalid currency: {value}."))
        }
        Address if !value.starts_with("https://") && !value.starts_with("http://") => {
            refuse("url_invalid", "Not a valid URL".to_owned())
        }
        Word(words) if !words.contains(&value) => refuse(
            "parameter_invalid",
            format!("Invalid {key}: must be one of {}", words.join(", ")),
        ),
        Text | Integer | Boolean | Currency | Address | Moment | Word(_) => Ok(()),
    }
}

/// Whether a name is of a pattern.
fn fits(pattern: &str, key: &str) -> bool {
    let parts = |text: &str| -> Vec<String> {
        text.split('[').map(|part| part.trim_end_matches(']').to_owned()).collect()
    };
    let (pattern, key) = (parts(pattern), parts(key));
    pattern.len() == key.len()
        && pattern.iter().zip(&key).all(|(pattern, part)| match pattern.as_str() {
            "#" => part.parse::<u32>().is_ok(),
            "*" => !part.is_empty() && part.len() <= 40,
            exact => exact == part,
        })
}
