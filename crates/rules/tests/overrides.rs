//! An override replaces one limit of the plan until its time is over, and nothing else.
#![expect(clippy::unwrap_used, reason = "a test ends where something is missing")]

mod accounts;

use gantry_rules::account::AccountState;
use gantry_rules::admission::readmit;
use gantry_rules::overrides::{InvalidOverride, LimitName, LimitOverride, derive_terms};
use gantry_rules::period::QuotaReset;
use gantry_rules::plan::{MeterLimit, PlanTerms};
use gantry_rules::refusal::Refusal;
use gantry_rules::submission::{Accounting, Needs};
use gantry_types::{Credits, Device, MeterId, Timestamp};
use proptest::prelude::*;

use accounts::limited_account;

const WORDS: [&str; 7] = [
    "concurrent_jobs",
    "seats",
    "retention_days",
    "file_bytes",
    "per_month.rows",
    "per_day.rows",
    "per_job.rows",
];

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000)
}

fn plan() -> PlanTerms {
    let limit = MeterLimit { per_period: Some(10), per_day: Some(5), per_job: Some(3) };
    limited_account("rows".parse().unwrap(), limit).terms
}

fn change(word: &str, value: Option<u64>, expires_at: Option<Timestamp>) -> LimitOverride {
    LimitOverride { limit: word.parse().unwrap(), value, expires_at }
}

#[test]
fn every_limit_has_a_word_and_no_other_has() {
    for word in WORDS {
        assert_eq!(word.parse::<LimitName>().unwrap().to_string(), word);
    }
    for wrong in ["", "gpu", "rows", "per_month", "per_month.", "per_year.rows", "per_day.Rows"] {
        assert!(wrong.parse::<LimitName>().is_err(), "{wrong}");
    }
    let daily = "per_month.rows.day".parse::<LimitName>().unwrap_err();
    assert!(daily.to_string().contains("`per_month.rows.day` is no limit"), "{daily}");
}

#[test]
fn a_number_that_a_limit_cannot_be_is_refused() {
    for (word, wrong) in [("seats", 0), ("concurrent_jobs", 1 << 32), ("per_job.rows", 1 << 63)] {
        let refused = change(word, Some(wrong), None).check().unwrap_err();
        assert!(matches!(refused, InvalidOverride::Value { .. }), "{refused}");
        assert_eq!(change(word, None, None).check(), Ok(()));
    }
    assert_eq!(change("per_month.rows", Some(0), None).check(), Ok(()));
}

#[test]
fn it_holds_until_its_end_and_not_then() {
    let one = change("seats", Some(4), Some(at(100)));
    assert_eq!(derive_terms(&plan(), [&one], at(99)).seats, Some(4));
    assert_eq!(derive_terms(&plan(), [&one], at(100)), plan());
}

fn needs(units: u64) -> Needs {
    Needs {
        meters: [("rows".parse().unwrap(), units)].into(),
        max_credits: Credits::ZERO,
        memory_bytes: 1,
        threads: 1,
        device: Device::Cpu,
    }
}

fn submit(account: &mut AccountState, units: u64, now: Timestamp) -> Result<(), Refusal> {
    let admission = readmit(account, &needs(units), Accounting::Metered, now)?;
    account.take(&admission.hold).unwrap();
    Ok(())
}

/// An account whose months begin at an anchor counts in them, and says so when it refuses; another
/// anchor begins a month of its own, and what was used before counts neither twice nor ever again.
#[test]
fn months_count_from_the_anchor() {
    let rows: MeterId = "rows".parse().unwrap();
    let limit = MeterLimit { per_period: Some(10), ..MeterLimit::default() };
    let mut account = limited_account(rows.clone(), limit);
    account.terms.quota_reset = QuotaReset::Billing;
    account.quota_anchor = "2027-01-31T09:30:00Z".parse().unwrap();
    let time = |text: &str| text.parse::<Timestamp>().unwrap();
    submit(&mut account, 10, time("2027-02-27T00:00:00Z")).unwrap();
    let refused = submit(&mut account, 1, time("2027-02-28T09:29:59Z")).unwrap_err();
    let Refusal::Quota { used, resets_at, .. } = refused else { panic!("{refused}") };
    assert_eq!((used, resets_at), (10, time("2027-02-28T09:30:00Z")));
    submit(&mut account, 4, time("2027-02-28T09:30:00Z")).unwrap();

    account.quota_anchor = time("2027-03-10T12:00:00Z");
    submit(&mut account, 10, time("2027-03-10T12:00:00Z")).unwrap();
    let refused = submit(&mut account, 1, time("2027-03-31T09:30:00Z")).unwrap_err();
    let Refusal::Quota { used, resets_at, .. } = refused else { panic!("{refused}") };
    assert_eq!((used, resets_at), (10, time("2027-04-10T12:00:00Z")), "one month, not two");
    let total: u64 = account.meters.iter().filter(|m| m.meter == rows).map(|m| m.reserved).sum();
    assert_eq!(total, 24, "everything counts once");
}

proptest! {
    /// Each limit is what the override says while it holds, and every other one the plan's.
    #[test]
    fn nothing_but_the_named_limit_changes(
        which in 0..WORDS.len(),
        value in prop::option::of(1_u64..1_000_000),
        end in prop::option::of(0_i64..200),
    ) {
        let one = change(WORDS[which], value, end.map(at));
        let terms = derive_terms(&plan(), [&one], at(100));
        let holds = end.is_none_or(|end| end > 100);
        for word in WORDS {
            let limit: LimitName = word.parse().unwrap();
            let found = limit.read(&terms);
            if word != WORDS[which] || !holds {
                prop_assert_eq!(found, limit.read(&plan()));
            } else if let Some(value) = value {
                prop_assert_eq!(found, Some(value));
            } else {
                // What has always a limit gets the largest there is.
                prop_assert!(found.is_none_or(|most| most >= u64::from(u32::MAX)));
            }
        }
    }
}
