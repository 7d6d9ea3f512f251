//! Any interleaving of allowances keeps the meters: what is reserved is what open allowances
//! hold, what is used is what ended ones reported, and neither exceeds the quota.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a model of a test fails the test")]

mod accounts;

use std::collections::BTreeMap;

use gantry_rules::account::AccountState;
use gantry_rules::allowance::{self, AllowancePart, UnitAsk};
use gantry_rules::plan::MeterLimit;
use gantry_rules::refusal::Refusal;
use gantry_types::{MeterId, Timestamp};
use proptest::prelude::*;

use accounts::limited_account;

const PER_CALL: u64 = 60;
const PER_MONTH: u64 = 200;
const MONTH_MICROS: i64 = 31 * 86_400 * 1_000_000;

#[derive(Debug, Clone)]
enum Step {
    Grant { needed: u64, wanted: u64 },
    Report { which: usize, used: u64 },
    End { which: usize },
    NextMonth,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..80_u64, 0..400_u64).prop_map(|(needed, wanted)| Step::Grant { needed, wanted }),
        3 => (0..8_usize, 0..300_u64).prop_map(|(which, used)| Step::Report { which, used }),
        3 => (0..8_usize).prop_map(|which| Step::End { which }),
        1 => Just(Step::NextMonth),
    ];
    prop::collection::vec(step, 1..60)
}

fn meter() -> MeterId {
    "predictions".parse().unwrap()
}

fn account() -> AccountState {
    let limit = MeterLimit { per_job: Some(PER_CALL), per_period: Some(PER_MONTH), per_day: None };
    limited_account(meter(), limit)
}

struct Model {
    account: AccountState,
    open: Vec<Vec<AllowancePart>>,
    used: BTreeMap<Timestamp, u64>,
    now: Timestamp,
}

impl Model {
    fn take(&mut self, step: &Step) {
        match step {
            Step::Grant { needed, wanted } => {
                self.grant(UnitAsk { needed: *needed, wanted: *wanted })
            }
            Step::Report { which, used } => {
                if let Some(parts) = self.open.get_mut(*which) {
                    let before = parts[0].used;
                    allowance::report(parts, &BTreeMap::from([(meter(), *used)]));
                    assert!(parts[0].used >= before && parts[0].used <= parts[0].held.units);
                }
            }
            Step::End { which } => {
                if *which < self.open.len() {
                    let parts = self.open.remove(*which);
                    allowance::end(&mut self.account, &parts).unwrap();
                    *self.used.entry(parts[0].held.period_start).or_default() += parts[0].used;
                }
            }
            Step::NextMonth => {
                self.now = Timestamp::from_micros(self.now.as_micros() + MONTH_MICROS);
            }
        }
        self.check();
    }

    fn grant(&mut self, ask: UnitAsk) {
        let asks = BTreeMap::from([(meter(), ask)]);
        match allowance::grant(&self.account, &asks, self.now) {
            Ok(parts) => {
                let units = parts[0].held.units;
                assert!(units >= ask.needed && units <= ask.wanted.max(ask.needed));
                allowance::take(&mut self.account, &parts).unwrap();
                self.open.push(parts);
            }
            Err(Refusal::JobTooLarge { needed, limit, .. }) => assert!(needed > limit),
            Err(Refusal::Quota { needed, used, limit, .. }) => assert!(used + needed > limit),
            Err(other) => panic!("{other}"),
        }
    }

    fn check(&self) {
        for usage in &self.account.meters {
            let held = self
                .open
                .iter()
                .flatten()
                .filter(|part| part.held.period_start == usage.period_start);
            assert_eq!(usage.reserved, held.map(|part| part.held.units).sum::<u64>());
            let used = self.used.get(&usage.period_start).copied().unwrap_or_default();
            assert_eq!(usage.used, used);
            assert!(usage.used + usage.reserved <= PER_MONTH, "{usage:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn every_interleaving_keeps_the_meters(steps in steps()) {
        let now = Timestamp::from_micros(1_781_500_000_000_000);
        let used = BTreeMap::new();
        let mut model = Model { account: account(), open: Vec::new(), used, now };
        for step in steps {
            model.take(&step);
        }
    }
}
