//! A limit by the day: it refuses until midnight, names that, and the month goes on counting.
#![expect(clippy::unwrap_used, reason = "a test ends where something is missing")]

mod accounts;

use std::collections::BTreeMap;

use gantry_rules::account::AccountState;
use gantry_rules::admission::readmit;
use gantry_rules::allowance::{self, UnitAsk};
use gantry_rules::plan::MeterLimit;
use gantry_rules::refusal::Refusal;
use gantry_rules::submission::{Accounting, Needs};
use gantry_types::{Credits, Device, MeterId, Timestamp};

use accounts::limited_account;

fn chats() -> MeterId {
    "chat_messages".parse().unwrap()
}

fn account(limit: MeterLimit) -> AccountState {
    limited_account(chats(), limit)
}

fn needs(units: u64) -> Needs {
    Needs {
        meters: BTreeMap::from([(chats(), units)]),
        max_credits: Credits::ZERO,
        memory_bytes: 1,
        threads: 1,
        device: Device::Cpu,
    }
}

fn admit(account: &mut AccountState, units: u64, now: Timestamp) -> Result<(), Refusal> {
    let admission = readmit(account, &needs(units), Accounting::Metered, now)?;
    account.take(&admission.hold).unwrap();
    Ok(())
}

#[test]
fn a_day_is_full_until_midnight_and_a_month_until_its_end() {
    let limit = MeterLimit { per_day: Some(2), per_period: Some(3), per_job: None };
    let mut account = account(limit);
    let first: Timestamp = "2027-03-01T10:00:00Z".parse().unwrap();
    admit(&mut account, 2, first).unwrap();
    let full = admit(&mut account, 1, first).unwrap_err();
    let resets_at = "2027-03-02T00:00:00Z".parse().unwrap();
    assert_eq!(full, Refusal::Quota { meter: chats(), needed: 1, used: 2, limit: 2, resets_at });
    let second: Timestamp = "2027-03-02T00:00:00Z".parse().unwrap();
    admit(&mut account, 1, second).unwrap();
    let full = admit(&mut account, 1, second).unwrap_err();
    let resets_at = "2027-04-01T00:00:00Z".parse().unwrap();
    assert_eq!(full, Refusal::Quota { meter: chats(), needed: 1, used: 3, limit: 3, resets_at });
}

#[test]
fn an_allowance_counts_on_its_day_too() {
    let mut account = account(MeterLimit { per_day: Some(100), ..MeterLimit::default() });
    let now: Timestamp = "2027-03-01T10:00:00Z".parse().unwrap();
    let asks = BTreeMap::from([(chats(), UnitAsk { needed: 1, wanted: 500 })]);
    let mut parts = allowance::grant(&account, &asks, now).unwrap();
    assert_eq!(parts.len(), 2, "the month's and the day's");
    assert!(parts.iter().all(|part| part.held.units == 10), "a tenth of what the day has left");
    allowance::take(&mut account, &parts).unwrap();
    allowance::report(&mut parts, &BTreeMap::from([(chats(), 4)]));
    allowance::end(&mut account, &parts).unwrap();
    let used: Vec<u64> = account.meters.iter().map(|usage| usage.used).collect();
    assert_eq!(used, [4, 4]);
    assert_eq!(admit(&mut account, 96, now), Ok(()));
    assert!(admit(&mut account, 1, now).is_err());
}

#[test]
fn a_plan_lifts_a_refusal_only_when_all_its_limits_do() {
    let refused = Refusal::Quota {
        meter: chats(),
        needed: 1,
        used: 20,
        limit: 20,
        resets_at: Timestamp::from_micros(0),
    };
    let lifts = |limit: MeterLimit| refused.is_lifted_by(&account(limit).terms);
    assert!(lifts(MeterLimit::default()));
    assert!(lifts(MeterLimit { per_day: Some(21), ..MeterLimit::default() }));
    assert!(!lifts(MeterLimit { per_day: Some(20), ..MeterLimit::default() }));
    assert!(!lifts(MeterLimit { per_period: Some(20), ..MeterLimit::default() }));
    assert!(!lifts(MeterLimit { per_job: Some(0), ..MeterLimit::default() }));
}
