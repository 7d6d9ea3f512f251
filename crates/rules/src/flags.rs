//! Flags: what an operator turns on and off while the server runs, and for whom.
//!
//! Invariants: the switch wins over every rule; an organization that a percentage lets in stays
//! in, and a larger one keeps those that were in; the variant does not depend on the percentage.

use std::collections::BTreeSet;

use gantry_types::{OrganizationId, UserId};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::flag_words::{FlagKey, Percentage, is_name};

/// Characters of a description.
const LONGEST_DESCRIPTION: usize = 500;
const MOST_RULES: usize = 50;
/// Users, organizations or plans of one rule.
const MOST_NAMES: usize = 1_000;
const MOST_VARIANTS: usize = 20;
const LARGEST_WEIGHT: u32 = 1_000_000;

/// Who has a flag on or off: those who fit everything that is given. A rule that gives nothing
/// fits everybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlagRule {
    /// Only these users.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub users: BTreeSet<UserId>,
    /// Only these organizations.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub organizations: BTreeSet<OrganizationId>,
    /// Only organizations on these plans, by their slugs.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub plans: BTreeSet<String>,
    /// Only so many of the organizations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percentage: Option<Percentage>,
    /// What they have.
    pub on: bool,
}

/// One of the ways that an experiment compares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlagVariant {
    /// Its name, in the letters of keys.
    pub name: String,
    /// Its share of the sum of all weights.
    pub weight: u32,
}

/// A flag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flag {
    /// The name.
    pub key: FlagKey,
    /// What it turns, for people.
    pub description: String,
    /// The kill switch: off is off for everybody, whatever the rules say.
    pub enabled: bool,
    /// Whether people are told what they have.
    pub visible: bool,
    /// The first that fits decides. Without rules the flag is on for everybody; with rules it is
    /// off for those whom none fits.
    pub rules: Vec<FlagRule>,
    /// What those who have it on are told apart into.
    pub variants: Vec<FlagVariant>,
}

/// A flag that cannot be kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct InvalidFlag {
    /// The part of the flag.
    pub field: &'static str,
    /// What is wrong and what is expected.
    pub message: String,
}

/// Who asks. Somebody without an account has neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FlagContext<'a> {
    /// The person.
    pub user_id: Option<UserId>,
    /// The organization that they work in.
    pub organization_id: Option<OrganizationId>,
    /// Its plan's slug.
    pub plan: Option<&'a str>,
}

/// Why somebody has a flag on or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlagReason {
    /// The kill switch is off.
    SwitchedOff,
    /// There are no rules.
    Everybody,
    /// This rule fits, counted from 1.
    Rule(u32),
    /// No rule fits.
    NoRuleFits,
}

impl FlagReason {
    /// The word in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SwitchedOff => "switched_off",
            Self::Everybody => "everybody",
            Self::Rule(_) => "rule",
            Self::NoRuleFits => "no_rule_fits",
        }
    }
}

/// What somebody has of a flag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlagAnswer {
    /// Whether it is on for them.
    pub on: bool,
    /// The way of the experiment; only for an organization that has it on.
    pub variant: Option<String>,
    /// Why.
    pub reason: FlagReason,
}

/// What somebody has of a flag.
#[must_use]
pub fn derive_flag(flag: &Flag, context: &FlagContext<'_>) -> FlagAnswer {
    let (on, reason) = decide(flag, context);
    let variant = match context.organization_id {
        Some(organization_id) if on => choose_variant(flag, organization_id),
        Some(_) | None => None,
    };
    FlagAnswer { on, variant, reason }
}

fn decide(flag: &Flag, context: &FlagContext<'_>) -> (bool, FlagReason) {
    if !flag.enabled {
        return (false, FlagReason::SwitchedOff);
    }
    if flag.rules.is_empty() {
        return (true, FlagReason::Everybody);
    }
    let mut numbered = (1_u32..).zip(&flag.rules);
    match numbered.find(|(_, rule)| rule.fits(&flag.key, context)) {
        Some((number, rule)) => (rule.on, FlagReason::Rule(number)),
        None => (false, FlagReason::NoRuleFits),
    }
}

