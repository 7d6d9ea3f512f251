//! What payment providers told.
//!
//! Invariant: the text of an event, which may name people, is in no list.

use gantry_ports::store::{EventOutcome, Order, PaymentEvent, PaymentEventFilter};
use gantry_types::{PaymentEventId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::PageParams;

/// Something that a payment provider told.
#[derive(Debug, Serialize, ToSchema)]
pub struct PaymentEventBody {
    /// The identifier.
    #[schema(value_type = Uuid)]
    pub id: PaymentEventId,
    /// The provider.
    pub provider: String,
    /// The provider's name for it.
    pub event_ref: String,
    /// The provider's word for its kind.
    pub kind: String,
    /// `applied`, `ignored` or `unclear`.
    pub outcome: &'static str,
    /// Why, in words.
    pub note: String,
    /// When it came.
    #[schema(value_type = String, format = DateTime)]
    pub received_at: Timestamp,
    /// Since when an unclear one is not tried again by itself.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub given_up_at: Option<Timestamp>,
}

impl From<PaymentEvent> for PaymentEventBody {
    fn from(event: PaymentEvent) -> Self {
        Self {
            id: event.id,
            provider: event.provider,
            event_ref: event.event_ref,
            kind: event.kind,
            outcome: event.outcome.as_str(),
            note: event.note,
            received_at: event.received_at,
            given_up_at: event.given_up_at,
        }
    }
}

/// An event with its text.
#[derive(Debug, Serialize, ToSchema)]
pub struct PaymentEventTextBody {
    /// The event.
    pub event: PaymentEventBody,
    /// What the provider sent, as it was signed; it may name people.
    pub body: String,
}

impl From<PaymentEvent> for PaymentEventTextBody {
    fn from(mut event: PaymentEvent) -> Self {
        let body = std::mem::take(&mut event.body);
        Self { event: event.into(), body }
    }
}

/// Which events are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PaymentEventParams {
    /// Of this provider, such as `stripe`.
    pub provider: Option<String>,
    /// `applied`, `ignored` or `unclear`.
    #[param(value_type = Option<String>)]
    pub outcome: Option<EventOutcome>,
    /// Of this kind, in the provider's word, such as `charge.refunded`.
    pub kind: Option<String>,
    /// That came then or later, such as 2027-02-01T00:00:00Z.
    #[param(value_type = Option<String>)]
    pub since: Option<Timestamp>,
    /// At most so many items: 1 to 200, 50 if not given.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// `newest_first` (if not given) or `oldest_first`.
    #[param(value_type = Option<crate::dto::ListOrder>)]
    pub order: Option<Order>,
}

impl PaymentEventParams {
    /// What the store is asked for.
    pub fn split(self) -> (PaymentEventFilter, PageParams) {
        let Self { provider, outcome, kind, since, limit, cursor, order } = self;
        let filter = PaymentEventFilter { provider, outcome, kind, since };
        (filter, PageParams { limit, cursor, order })
    }
}

/// An event that is put aside.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DismissRequest {
    /// Why nothing follows from it: 1 to 200 characters.
    pub reason: String,
}
