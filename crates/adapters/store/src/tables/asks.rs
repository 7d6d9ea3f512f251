//! What jobs asked of language models: written line by line, and summed.

use async_trait::async_trait;
use gantry_ports::StoreError;
use gantry_ports::store::{AskFilter, AskSums, JobAsks, ModelAsk, ModelSums, ReadAsks, WriteAsks};
use gantry_types::{JobId, Nanos, OrganizationId, TokenUse};
use sea_orm::{FromQueryResult, Value};
use uuid::Uuid;

use super::convert::{decode_u64, decode_word, encode_u64};
use crate::dialect::{JsonRows, Kind};
use crate::session::Session;

const WHAT: &str = "request to a language model";
/// Roots of one statement.
const BATCH: usize = 500;

/// The sums of a group of lines, as both statements below select them.
const SUMS: &str = "COUNT(*) AS requests, \
     CAST(SUM(CASE WHEN a.cost_nanos IS NULL THEN 1 ELSE 0 END) AS BIGINT) AS unpriced, \
     CAST(SUM(a.input_tokens) AS BIGINT) AS input_tokens, \
     CAST(SUM(a.output_tokens) AS BIGINT) AS output_tokens, \
     CAST(COALESCE(SUM(a.cost_nanos), 0) AS BIGINT) AS cost_nanos";

/// The sums of one model.
#[derive(Debug, FromQueryResult)]
struct ModelRow {
    model: String,
    currency: String,
    requests: i64,
    unpriced: i64,
    input_tokens: i64,
    output_tokens: i64,
    cost_nanos: i64,
}

/// The sums of one job.
#[derive(Debug, FromQueryResult)]
struct JobRow {
    root_id: Uuid,
    job_id: Uuid,
    currency: String,
    requests: i64,
    unpriced: i64,
    input_tokens: i64,
    output_tokens: i64,
    cost_nanos: i64,
}

/// Requests, those without a price, tokens of questions and answers, and the cost.
fn decode_sums(numbers: [i64; 5]) -> Result<AskSums, StoreError> {
    let [requests, unpriced, input, output, cost] = numbers;
    let tokens = TokenUse {
        input_tokens: decode_u64(WHAT, input)?,
        output_tokens: decode_u64(WHAT, output)?,
    };
    Ok(AskSums {
        requests: decode_u64(WHAT, requests)?,
        unpriced: decode_u64(WHAT, unpriced)?,
        tokens,
        cost: Nanos::new(decode_u64(WHAT, cost)?),
    })
}

impl ModelRow {
    fn decode(self) -> Result<ModelSums, StoreError> {
        let sums = decode_sums([
            self.requests,
            self.unpriced,
            self.input_tokens,
            self.output_tokens,
            self.cost_nanos,
        ])?;
        let currency = decode_word("currency", &self.currency)?;
        Ok(ModelSums { model: self.model, currency, sums })
    }
}

impl JobRow {
    fn decode(self) -> Result<JobAsks, StoreError> {
        let sums = decode_sums([
            self.requests,
            self.unpriced,
            self.input_tokens,
            self.output_tokens,
            self.cost_nanos,
        ])?;
        Ok(JobAsks {
            root_id: JobId::from_uuid(self.root_id),
            job_id: JobId::from_uuid(self.job_id),
            currency: decode_word("currency", &self.currency)?,
            sums,
        })
    }
}

#[async_trait]
impl ReadAsks for Session {
    async fn sum_asks(&self, filter: &AskFilter) -> Result<Vec<ModelSums>, StoreError> {
        let mut values: Vec<Value> =
            vec![filter.from.as_micros().into(), filter.to.as_micros().into()];
        let whose = match filter.organization_id {
            None => "",
            Some(organization_id) => {
                values.push(organization_id.as_uuid().into());
                " AND a.organization_id = $3"
            }
        };
        let text = format!(
            "SELECT a.model, a.currency, {SUMS} FROM model_asks a \
             WHERE a.at >= $1 AND a.at < $2{whose} \
             GROUP BY a.model, a.currency ORDER BY a.model, a.currency"
        );
        let rows = self.sql().all::<ModelRow>(WHAT, text, values).await?;
        rows.into_iter().map(ModelRow::decode).collect()
    }

    async fn sum_asks_of_trees(
        &self,
        organization_id: OrganizationId,
        roots: &[JobId],
    ) -> Result<Vec<JobAsks>, StoreError> {
        let named = self.sql().dialect().rows(2, &[("id", Kind::Id)]);
        let text = format!(
            "SELECT a.root_id, a.job_id, a.currency, {SUMS} FROM model_asks a \
             WHERE a.organization_id = $1 AND a.root_id IN (SELECT w.id FROM {named} w) \
             GROUP BY a.root_id, a.job_id, a.currency ORDER BY a.root_id, a.job_id, a.currency"
        );
        let mut found = Vec::new();
        for batch in roots.chunks(BATCH) {
            let mut set = JsonRows::new();
            for root in batch {
                set.row().id(root.as_uuid());
            }
            let values = vec![organization_id.as_uuid().into(), set.finish()];
            for row in self.sql().all::<JobRow>(WHAT, text.clone(), values).await? {
                found.push(row.decode()?);
            }
        }
        Ok(found)
    }
}

#[async_trait]
impl WriteAsks for Session {
    async fn insert_ask(&self, ask: &ModelAsk) -> Result<(), StoreError> {
        let text = "INSERT INTO model_asks (id, organization_id, job_id, root_id, operation, \
                    model, input_tokens, output_tokens, currency, cost_nanos, at) \
                    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
        let cost = ask.cost.map(|cost| encode_u64(WHAT, cost.get())).transpose()?;
        let values = vec![
            ask.id.as_uuid().into(),
            ask.organization_id.as_uuid().into(),
            ask.job_id.as_uuid().into(),
            ask.root_id.as_uuid().into(),
            ask.operation.as_str().into(),
            ask.model.as_str().into(),
            encode_u64(WHAT, ask.tokens.input_tokens)?.into(),
            encode_u64(WHAT, ask.tokens.output_tokens)?.into(),
            ask.currency.to_string().into(),
            cost.into(),
            ask.at.as_micros().into(),
        ];
        self.sql().run(WHAT, text, values).await.map(drop)
    }
}