impl FlagRule {
    fn fits(&self, key: &FlagKey, context: &FlagContext<'_>) -> bool {
        let user = context.user_id;
        let organization = context.organization_id;
        (self.users.is_empty() || user.is_some_and(|id| self.users.contains(&id)))
            && (self.organizations.is_empty()
                || organization.is_some_and(|id| self.organizations.contains(&id)))
            && (self.plans.is_empty() || context.plan.is_some_and(|slug| self.plans.contains(slug)))
            && self.percentage.is_none_or(|share| is_in_share(key, share, organization))
    }
}

/// Whether a share of the organizations includes this one; nobody's is all or none.
fn is_in_share(key: &FlagKey, share: Percentage, organization: Option<OrganizationId>) -> bool {
    match organization {
        Some(id) => draw(&format!("{key}:{id}")) % 10_000 < u64::from(share.hundredths()),
        None => share == Percentage::ALL,
    }
}

fn choose_variant(flag: &Flag, organization_id: OrganizationId) -> Option<String> {
    let total: u64 = flag.variants.iter().map(|variant| u64::from(variant.weight)).sum();
    // Apart from the share's draw: else a variant would be of those that came in first.
    let point = draw(&format!("{}:variant:{organization_id}", flag.key)).checked_rem(total)?;
    let mut end = 0;
    let chosen = flag.variants.iter().find(|variant| {
        end += u64::from(variant.weight);
        point < end
    });
    chosen.map(|variant| variant.name.clone())
}

/// A number that looks random and is the same for the same text: the first 8 bytes of its hash.
fn draw(text: &str) -> u64 {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().take(8).fold(0_u64, |word, byte| (word << 8) | u64::from(*byte))
}

impl Flag {
    /// Whether an answer depends on the plan of who asks.
    #[must_use]
    pub fn asks_for_plan(&self) -> bool {
        self.enabled && self.rules.iter().any(|rule| !rule.plans.is_empty())
    }

    /// Refuses what cannot be kept.
    ///
    /// # Errors
    /// [`InvalidFlag`] for what is too long, too many, or named twice.
    pub fn require_sound(&self) -> Result<(), InvalidFlag> {
        let refuse = |field, message| Err(InvalidFlag { field, message });
        let is_plain = |c: char| !c.is_control() || c == '\n';
        if self.description.chars().count() > LONGEST_DESCRIPTION
            || !self.description.chars().all(is_plain)
        {
            let message = format!(
                "write at most {LONGEST_DESCRIPTION} characters, without control characters"
            );
            return refuse("description", message);
        }
        if self.rules.len() > MOST_RULES {
            return refuse("rules", format!("a flag has at most {MOST_RULES} rules"));
        }
        for rule in &self.rules {
            let names = rule.users.len().max(rule.organizations.len()).max(rule.plans.len());
            if names > MOST_NAMES {
                return refuse("rules", format!("a rule names at most {MOST_NAMES} of a kind"));
            }
            if let Some(wrong) = rule.plans.iter().find(|slug| !is_name(slug)) {
                let wrong: String = wrong.chars().take(64).collect();
                let message = format!("`{wrong}` is not a plan; write its name in the edition");
                return refuse("rules", message);
            }
        }
        self.require_sound_variants()
    }

    fn require_sound_variants(&self) -> Result<(), InvalidFlag> {
        let refuse = |message| Err(InvalidFlag { field: "variants", message });
        if self.variants.len() > MOST_VARIANTS {
            return refuse(format!("a flag has at most {MOST_VARIANTS} variants"));
        }
        let mut known = BTreeSet::new();
        for FlagVariant { name, weight } in &self.variants {
            let shown: String = name.chars().take(64).collect();
            if !is_name(name) {
                return refuse(format!(
                    "`{shown}` is not a variant; expected 1 to 64 of a-z, 0-9, `.`, `_` and `-`"
                ));
            }
            if !known.insert(name) {
                return refuse(format!("there are two variants `{shown}`; name one otherwise"));
            }
            if !(1..=LARGEST_WEIGHT).contains(weight) {
                return refuse(format!(
                    "the weight of `{shown}` is {weight}; expected 1 to {LARGEST_WEIGHT}"
                ));
            }
        }
        Ok(())
    }
}
