//! The limits of one job on what it asks of language models.

mod accounts;

use gantry_rules::language::{AskedByJob, check_job, limits_jobs};
use gantry_rules::plan::MeterLimit;
use gantry_rules::refusal::Refusal;
use gantry_types::{Currency, MeterId, Nanos};

use accounts::limited_account;

/// One request of so many tokens, each of which costs a thousandth of a dollar.
fn one(tokens: u64) -> AskedByJob {
    AskedByJob { requests: 1, tokens, cost: Nanos::new(1_000_000).times(tokens) }
}

fn of_job(units: u64) -> MeterLimit {
    MeterLimit { per_job: Some(units), ..MeterLimit::default() }
}

#[test]
fn a_job_asks_until_its_limit() {
    let tokens = limited_account(MeterId::ai_tokens(), of_job(1_000)).terms;
    assert!(limits_jobs(&tokens));
    let asked = AskedByJob { requests: 7, tokens: 600, cost: Nanos::ZERO };
    assert_eq!(check_job(&tokens, asked, one(400)), Ok(()));
    let refusal = Refusal::JobTooLarge { meter: MeterId::ai_tokens(), needed: 1_001, limit: 1_000 };
    assert_eq!(check_job(&tokens, asked, one(401)), Err(refusal));

    let requests = limited_account(MeterId::ai_requests(), of_job(8)).terms;
    assert_eq!(check_job(&requests, asked, one(u64::MAX)), Ok(()));
    let asked = AskedByJob { requests: 8, ..asked };
    let refusal = Refusal::JobTooLarge { meter: MeterId::ai_requests(), needed: 9, limit: 8 };
    assert_eq!(check_job(&requests, asked, one(1)), Err(refusal));
    let of_month = MeterLimit { per_period: Some(1), ..MeterLimit::default() };
    assert!(!limits_jobs(&limited_account(MeterId::ai_tokens(), of_month).terms));
}

#[test]
fn a_job_costs_until_its_limit_which_is_told_as_money() {
    // A limit of five cents.
    let terms = limited_account(MeterId::ai_cost(), of_job(50_000)).terms;
    assert!(limits_jobs(&terms));
    assert_eq!(check_job(&terms, one(20), one(30)), Ok(()));
    let refused = check_job(&terms, one(20), one(31)).unwrap_err();
    let words = "one job may use at most 0.05 USD of ai_cost, and this one needs 0.051 USD";
    assert_eq!(refused.describe_in(Currency::usd()), words);
    let words = "one job may use at most 0.050000 ai_cost, and this one needs 0.051000";
    assert_eq!(refused.to_string(), words, "where the currency is not known");
    // What costs nothing, such as a model without a price, does not count.
    let free = AskedByJob { requests: 1, tokens: 1_000_000, cost: Nanos::ZERO };
    assert_eq!(check_job(&terms, one(50), free), Ok(()));
    assert_eq!(one(5).plus(free).minus(free), one(5));
}
