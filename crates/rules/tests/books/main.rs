//! Any interleaving of submissions, forks, settlements, retries, cancellations and passing time
//! keeps the books: every posting sums to zero, balances are what lots and holds say, nothing
//! is negative, and each hold is given back or spent exactly once.

#![expect(clippy::expect_used, clippy::panic, reason = "a model of a test fails the test")]

mod samples;

use std::collections::BTreeMap;

use gantry_rules::account::{AccountState, Hold, Lot, LotOrigin};
use gantry_rules::admission::{Verdict, derive_verdict};
use gantry_rules::cancellation::{Cancellations, derive_penalty};
use gantry_rules::fork::check_fork;
use gantry_rules::job::{CancelRequest, JobFactsheet, Slot};
use gantry_rules::ledger::{LedgerAccount, Posting};
use gantry_rules::lots;
use gantry_rules::plan::MeterLimit;
use gantry_rules::retry::{NextStep, derive_next_step};
use gantry_rules::settlement::{self, Conclusion, derive_cost};
use gantry_rules::submission::ChildSubmission;
use gantry_rules::transition::{Event, transition};
use gantry_types::{Attempt, Credits, JobState, LotId, MeterId, OrganizationId, Timestamp};
use proptest::prelude::*;
use uuid::Uuid;

use samples::{child, ending_of, submission, terms};

const JOBS_PER_MONTH: u64 = 40;

#[derive(Debug, Clone)]
enum Step {
    Submit { credits: i64 },
    Claim { job: usize },
    Fork { job: usize, children: Vec<i64> },
    SettleChild { job: usize, charged: Option<i64> },
    Settle { job: usize, ending: u8, charged: Option<i64> },
    Cancel { job: usize },
    Wait { seconds: i64 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let job = 0..12_usize;
    let charged = prop::option::of(-5..60_i64);
    let step = prop_oneof![
        4 => (0..40_i64).prop_map(|credits| Step::Submit { credits }),
        4 => job.clone().prop_map(|job| Step::Claim { job }),
        2 => (job.clone(), prop::collection::vec(0..20_i64, 1..4))
            .prop_map(|(job, children)| Step::Fork { job, children }),
        4 => (job.clone(), charged.clone())
            .prop_map(|(job, charged)| Step::SettleChild { job, charged }),
        4 => (job.clone(), 0..6_u8, charged)
            .prop_map(|(job, ending, charged)| Step::Settle { job, ending, charged }),
        1 => job.prop_map(|job| Step::Cancel { job }),
        1 => (0..400_i64).prop_map(|seconds| Step::Wait { seconds }),
    ];
    prop::collection::vec(step, 1..80)
}

/// One account, its jobs, and the sums of its ledger.
struct Model {
    now: Timestamp,
    account: AccountState,
    cancellations: Cancellations,
    jobs: Vec<JobFactsheet>,
    /// Maxima of the unsettled children of each job.
    children: BTreeMap<usize, Vec<i64>>,
    sides: BTreeMap<&'static str, i64>,
    /// What each job took and what it gave back or spent.
    taken: BTreeMap<usize, i64>,
    returned: BTreeMap<usize, i64>,
}

impl Model {
    fn new() -> Self {
        let lot = |number: u128, origin, expires: Option<i64>, remaining: i64| Lot {
            id: LotId::from_uuid(Uuid::from_u128(number)),
            origin,
            expires_at: expires.map(|seconds| Timestamp::from_micros(seconds * 1_000_000)),
            remaining: Credits::new(remaining),
        };
        let lots = vec![
            lot(1, LotOrigin::Paid, None, 60),
            lot(2, LotOrigin::Promotional, Some(500), 50),
            lot(3, LotOrigin::Earned, Some(2_000), 40),
        ];
        let limit = MeterLimit { per_period: Some(JOBS_PER_MONTH), ..MeterLimit::default() };
        let account = AccountState {
            organization_id: OrganizationId::from_uuid(Uuid::nil()),
            terms: terms(BTreeMap::from([(MeterId::jobs(), limit)])),
            quota_anchor: Timestamp::from_micros(0),
            running_roots: 0,
            queued_roots: 0,
            lots,
            meters: Vec::new(),
        };
        let sides = BTreeMap::from([("available", 150), ("issued", -150)]);
        Self {
            now: Timestamp::from_micros(0),
            account,
            cancellations: Cancellations::default(),
            jobs: Vec::new(),
            children: BTreeMap::new(),
            sides,
            taken: BTreeMap::new(),
            returned: BTreeMap::new(),
        }
    }

