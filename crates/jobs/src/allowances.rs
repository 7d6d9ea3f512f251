//! What calls of services use of an account's meters, drawn from allowances: the books are asked
//! once for many calls, and this process counts down in between.
//!
//! Invariants: no call uses units that were not reserved before; a call that failed gives its
//! units back; what an allowance has left returns when it ends, after [`LIFE`] at the latest, and
//! when this process dies by the sweep, as it was last reported.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gantry_ports::store::{AllowCommand, AllowancePhase, AllowanceUseCommand, HotError};
use gantry_ports::{Clock, Store};
use gantry_rules::allowance::UnitAsk;
use gantry_types::{AllowanceId, MeterId, OrganizationId, Timestamp};

/// How long calls draw on one allowance.
const LIFE: Duration = Duration::from_secs(30);
/// How long after that the store waits for its owner's last word.
const MARGIN: Duration = Duration::from_secs(30);
/// How often its use is reported.
const PAUSE: Duration = Duration::from_secs(5);
/// For how many calls like the first one an allowance is asked for.
const CALLS: u64 = 64;

type Units = BTreeMap<MeterId, u64>;

/// An allowance that calls draw on.
struct Open {
    id: AllowanceId,
    granted: Units,
    /// By calls that were answered and by those under way.
    taken: Units,
    /// By calls that were answered.
    used: Units,
    is_reported: bool,
    until: Timestamp,
}

/// What one account has.
#[derive(Default)]
struct Desk {
    /// Held by whoever asks the store for more.
    gate: tokio::sync::Mutex<()>,
    open: Mutex<Option<Open>>,
}

/// The allowances that this process draws on.
pub(crate) struct Allowances {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    desks: Mutex<HashMap<OrganizationId, Arc<Desk>>>,
}

/// The units of one call: used when this is dropped, unless they are given back.
pub(crate) struct Draw {
    desk: Arc<Desk>,
    id: AllowanceId,
    units: Units,
    is_used: bool,
}

