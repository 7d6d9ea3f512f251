//! Limits of ads for credits, and the score of a claim.
#![expect(clippy::unwrap_used, reason = "a test ends where something is missing")]

use std::time::Duration;

use gantry_rules::fraud::{
    AccountEvidence, BlockKind, DeviceEvidence, Evidence, FraudScore, NetworkMark, Signal, Verdict,
    derive_score, derive_signals,
};
use gantry_rules::rewards::{
    ClaimCount, ClaimCounts, Counted, RewardLimit, RewardTerms, Velocity, admit_claim,
    count_remaining, derive_pressure,
};
use gantry_types::{Credits, Timestamp};
use proptest::prelude::*;

const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0";

const TERMS: RewardTerms = RewardTerms {
    credits: Credits::new(5),
    expires_after: None,
    cooldown: Duration::from_secs(30),
    shortest_ad: Duration::from_secs(5),
    person: Velocity { per_hour: 10, per_day: 10 },
    address: Velocity { per_hour: 20, per_day: 60 },
    device: Velocity { per_hour: 10, per_day: 10 },
};

/// Somebody at home, with a device that is theirs and an account that is not new.
const HONEST: Evidence<'static> = Evidence {
    network: &[],
    blocked: &[],
    agent: BROWSER,
    device: DeviceEvidence::Known { persons: 1 },
    persons_on_address: 1,
    watched: Duration::from_secs(30),
    shortest_ad: Duration::from_secs(5),
    pressure: 0,
    account: AccountEvidence { age: Duration::from_hours(240), proven: true, flags: 0 },
};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn judge(evidence: &Evidence<'_>) -> (u16, Verdict) {
    let score = derive_score(&derive_signals(evidence));
    (score.thousandths(), score.verdict())
}

#[test]
fn an_honest_claim_has_no_signal() {
    assert_eq!(derive_signals(&HONEST), []);
    assert_eq!(judge(&HONEST), (0, Verdict::Allow));
    let account = AccountEvidence { age: Duration::ZERO, proven: false, flags: 0 };
    assert_eq!(judge(&Evidence { account, ..HONEST }), (100, Verdict::Allow));
}