    fn post(&mut self, job: Option<usize>, postings: &[Posting]) {
        for posting in postings {
            assert!(posting.amount > Credits::ZERO, "{posting:?} moves nothing");
            for (side, amount) in posting.lines() {
                *self.sides.entry(side.as_str()).or_default() += amount.get();
                if let (Some(job), LedgerAccount::Held) = (job, side) {
                    let book =
                        if amount.is_negative() { &mut self.returned } else { &mut self.taken };
                    *book.entry(job).or_default() += amount.get().abs();
                }
            }
        }
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Submit { credits } => self.submit(credits),
            Step::Claim { job } => self.advance(job, Event::Claim),
            Step::Fork { job, children } => self.fork(job, &children),
            Step::SettleChild { job, charged } => self.settle_child(job, charged),
            Step::Settle { job, ending, charged } => self.settle(job, ending, charged),
            Step::Cancel { job } => self.cancel(job),
            Step::Wait { seconds } => {
                self.now = self.now.plus(std::time::Duration::from_secs(seconds.unsigned_abs()));
                let postings = lots::expire_due(&mut self.account.lots, self.now);
                self.post(None, &postings);
                self.release();
            }
        }
        self.check();
    }

    fn submit(&mut self, credits: i64) {
        let number = self.jobs.len();
        let submission = submission(number, credits, self.now);
        let postings = lots::expire_due(&mut self.account.lots, self.now);
        self.post(None, &postings);
        let before = self.account.clone();
        match derive_verdict(&self.account, &submission) {
            Ok(Verdict::Admitted(admission)) => {
                self.account.take(&admission.hold).expect("what was admitted is there");
                let mut job = JobFactsheet::root(&submission, admission.state);
                job.hold = admission.hold;
                self.jobs.push(job);
                self.count(number, Slot::None);
                self.post(Some(number), &admission.postings);
            }
            Ok(Verdict::Blocked(refusal)) => panic!("{refusal} was to be refused"),
            Err(_) => assert_eq!(self.account, before, "a refusal left a trace"),
        }
    }

    fn count(&mut self, job: usize, before: Slot) {
        for (slot, by) in [(before, -1_i32), (self.jobs[job].derive_slot(), 1)] {
            let counter = match slot {
                Slot::None => continue,
                Slot::Queue => &mut self.account.queued_roots,
                Slot::Running => &mut self.account.running_roots,
            };
            *counter = counter.checked_add_signed(by).expect("a counter is never negative");
        }
    }

    fn advance(&mut self, job: usize, event: Event) {
        let Some(facts) = self.jobs.get_mut(job) else { return };
        let before = facts.derive_slot();
        let Ok(state) = transition(facts.state, event) else { return };
        facts.state = state;
        if event == Event::Claim {
            facts.attempt = facts.attempt.next();
        }
        self.count(job, before);
    }

    fn fork(&mut self, job: usize, maxima: &[i64]) {
        let Some(facts) = self.jobs.get(job) else { return };
        let children: Vec<ChildSubmission> = maxima.iter().map(|credits| child(*credits)).collect();
        let fits = check_fork(facts, &children).is_ok();
        let sum: i64 = maxima.iter().sum();
        assert_eq!(fits, sum <= facts.derive_budget().get(), "{sum} of {facts:?}");
        if facts.state == JobState::Running && fits {
            self.advance(job, Event::Fork);
            self.jobs[job].pending_children = u32::try_from(maxima.len()).expect("few children");
            self.children.insert(job, maxima.to_vec());
        }
    }

    fn settle_child(&mut self, job: usize, charged: Option<i64>) {
        let Some(most) = self.children.get_mut(&job).and_then(Vec::pop) else { return };
        let facts = &mut self.jobs[job];
        let budget = Credits::new(most).min(facts.hold.total());
        let charged = charged.map(Credits::new);
        let cost = derive_cost(Conclusion::Succeeded, charged, budget);
        assert!(cost.get() <= most, "a child cost {cost} of {most}");
        let postings = settlement::spend(&mut facts.hold, cost).expect("the hold covers it");
        facts.spent_by_children = Credits::new(facts.spent_by_children.get() + cost.get());
        facts.pending_children -= 1;
        self.post(Some(job), &postings);
        if self.jobs[job].pending_children == 0 {
            self.advance(job, Event::Resume);
        }
    }

    fn settle(&mut self, job: usize, ending: u8, charged: Option<i64>) {
        let Some(facts) = self.jobs.get(job) else { return };
        if facts.state != JobState::Running {
            return;
        }
        match derive_next_step(facts, &ending_of(ending), self.now, 0.5) {
            NextStep::End(event, conclusion) => self.end(job, event, (conclusion, charged)),
            NextStep::RetryAt(due) => {
                assert!(due > self.now);
                self.jobs[job].retries += 1;
                self.advance(job, Event::RetryLater);
            }
            NextStep::Requeue => {
                self.jobs[job].host_deaths += 1;
                self.advance(job, Event::Requeue);
            }
            NextStep::GiveBack => self.advance(job, Event::Requeue),
        }
    }

