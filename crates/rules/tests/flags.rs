//! Flags: the switch wins, shares are kept and grow without losing anybody, variants hold.
#![expect(clippy::unwrap_used, reason = "a test ends where something is missing")]

use std::collections::{BTreeMap, BTreeSet};

use gantry_rules::flag_words::Percentage;
use gantry_rules::flags::{Flag, FlagContext, FlagReason, FlagRule, FlagVariant, derive_flag};
use gantry_types::{OrganizationId, UserId};
use proptest::prelude::*;
use uuid::Uuid;

fn rule(on: bool) -> FlagRule {
    FlagRule {
        users: BTreeSet::new(),
        organizations: BTreeSet::new(),
        plans: BTreeSet::new(),
        percentage: None,
        on,
    }
}

fn flag(rules: Vec<FlagRule>) -> Flag {
    Flag {
        key: "new.shop".parse().unwrap(),
        description: String::new(),
        enabled: true,
        visible: false,
        rules,
        variants: Vec::new(),
    }
}

fn share(hundredths: u16) -> FlagRule {
    FlagRule { percentage: Some(Percentage::from_hundredths(hundredths).unwrap()), ..rule(true) }
}

fn organization(number: u128) -> OrganizationId {
    OrganizationId::from_uuid(Uuid::from_u128(number))
}

fn of(organization_id: OrganizationId) -> FlagContext<'static> {
    FlagContext { organization_id: Some(organization_id), ..FlagContext::default() }
}

fn is_on(flag: &Flag, number: u128) -> bool {
    derive_flag(flag, &of(organization(number))).on
}

proptest! {
    #[test]
    fn a_larger_share_keeps_those_that_were_in(
        number in any::<u128>(), one in 0_u16..=10_000, other in 0_u16..=10_000,
    ) {
        let (small, large) = (one.min(other), one.max(other));
        let was = is_on(&flag(vec![share(small)]), number);
        let is = is_on(&flag(vec![share(large)]), number);
        prop_assert!(!was || is);
        prop_assert_eq!(is_on(&flag(vec![share(large)]), number), is, "asked again");
    }

    #[test]
    fn the_switch_wins(number in any::<u128>(), hundredths in 0_u16..=10_000) {
        let named =
            FlagRule { organizations: BTreeSet::from([organization(number)]), ..rule(true) };
        let mut off = flag(vec![named, share(hundredths)]);
        prop_assert!(is_on(&off, number));
        off.enabled = false;
        let answer = derive_flag(&off, &of(organization(number)));
        prop_assert!(!answer.on);
        prop_assert_eq!(answer.reason, FlagReason::SwitchedOff);
    }

    #[test]
    fn a_variant_does_not_move_with_the_share(number in any::<u128>(), hundredths in 0_u16..=10_000) {
        let variants = ["a", "b", "c"].map(|name| FlagVariant { name: name.to_owned(), weight: 1 });
        let all = Flag { variants: variants.to_vec(), ..flag(Vec::new()) };
        let some = Flag { rules: vec![share(hundredths)], ..all.clone() };
        let context = of(organization(number));
        let answer = derive_flag(&some, &context);
        prop_assert_eq!(answer.variant.is_some(), answer.on);
        if answer.on {
            prop_assert_eq!(answer.variant, derive_flag(&all, &context).variant);
        }
    }
}

const MANY: u32 = 100_000;

/// A count as a part of all, in percent.
fn percent_of(count: u32) -> f64 {
    f64::from(count) * 100.0 / f64::from(MANY)
}

#[test]
fn shares_are_what_they_say() {
    for hundredths in [0, 1, 550, 2_500, 5_000, 9_999, 10_000] {
        let flag = flag(vec![share(hundredths)]);
        let on = (0..MANY).filter(|number| is_on(&flag, u128::from(*number))).count();
        let percent = percent_of(u32::try_from(on).unwrap());
        let wanted = f64::from(hundredths) / 100.0;
        assert!((percent - wanted).abs() < 1.0, "{percent} of {wanted}");
        match hundredths {
            0 => assert_eq!(on, 0),
            10_000 => assert_eq!(percent_of(MANY).to_bits(), percent.to_bits()),
            _ => {}
        }
    }
}

