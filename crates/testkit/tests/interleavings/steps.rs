//! What somebody does, or what happens, and where a crash ends it.

use proptest::prelude::*;

use crate::fuse::{Crash, Side};

/// The steps of one history at most.
const MOST_STEPS: usize = 48;
/// How many of the steps are to end in a crash, if they make so many calls.
const CRASHING: f64 = 0.2;
/// Most steps make fewer calls of the store and the provider.
const MOST_CALLS: usize = 6;

/// How a job ends.
#[derive(Debug, Clone, Copy)]
pub enum End {
    Succeeds { charged: i64 },
    Fails,
    FailsForNow,
}

/// What the provider does with a page for a plan when another one is wanted.
#[derive(Debug, Clone, Copy)]
pub enum Older {
    Closes,
    Stays,
}

/// A package of credits.
#[derive(Debug, Clone, Copy)]
pub enum Package {
    Lasting,
    Expiring,
}

impl Package {
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Lasting => "hundred",
            Self::Expiring => "fleeting",
        }
    }
}

/// A plan that costs something; the second one begins with a trial.
#[derive(Debug, Clone, Copy)]
pub enum PaidPlan {
    Pro,
    Team,
}

impl PaidPlan {
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Pro => "pro",
            Self::Team => "team",
        }
    }
}

/// What a card does after it has paid.
#[derive(Debug, Clone, Copy)]
pub enum Card {
    Pays,
    PaysOnce,
    Disputes,
}

impl Card {
    pub const fn number(self) -> &'static str {
        match self {
            Self::Pays => "4242 4242 4242 4242",
            Self::PaysOnce => "4000 0000 0000 0341",
            Self::Disputes => "4000 0000 0000 0259",
        }
    }
}

/// What somebody does, or what happens. Numbers choose among what there is at that time. `Repeat`
/// asks again, under its key, for what was asked for and not answered because of a crash.
#[derive(Debug, Clone, Copy)]
pub enum Step {
    Submit { credits: i64 },
    Claim,
    Settle { claim: usize, end: End },
    CancelJob { job: usize },
    BuyCredits { package: Package, card: Card },
    BuyPlan { plan: PaidPlan, card: Card },
    OpenPage { plan: PaidPlan, older: Older },
    PayOnPage { page: usize },
    EndPlan,
    KeepPlan,
    SwitchPlan { plan: PaidPlan },
    Refund { payment: usize, percent: i64 },
    RefundFails { refund: usize },
    DisputeIsWon { dispute: usize },
    Repeat { request: usize },
    Deliver { event: usize },
    DeliverAsFirstSigned { event: usize },
    Reconcile,
    Reap,
    Release,
    Pass { seconds: u64 },
    Crash,
}

/// A step, and the crash within it, if there is one.
#[derive(Debug, Clone, Copy)]
pub struct Turn {
    pub step: Step,
    pub crash: Option<Crash>,
}

/// Histories.
pub fn histories() -> impl Strategy<Value = Vec<Turn>> {
    let side = prop_oneof![Just(Side::Before), Just(Side::After)];
    let crash = (0..MOST_CALLS, side).prop_map(|(calls, side)| Crash { calls, side });
    let turn = (steps(), prop::option::weighted(CRASHING, crash))
        .prop_map(|(step, crash)| Turn { step, crash });
    prop::collection::vec(turn, 1..MOST_STEPS)
}

fn steps() -> impl Strategy<Value = Step> {
    prop_oneof![
        16 => steps_of_jobs(),
        22 => steps_of_buyers(),
        5 => steps_of_banks(),
        21 => steps_of_servers(),
    ]
}

fn steps_of_jobs() -> impl Strategy<Value = Step> {
    let place = 0..64_usize;
    let end = prop_oneof![
        3 => (0..50_i64).prop_map(|charged| End::Succeeds { charged }),
        1 => Just(End::Fails),
        1 => Just(End::FailsForNow),
    ];
    prop_oneof![
        4 => (0..60_i64).prop_map(|credits| Step::Submit { credits }),
        4 => Just(Step::Claim),
        4 => (place.clone(), end).prop_map(|(claim, end)| Step::Settle { claim, end }),
        2 => place.prop_map(|job| Step::CancelJob { job }),
        2 => Just(Step::Reap),
        1 => Just(Step::Release),
    ]
}

fn steps_of_buyers() -> impl Strategy<Value = Step> {
    let place = 0..64_usize;
    let plan = || prop_oneof![Just(PaidPlan::Pro), Just(PaidPlan::Team)];
    let package = prop_oneof![Just(Package::Lasting), Just(Package::Expiring)];
    let card = prop_oneof![2 => Just(Card::Pays), 1 => Just(Card::Disputes)];
    let older = prop_oneof![Just(Older::Closes), Just(Older::Stays)];
    let again = prop_oneof![Just(Card::Pays), Just(Card::PaysOnce)];
    prop_oneof![
        5 => (package, card).prop_map(|(package, card)| Step::BuyCredits { package, card }),
        4 => (plan(), again).prop_map(|(plan, card)| Step::BuyPlan { plan, card }),
        2 => (plan(), older).prop_map(|(plan, older)| Step::OpenPage { plan, older }),
        3 => place.clone().prop_map(|page| Step::PayOnPage { page }),
        1 => Just(Step::EndPlan),
        1 => Just(Step::KeepPlan),
        2 => plan().prop_map(|plan| Step::SwitchPlan { plan }),
        2 => (place.clone(), 1..=100_i64)
            .prop_map(|(payment, percent)| Step::Refund { payment, percent }),
        2 => place.prop_map(|request| Step::Repeat { request }),
    ]
}

fn steps_of_banks() -> impl Strategy<Value = Step> {
    let place = 0..64_usize;
    prop_oneof![
        place.clone().prop_map(|refund| Step::RefundFails { refund }),
        place.prop_map(|dispute| Step::DisputeIsWon { dispute }),
    ]
}

fn steps_of_servers() -> impl Strategy<Value = Step> {
    let place = 0..64_usize;
    let seconds = prop::sample::select(vec![61_u64, 400, 10_800, 86_400, 8 * 86_400, 31 * 86_400]);
    prop_oneof![
        10 => place.clone().prop_map(|event| Step::Deliver { event }),
        2 => place.prop_map(|event| Step::DeliverAsFirstSigned { event }),
        2 => Just(Step::Reconcile),
        3 => seconds.prop_map(|seconds| Step::Pass { seconds }),
        1 => Just(Step::Crash),
    ]
}