    fn cancel(&mut self, job: usize) {
        let Some(facts) = self.jobs.get_mut(job) else { return };
        if facts.derive_slot() == Slot::Running && facts.hold.total() > Credits::ZERO {
            self.cancellations.note(self.account.terms.cancellation, facts.id, self.now);
        }
        facts.cancel = CancelRequest::Requested;
        if matches!(facts.state, JobState::Queued | JobState::Scheduled) {
            let conclusion = if facts.attempt == Attempt::NONE {
                Conclusion::CancelledUnstarted
            } else {
                Conclusion::CancelledRunning
            };
            self.end(job, Event::Cancel, (conclusion, None));
        }
    }

    fn end(&mut self, job: usize, event: Event, (conclusion, charged): (Conclusion, Option<i64>)) {
        let mut hold = std::mem::take(&mut self.jobs[job].hold);
        let cost = derive_cost(conclusion, charged.map(Credits::new), hold.total());
        assert!(cost >= Credits::ZERO && cost <= hold.total());
        let spent = settlement::spend(&mut hold, cost).expect("the hold covers it");
        let was_cancelled = conclusion == Conclusion::CancelledRunning;
        let percent = self.cancellations.end(self.jobs[job].id, was_cancelled);
        let unused = hold.total();
        let penalty = derive_penalty(percent, unused);
        assert!(was_cancelled || penalty == Credits::ZERO);
        assert!(penalty.get() * 100 <= unused.get() * 70, "{penalty} of {unused}");
        let kept = settlement::keep(&mut hold, penalty).expect("a part of the rest");
        let lots = &self.account.lots;
        let settled = settlement::settle(&hold, Credits::ZERO, conclusion, lots, self.now);
        let settled = settled.expect("what is held can be settled");
        settled.apply(&mut self.account).expect("what was held can be given back");
        self.post(Some(job), &[spent, kept, settled.postings].concat());
        self.advance(job, event);
        assert_eq!(self.taken.get(&job), self.returned.get(&job), "job {job}");
    }

    fn release(&mut self) {
        for job in 0..self.jobs.len() {
            if self.jobs[job].state == JobState::Scheduled {
                self.advance(job, Event::Release);
            }
        }
    }

    fn check(&self) {
        assert_eq!(self.sides.values().sum::<i64>(), 0, "{:?}", self.sides);
        let side = |name: &str| self.sides.get(name).copied().unwrap_or_default();
        let in_lots: i64 = self.account.lots.iter().map(|lot| lot.remaining.get()).sum();
        assert_eq!(side("available"), in_lots);
        let held: i64 = self.jobs.iter().map(|job| job.hold.total().get()).sum();
        assert_eq!(side("held"), held);
        assert!(self.account.lots.iter().all(|lot| !lot.remaining.is_negative()));
        for job in self.jobs.iter().filter(|job| job.state.is_final()) {
            assert_eq!(job.hold, Hold::default(), "{} holds after its end", job.id);
        }
        let reserved: u64 =
            self.jobs.iter().flat_map(|job| &job.hold.units).map(|held| held.units).sum();
        let on_meters: u64 = self.account.meters.iter().map(|usage| usage.reserved).sum();
        assert_eq!(reserved, on_meters);
        let most = self.account.meters.iter().map(|usage| usage.used + usage.reserved).max();
        assert!(most.unwrap_or_default() <= JOBS_PER_MONTH);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn every_interleaving_keeps_the_books(steps in steps()) {
        let mut model = Model::new();
        for step in steps {
            model.take(step);
        }
    }

    #[test]
    fn a_hold_takes_exactly_what_was_asked(
        amounts in prop::collection::vec(0..50_i64, 0..6),
        asked in 0..200_i64,
    ) {
        let lots: Vec<Lot> = (1_u128..).zip(&amounts).map(|(number, remaining)| Lot {
            id: LotId::from_uuid(Uuid::from_u128(number)),
            origin: LotOrigin::Paid,
            expires_at: None,
            remaining: Credits::new(*remaining),
        }).collect();
        let hold = lots::derive_hold(&lots, Credits::new(asked), Timestamp::from_micros(0));
        prop_assert_eq!(hold.is_some(), amounts.iter().sum::<i64>() >= asked);
        if let Some(parts) = hold {
            prop_assert_eq!(parts.iter().map(|part| part.amount.get()).sum::<i64>(), asked);
            prop_assert!(parts.iter().all(|part| part.amount > Credits::ZERO));
        }
    }
}