impl Allowances {
    pub(crate) fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock, desks: Mutex::default() }
    }

    /// Takes units for a call; `None` when it uses none.
    pub(crate) async fn draw(
        self: &Arc<Self>,
        organization_id: OrganizationId,
        units: Units,
    ) -> Result<Option<Draw>, HotError> {
        let units: Units = units.into_iter().filter(|(_, count)| *count > 0).collect();
        if units.is_empty() {
            return Ok(None);
        }
        let desk = Arc::clone(lock(&self.desks).entry(organization_id).or_default());
        if let Some(id) = desk.take(&units, self.clock.now()) {
            return Ok(Some(Draw { desk, id, units, is_used: true }));
        }
        let _gate = desk.gate.lock().await;
        // Whoever held the gate before may have opened one.
        if let Some(id) = desk.take(&units, self.clock.now()) {
            return Ok(Some(Draw { desk: Arc::clone(&desk), id, units, is_used: true }));
        }
        self.end(organization_id, &desk).await;
        let id = self.open(organization_id, &desk, &units).await?;
        Ok(Some(Draw { desk: Arc::clone(&desk), id, units, is_used: true }))
    }

    /// Asks the store, and takes the first units out of what it grants.
    async fn open(
        self: &Arc<Self>,
        organization_id: OrganizationId,
        desk: &Arc<Desk>,
        units: &Units,
    ) -> Result<AllowanceId, HotError> {
        let (allowance_id, now) = (AllowanceId::generate(), self.clock.now());
        let ask = |needed: u64| UnitAsk { needed, wanted: needed.saturating_mul(CALLS) };
        let asks = units.iter().map(|(meter, count)| (meter.clone(), ask(*count))).collect();
        let expires_at = now.plus(LIFE + MARGIN);
        let command = AllowCommand { allowance_id, organization_id, asks, now, expires_at };
        let granted = self.store.allow(command).await?;
        *lock(&desk.open) = Some(Open {
            id: allowance_id,
            granted,
            taken: units.clone(),
            used: Units::new(),
            is_reported: true,
            until: now.plus(LIFE),
        });
        tokio::spawn(keep(Arc::clone(self), (organization_id, allowance_id)));
        Ok(allowance_id)
    }

    /// Ends every allowance, for a process that is about to end.
    pub(crate) async fn end_all(&self) {
        let desks: Vec<_> = lock(&self.desks).drain().collect();
        for (organization_id, desk) in desks {
            self.end(organization_id, &desk).await;
        }
    }

    /// Returns what an allowance has left; calls under way count as used.
    async fn end(&self, organization_id: OrganizationId, desk: &Desk) {
        let open = lock(&desk.open).take();
        if let Some(open) = open {
            let phase = AllowancePhase::Ended;
            self.report((organization_id, open.id), open.taken, phase).await;
        }
    }

    async fn report(
        &self,
        (organization_id, allowance_id): (OrganizationId, AllowanceId),
        used: Units,
        phase: AllowancePhase,
    ) {
        let command = AllowanceUseCommand { allowance_id, organization_id, used, phase };
        if let Err(error) = self.store.report_use(command).await {
            tracing::warn!(%error, "the use of an allowance was not reported; its time ends it");
        }
    }

    /// One look at an allowance; `false` when it is no longer open.
    async fn look_after(&self, (organization_id, id): (OrganizationId, AllowanceId)) -> bool {
        let Some(desk) = lock(&self.desks).get(&organization_id).map(Arc::clone) else {
            return false;
        };
        let _gate = desk.gate.lock().await;
        let used = {
            let mut open = lock(&desk.open);
            let Some(open) = open.as_mut().filter(|open| open.id == id) else { return false };
            let is_over = self.clock.now() >= open.until;
            (!is_over).then(|| {
                let news = !std::mem::replace(&mut open.is_reported, true);
                news.then(|| open.used.clone())
            })
        };
        match used {
            None => {
                self.end(organization_id, &desk).await;
                false
            }
            Some(news) => {
                if let Some(used) = news {
                    self.report((organization_id, id), used, AllowancePhase::Open).await;
                }
                true
            }
        }
    }

    /// Forgets an account of which nothing is open.
    fn forget(&self, organization_id: OrganizationId) {
        let mut desks = lock(&self.desks);
        let is_idle = |desk: &Arc<Desk>| Arc::strong_count(desk) == 1 && lock(&desk.open).is_none();
        if desks.get(&organization_id).is_some_and(is_idle) {
            desks.remove(&organization_id);
        }
    }
}

/// Reports what is used of an allowance until it has ended.
async fn keep(allowances: Arc<Allowances>, which: (OrganizationId, AllowanceId)) {
    loop {
        tokio::time::sleep(PAUSE).await;
        if !allowances.look_after(which).await {
            return allowances.forget(which.0);
        }
    }
}

impl Desk {
    /// Takes units out of the open allowance, if it has them all.
    fn take(&self, units: &Units, now: Timestamp) -> Option<AllowanceId> {
        let mut open = lock(&self.open);
        let open = open.as_mut().filter(|open| now < open.until)?;
        let count = |of: &Units, meter: &MeterId| of.get(meter).copied().unwrap_or_default();
        let fits = units.iter().all(|(meter, needed)| {
            count(&open.taken, meter).saturating_add(*needed) <= count(&open.granted, meter)
        });
        if !fits {
            return None;
        }
        add(&mut open.taken, units);
        Some(open.id)
    }
}

impl Draw {
    /// The call failed: it used nothing.
    pub(crate) fn give_back(mut self) {
        self.is_used = false;
    }
}

impl Drop for Draw {
    fn drop(&mut self) {
        let mut open = lock(&self.desk.open);
        let Some(open) = open.as_mut().filter(|open| open.id == self.id) else { return };
        if self.is_used {
            add(&mut open.used, &self.units);
            open.is_reported = false;
            return;
        }
        for (meter, units) in &self.units {
            if let Some(taken) = open.taken.get_mut(meter) {
                *taken = taken.saturating_sub(*units);
            }
        }
    }
}

fn add(to: &mut Units, units: &Units) {
    for (meter, count) in units {
        let sum = to.entry(meter.clone()).or_default();
        *sum = sum.saturating_add(*count);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
