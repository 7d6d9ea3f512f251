//! The limits of one job on what it asks of language models.

mod accounts;

use gantry_rules::language::{AskedByJob, check_job, limits_jobs};
use gantry_rules::plan::MeterLimit;
use gantry_rules::refusal::Refusal;
use gantry_types::MeterId;

use accounts::limited_account;

#[test]
fn a_job_asks_until_its_limit() {
    let of_job = |units| MeterLimit { per_job: Some(units), ..MeterLimit::default() };
    let tokens = limited_account(MeterId::ai_tokens(), of_job(1_000)).terms;
    assert!(limits_jobs(&tokens));
    let asked = AskedByJob { requests: 7, tokens: 600 };
    assert_eq!(check_job(&tokens, asked, 400), Ok(()));
    let refusal = Refusal::JobTooLarge { meter: MeterId::ai_tokens(), needed: 1_001, limit: 1_000 };
    assert_eq!(check_job(&tokens, asked, 401), Err(refusal));

    let requests = limited_account(MeterId::ai_requests(), of_job(8)).terms;
    assert_eq!(check_job(&requests, asked, u64::MAX), Ok(()));
    let asked = AskedByJob { requests: 8, ..asked };
    let refusal = Refusal::JobTooLarge { meter: MeterId::ai_requests(), needed: 9, limit: 8 };
    assert_eq!(check_job(&requests, asked, 1), Err(refusal));
    let of_month = MeterLimit { per_period: Some(1), ..MeterLimit::default() };
    assert!(!limits_jobs(&limited_account(MeterId::ai_tokens(), of_month).terms));
}
