//! Lists.

use gantry_ports::store::{Order, Page, PageRequest};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::extract::{decode_cursor, encode_cursor};
use crate::problem::{Answer, Problem};

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 200;

/// Which part of a list is wanted.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageParams {
    /// At most so many items: 1 to 200, 50 if not given.
    #[serde(default, deserialize_with = "number_from_text")]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// `newest_first` (if not given) or `oldest_first`.
    #[param(value_type = Option<ListOrder>)]
    pub order: Option<Order>,
}

/// Numbers arrive as text where a query is read in two steps.
fn number_from_text<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<u32>, D::Error> {
    let text = Option::<String>::deserialize(from)?;
    text.map(|text| {
        text.parse().map_err(|_| {
            serde::de::Error::custom(format!("`{text}` is not a number; expected 1 to 200"))
        })
    })
    .transpose()
}

/// The order of a list.
#[derive(ToSchema, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "the schema of the store's own type, which does not know of schemas")]
pub enum ListOrder {
    /// Newest first.
    NewestFirst,
    /// Oldest first.
    OldestFirst,
}

impl PageParams {
    /// As the store takes it; `key` makes the list's key from its UUID.
    pub fn request<K>(&self, key: impl Fn(Uuid) -> K) -> Answer<PageRequest<K>> {
        let limit = self.limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(Problem::invalid("", format!("`limit` is {limit}; expected 1 to 200.")));
        }
        let after = self.cursor.as_deref().map(decode_cursor).transpose()?.map(key);
        Ok(PageRequest { after, limit, order: self.order.unwrap_or_default() })
    }
}

/// Which part of a list is wanted that has one order alone.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OnwardParams {
    /// At most so many items: 1 to 200, 50 if not given.
    #[serde(default, deserialize_with = "number_from_text")]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

impl OnwardParams {
    /// The key to continue after and how many are wanted; `key` makes the list's key from its UUID.
    pub fn request<K>(self, key: impl Fn(Uuid) -> K) -> Answer<(Option<K>, u32)> {
        let page = PageParams { limit: self.limit, cursor: self.cursor, order: None };
        let request = page.request(key)?;
        Ok((request.after, request.limit))
    }
}

/// One part of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct PageOf<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where the list goes on; `null` on the last page.
    pub next_cursor: Option<String>,
}

impl<T> PageOf<T> {
    /// From the store's page.
    pub fn of<S, K>(page: Page<S, K>, item: impl Fn(S) -> T, key: impl Fn(K) -> Uuid) -> Self {
        Self {
            items: page.items.into_iter().map(item).collect(),
            next_cursor: page.next.map(|next| encode_cursor(key(next))),
        }
    }
}

/// A list that comes whole.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListOf<T> {
    /// The items.
    pub items: Vec<T>,
}
