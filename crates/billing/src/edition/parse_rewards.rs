//! What an edition's file says of credits for ads.

use std::time::Duration;

use gantry_rules::rewards::{RewardTerms, Velocity};
use gantry_types::Credits;

use super::parse::DAY;
use super::parse_plan::above_zero;
use super::reader::Reader;
use super::{AdProvider, Rewards};

/// Claims of a person where the file does not say: ten a day, half a minute apart.
const PERSON: Velocity = Velocity { per_hour: 10, per_day: 10 };
/// Claims from an address, behind which a family or an office may be.
const ADDRESS: Velocity = Velocity { per_hour: 20, per_day: 60 };
/// Claims by a device.
const DEVICE: Velocity = Velocity { per_hour: 10, per_day: 10 };
const COOLDOWN_S: u32 = 30;
const SHORTEST_AD_S: u32 = 5;
/// More than one ad is worth to anybody.
const MOST_CREDITS: u64 = 1_000_000;

/// The table `[rewards]`; without it there are none.
pub(super) fn parse_rewards(root: &Reader<'_>) -> Option<Rewards> {
    let table = root.table("rewards")?;
    let provider = table.word("provider", AdProvider::ALL).unwrap_or(AdProvider::Sandbox);
    let seconds = |key: &str, usual: u32| {
        Duration::from_secs(u64::from(table.small_number(key).unwrap_or(usual)))
    };
    let rewards = Rewards {
        provider,
        units: read_units(&table),
        terms: RewardTerms {
            credits: read_credits(&table),
            expires_after: above_zero(&table, "expires_days").map(|days| DAY * days),
            cooldown: seconds("cooldown_s", COOLDOWN_S),
            shortest_ad: seconds("shortest_ad_s", SHORTEST_AD_S),
            person: read_velocity(&table, "person", PERSON),
            address: read_velocity(&table, "address", ADDRESS),
            device: read_velocity(&table, "device", DEVICE),
        },
    };
    table.finish();
    Some(rewards)
}

fn read_credits(table: &Reader<'_>) -> Credits {
    let credits = table.number("credits").filter(|credits| (1..=MOST_CREDITS).contains(credits));
    if credits.is_none() {
        let remedy = format!("write how many credits an ad earns, 1 to {MOST_CREDITS}");
        table.refuse("credits", "is missing or out of range", &remedy);
    }
    Credits::new(credits.and_then(|credits| i64::try_from(credits).ok()).unwrap_or_default())
}

fn read_units(table: &Reader<'_>) -> Vec<String> {
    let units = table.texts("units").unwrap_or_default();
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
    for unit in &units {
        let number = unit.rsplit('/').next().unwrap_or_default();
        if !is_number(number) {
            table.refuse(
                "units",
                &format!("names `{unit}`, which is no ad unit"),
                "copy its id from AdMob, such as ca-app-pub-0000000000000000/1111111111",
            );
        }
    }
    units
}

fn read_velocity(table: &Reader<'_>, key: &str, usual: Velocity) -> Velocity {
    let Some(limits) = table.table(key) else { return usual };
    let per_day = above_zero(&limits, "per_day").unwrap_or(usual.per_day);
    let per_hour = above_zero(&limits, "per_hour").unwrap_or(usual.per_hour.min(per_day));
    let velocity = Velocity { per_hour, per_day };
    if velocity.per_hour > velocity.per_day {
        let problem = "is more than a day allows";
        limits.refuse("per_hour", problem, "write at most what `per_day` says");
    }
    limits.finish();
    velocity
}