#[test]
fn each_signal_weighs_what_the_table_says() {
    let cases: [(Evidence<'_>, u16); 11] = [
        (Evidence { network: &[NetworkMark::Vpn], ..HONEST }, 500),
        (Evidence { network: &[NetworkMark::Hosting], ..HONEST }, 500),
        (Evidence { network: &[NetworkMark::Tor], ..HONEST }, 700),
        (Evidence { network: &[NetworkMark::Abuse], ..HONEST }, 300),
        (Evidence { blocked: &[BlockKind::Device], ..HONEST }, 1_000),
        (Evidence { agent: "HeadlessChrome/140.0", ..HONEST }, 700),
        (Evidence { agent: " ", ..HONEST }, 400),
        (Evidence { device: DeviceEvidence::Unknown, ..HONEST }, 200),
        (Evidence { watched: Duration::from_secs(2), ..HONEST }, 500),
        (Evidence { persons_on_address: 5, ..HONEST }, 200),
        (Evidence { pressure: 800, ..HONEST }, 150),
    ];
    for (evidence, expected) in cases {
        assert_eq!(judge(&evidence).0, expected, "{evidence:?}");
    }
}

#[test]
fn a_device_of_several_persons_in_a_hosting_network_is_blocked() {
    let shared = DeviceEvidence::Known { persons: 2 };
    let evidence = Evidence { network: &[NetworkMark::Hosting], device: shared, ..HONEST };
    assert_eq!(judge(&evidence), (700, Verdict::Block));
    assert_eq!(judge(&Evidence { network: &[], ..evidence }), (200, Verdict::Allow));
    let crowded = DeviceEvidence::Known { persons: 3 };
    assert_eq!(judge(&Evidence { device: crowded, ..HONEST }), (500, Verdict::Flag));
}

#[test]
fn the_thresholds_are_exact() {
    for (thousandths, verdict) in [
        (0, Verdict::Allow),
        (499, Verdict::Allow),
        (500, Verdict::Flag),
        (699, Verdict::Flag),
        (700, Verdict::Block),
        (1_000, Verdict::Block),
    ] {
        assert_eq!(FraudScore::from_thousandths(thousandths).verdict(), verdict, "{thousandths}");
    }
    assert!((FraudScore::from_thousandths(550).fraction() - 0.55).abs() < f64::EPSILON);
}

#[test]
fn ten_a_day_thirty_seconds_apart() {
    let now = at("2026-11-27T10:15:00Z");
    let earlier = |seconds| Some(now.minus(Duration::from_secs(seconds)));
    let counts = ClaimCounts { last: earlier(10), ..ClaimCounts::default() };
    let refused = admit_claim(&TERMS, &counts, now).unwrap_err();
    assert_eq!(refused.limit, RewardLimit::Cooldown);
    assert_eq!(refused.until, now.plus(Duration::from_secs(20)));
    assert_eq!(refused.remaining, 10);
    let counts = ClaimCounts { last: earlier(30), ..counts };
    assert_eq!(admit_claim(&TERMS, &counts, now), Ok(()));

    let full = ClaimCounts { person: ClaimCount { hour: 0, day: 10 }, ..ClaimCounts::default() };
    let refused = admit_claim(&TERMS, &full, now).unwrap_err();
    assert_eq!(refused.limit, RewardLimit::Day(Counted::Person));
    assert_eq!(refused.until, at("2026-11-28T00:00:00Z"));
    assert_eq!(refused.remaining, 0);
}

#[test]
fn of_several_limits_the_last_to_end_is_told() {
    let now = at("2026-11-27T10:59:55Z");
    let counts = ClaimCounts {
        address: ClaimCount { hour: 20, day: 20 },
        last: Some(now),
        ..ClaimCounts::default()
    };
    let refused = admit_claim(&TERMS, &counts, now).unwrap_err();
    assert_eq!((refused.limit, refused.until), (RewardLimit::Cooldown, at("2026-11-27T11:00:25Z")));
    let counts = ClaimCounts { last: None, ..counts };
    let refused = admit_claim(&TERMS, &counts, now).unwrap_err();
    assert_eq!(refused.limit, RewardLimit::Hour(Counted::Address));
}

fn any_signal() -> impl Strategy<Value = Signal> {
    prop_oneof![
        Just(Signal::BlockedDevice),
        Just(Signal::Tor),
        Just(Signal::Hosting),
        Just(Signal::Vpn),
        Just(Signal::TooFast),
        Just(Signal::NoAgent),
        Just(Signal::Abuse),
        Just(Signal::NoFingerprint),
        (0_u32..9).prop_map(Signal::EarlierFlags),
        Just(Signal::NearLimit),
        Just(Signal::FreshAccount),
    ]
}

proptest! {
    #[test]
    fn another_signal_never_lowers_a_score(
        signals in prop::collection::vec(any_signal(), 0..20),
        more in any_signal(),
    ) {
        let before = derive_score(&signals);
        let after = derive_score(&[signals, vec![more]].concat());
        prop_assert!(before <= after);
        prop_assert!((0.0..=1.0).contains(&after.fraction()));
    }

    #[test]
    fn a_claim_is_let_through_when_its_refusal_ends(
        hour in 0_u32..30,
        more in 0_u32..60,
        ago in 0_u64..60,
    ) {
        let now = at("2026-11-27T10:59:40Z");
        let count = ClaimCount { hour, day: hour + more };
        let last = Some(now.minus(Duration::from_secs(ago)));
        let counts = ClaimCounts { person: count, address: count, device: count, last };
        let remaining = count_remaining(&TERMS, &counts);
        prop_assert!(remaining <= TERMS.person.per_day);
        if let Err(refused) = admit_claim(&TERMS, &counts, now) {
            prop_assert!(now < refused.until);
            // What is counted per hour begins anew; a full day has ended by then, too.
            let hour = if refused.until < at("2026-11-27T11:00:00Z") { count.hour } else { 0 };
            let day = if refused.until < at("2026-11-28T00:00:00Z") { count.day } else { 0 };
            let later = ClaimCount { hour, day };
            let counts = ClaimCounts { person: later, address: later, device: later, last };
            prop_assert_eq!(admit_claim(&TERMS, &counts, refused.until), Ok(()));
        }
    }

    #[test]
    fn pressure_grows_with_use(hour in 0_u32..20, day in 0_u32..60) {
        let count = ClaimCount { hour, day };
        let more = ClaimCount { hour: hour + 1, day: day + 1 };
        let pressure = derive_pressure(TERMS.address, count);
        prop_assert!(pressure <= derive_pressure(TERMS.address, more));
        prop_assert_eq!(derive_pressure(TERMS.address, ClaimCount { hour: 20, day: 20 }), 1_000);
    }
}
