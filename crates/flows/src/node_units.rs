//! The meters of a plan, for nodes: what a job would count alone, its node counts too.
//!
//! Invariants: nothing is forked before its units are reserved; a node that does not succeed
//! gives its units back; what nobody returned ends by itself after [`LIFE`].

use std::time::Duration;

use gantry_engine_api::EngineError;
use gantry_ports::Store;
use gantry_ports::store::{AllowCommand, AllowancePhase, AllowanceUseCommand, HotError};
use gantry_rules::allowance::UnitAsk;
use gantry_types::{AllowanceId, MeterId, OrganizationId, Timestamp};
use std::collections::BTreeMap;

use crate::progress::Reserved;

/// How long a reservation waits for its node to end.
const LIFE: Duration = Duration::from_hours(7 * 24);

/// Whether units were used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// They were.
    All,
    /// They go back.
    None,
}

/// Reserves units; `Ok(Err(_))` is the plan's refusal in words.
///
/// # Errors
/// `Transient` when the store does not answer.
pub(crate) async fn reserve(
    store: &dyn Store,
    organization_id: OrganizationId,
    units: &BTreeMap<MeterId, u64>,
    now: Timestamp,
) -> Result<Result<Option<Reserved>, String>, EngineError> {
    if units.is_empty() {
        return Ok(Ok(None));
    }
    let ask = |needed: u64| UnitAsk { needed, wanted: needed };
    let allowance_id = AllowanceId::generate();
    let asks = units.iter().map(|(meter, count)| (meter.clone(), ask(*count))).collect();
    let expires_at = now.plus(LIFE);
    let command = AllowCommand { allowance_id, organization_id, asks, now, expires_at };
    match store.allow(command).await {
        Ok(_) => Ok(Ok(Some(Reserved { allowance_id, units: units.clone() }))),
        Err(HotError::Refused(refusal)) => {
            Ok(Err(format!("The plan does not allow it: {refusal}.")))
        }
        Err(error) => Err(derive_error(&error)),
    }
}

/// Ends a reservation.
///
/// # Errors
/// `Transient` when the store does not answer.
pub(crate) async fn release(
    store: &dyn Store,
    organization_id: OrganizationId,
    (reserved, used): (&Reserved, Use),
) -> Result<(), EngineError> {
    let used = match used {
        Use::All => reserved.units.clone(),
        Use::None => BTreeMap::new(),
    };
    let command = AllowanceUseCommand {
        allowance_id: reserved.allowance_id,
        organization_id,
        used,
        phase: AllowancePhase::Ended,
    };
    store.report_use(command).await.map_err(|error| derive_error(&error))
}

fn derive_error(error: &HotError) -> EngineError {
    EngineError::transient(format!("The store did not count the units of a node: {error}."))
}