#[test]
fn variants_are_shared_out_by_weight_and_not_by_who_came_first() {
    let variant = |name: &str, weight| FlagVariant { name: name.to_owned(), weight };
    let variants = vec![variant("old", 50), variant("new", 30), variant("other", 20)];
    for (rules, of_all) in [(Vec::new(), 1.0), (vec![share(5_000)], 0.5)] {
        let flag = Flag { variants: variants.clone(), ..flag(rules) };
        let mut counts = BTreeMap::<String, u32>::new();
        for number in 0..MANY {
            let answer = derive_flag(&flag, &of(organization(u128::from(number))));
            if let Some(variant) = answer.variant {
                *counts.entry(variant).or_default() += 1;
            }
        }
        for (name, wanted) in [("old", 50.0), ("new", 30.0), ("other", 20.0)] {
            let percent = percent_of(counts[name]);
            assert!((percent - wanted * of_all).abs() < 1.0, "{name}: {percent}");
        }
    }
}

#[test]
fn the_first_rule_that_fits_decides() {
    let (ada, bob) = (UserId::generate(), UserId::generate());
    let rules = vec![
        FlagRule { users: BTreeSet::from([bob]), ..rule(false) },
        FlagRule { plans: BTreeSet::from(["pro".to_owned()]), ..rule(true) },
        FlagRule { organizations: BTreeSet::from([organization(7)]), ..rule(true) },
    ];
    let flag = flag(rules);
    assert!(flag.asks_for_plan());
    let ask = |user_id, number, plan| {
        let organization_id = Some(organization(number));
        let answer = derive_flag(&flag, &FlagContext { user_id, organization_id, plan });
        (answer.on, answer.reason)
    };
    assert_eq!(ask(Some(bob), 7, Some("pro")), (false, FlagReason::Rule(1)));
    assert_eq!(ask(Some(ada), 8, Some("pro")), (true, FlagReason::Rule(2)));
    assert_eq!(ask(None, 7, Some("free")), (true, FlagReason::Rule(3)));
    assert_eq!(ask(Some(ada), 8, None), (false, FlagReason::NoRuleFits));
}

#[test]
fn a_rule_fits_who_fits_all_of_it_and_an_empty_one_fits_everybody() {
    let pro = FlagRule { plans: BTreeSet::from(["pro".to_owned()]), ..share(10_000) };
    let of_pro = flag(vec![pro.clone()]);
    let context = FlagContext { plan: Some("pro"), ..of(organization(1)) };
    assert!(derive_flag(&of_pro, &context).on);
    assert!(!is_on(&of_pro, 1), "another plan");
    let none = FlagRule { percentage: share(0).percentage, ..pro };
    assert!(!derive_flag(&flag(vec![none.clone()]), &context).on, "outside of the share");
    let rest = flag(vec![none, rule(true)]);
    assert_eq!(derive_flag(&rest, &context).reason, FlagReason::Rule(2));
}

#[test]
fn strangers_have_what_everybody_has() {
    let stranger = FlagContext::default();
    assert_eq!(derive_flag(&flag(Vec::new()), &stranger).reason, FlagReason::Everybody);
    assert!(derive_flag(&flag(vec![share(10_000)]), &stranger).on);
    assert!(!derive_flag(&flag(vec![share(9_999)]), &stranger).on);
    let variants = vec![FlagVariant { name: "a".to_owned(), weight: 1 }];
    let experiment = Flag { variants, ..flag(Vec::new()) };
    assert_eq!(derive_flag(&experiment, &stranger).variant, None);
}

#[test]
fn what_cannot_be_kept_is_refused_by_its_part() {
    assert_eq!(flag(vec![share(1), rule(false)]).require_sound(), Ok(()));
    let field = |flag: Flag| flag.require_sound().unwrap_err().field;
    assert_eq!(field(Flag { description: "a".repeat(501), ..flag(Vec::new()) }), "description");
    assert_eq!(field(flag(vec![rule(true); 51])), "rules");
    let plan = FlagRule { plans: BTreeSet::from(["Pro plan".to_owned()]), ..rule(true) };
    assert_eq!(field(flag(vec![plan])), "rules");
    let variant = |name: &str, weight| FlagVariant { name: name.to_owned(), weight };
    for wrong in [
        vec![variant("a", 0)],
        vec![variant("A", 1)],
        vec![variant("a", 1), variant("a", 2)],
        vec![variant("a", 1); 21],
    ] {
        assert_eq!(field(Flag { variants: wrong, ..flag(Vec::new()) }), "variants");
    }
}

#[test]
fn a_flag_is_read_as_it_was_written() {
    let rules = vec![
        FlagRule { organizations: BTreeSet::from([organization(3)]), ..share(1_234) },
        rule(false),
    ];
    let variants = vec![FlagVariant { name: "a".to_owned(), weight: 3 }];
    let kept = Flag { variants, ..flag(rules) };
    let text = serde_json::to_string(&kept).unwrap();
    assert_eq!(serde_json::from_str::<Flag>(&text).unwrap(), kept);
}
