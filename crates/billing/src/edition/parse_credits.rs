//! The tables of an edition's file that are about credits: what cancelling costs, when a balance
//! is low, and what referrals bring.

use std::time::Duration;

use gantry_rules::cancellation::CancellationTerms;
use gantry_rules::referral::{ReferralTerms, RewardedWhen};
use gantry_types::Credits;

use super::reader::Reader;
use super::{EditionPlan, Package};

const DAY: Duration = Duration::from_secs(86_400);
/// The most cancellations that an edition lets pass, so that accounts remember few.
const MOST_FREE: u32 = 100;
/// How many referrals of a month are rewarded, where the file does not say.
const USUAL_PER_MONTH: u32 = 10;

const WHEN: &[(&str, RewardedWhen)] =
    &[("verified", RewardedWhen::Verified), ("first_payment", RewardedWhen::FirstPayment)];

/// `[cancellation]`; nothing is kept without it.
pub(super) fn read_cancellation(root: &Reader<'_>) -> CancellationTerms {
    let Some(table) = root.table("cancellation") else { return CancellationTerms::default() };
    let terms = CancellationTerms {
        free: table.small_number("free").unwrap_or(0),
        step_percent: read_percent(&table, "step_percent"),
        most_percent: read_percent(&table, "most_percent"),
    };
    if terms.free > MOST_FREE {
        table.refuse("free", "is too large", &format!("write at most {MOST_FREE}"));
    }
    table.finish();
    terms
}

fn read_percent(table: &Reader<'_>, key: &str) -> u8 {
    let number = table.small_number(key);
    let percent = number.and_then(|number| u8::try_from(number).ok());
    match percent {
        Some(percent) if (1..=100).contains(&percent) => percent,
        Some(_) | None => {
            table.refuse(key, "must be from 1 to 100", &format!("write `{key} = 10`"));
            0
        }
    }
}

/// `[credits]`: below how many credits an organization is warned.
pub(super) fn read_low_balance(root: &Reader<'_>) -> Option<Credits> {
    let table = root.table("credits")?;
    let low = read_amount(&table, "low_balance");
    table.finish();
    low
}

/// Whether credits are sold, or given with a plan.
pub(super) fn has_credits(plans: &[EditionPlan], packages: &[Package]) -> bool {
    !packages.is_empty() || plans.iter().any(|plan| plan.terms.granted_credits > Credits::ZERO)
}

/// `[referrals]`; only where there are credits.
pub(super) fn read_referrals(root: &Reader<'_>, has_credits: bool) -> Option<ReferralTerms> {
    let table = root.table("referrals")?;
    if !has_credits {
        root.refuse(
            "referrals",
            "reward credits, which this edition neither sells nor gives",
            "leave it out, or add [[packages]]",
        );
    }
    let terms = ReferralTerms {
        reward: read_amount(&table, "reward"),
        welcome: read_amount(&table, "welcome"),
        when: table.word("when", WHEN).unwrap_or(RewardedWhen::FirstPayment),
        most_per_month: table.small_number("most_per_month").unwrap_or(USUAL_PER_MONTH),
        expires_after: table.small_number("expires_days").map(|days| DAY * days),
    };
    if terms.reward.is_none() && terms.welcome.is_none() {
        table.refuse("reward", "is missing", "write `reward = 50`, or `welcome = 20`, or both");
    }
    table.finish();
    Some(terms)
}

/// Credits above zero.
fn read_amount(table: &Reader<'_>, key: &str) -> Option<Credits> {
    let number = table.number(key)?;
    let credits = i64::try_from(number).ok().filter(|credits| *credits > 0);
    if credits.is_none() {
        table.refuse(key, "must be above 0", "write how many credits, or leave it out");
    }
    credits.map(Credits::new)
}
