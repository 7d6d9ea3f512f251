//! Flags as operators write them, and what people have of them.

use std::collections::BTreeMap;

use gantry_access::Asker;
use gantry_ports::store::FlagRecord;
use gantry_rules::flag_words::{FlagKey, Percentage};
use gantry_rules::flags::{Flag, FlagAnswer, FlagReason, FlagRule, FlagVariant};
use gantry_types::{OrganizationId, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::problem::{Answer, Problem};

/// Who has a flag on or off: those who fit everything that is given. A rule that gives nothing
/// fits everybody.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = FlagRule)]
pub struct FlagRuleBody {
    /// Only these users.
    #[serde(default)]
    #[schema(value_type = Vec<Uuid>)]
    pub users: Vec<UserId>,
    /// Only these organizations.
    #[serde(default)]
    #[schema(value_type = Vec<Uuid>)]
    pub organizations: Vec<OrganizationId>,
    /// Only organizations on these plans, by their names in the edition.
    #[serde(default)]
    pub plans: Vec<String>,
    /// Only so many of the organizations: 0 to 100 percent in steps of 0.01. Who is in stays in
    /// when it grows.
    #[serde(default)]
    pub percentage: Option<f64>,
    /// What they have.
    pub on: bool,
}

impl From<FlagRule> for FlagRuleBody {
    fn from(rule: FlagRule) -> Self {
        Self {
            users: rule.users.into_iter().collect(),
            organizations: rule.organizations.into_iter().collect(),
            plans: rule.plans.into_iter().collect(),
            percentage: rule.percentage.map(Percentage::percent),
            on: rule.on,
        }
    }
}

impl FlagRuleBody {
    /// The rule at this place of the list.
    fn into_rule(self, place: usize) -> Answer<FlagRule> {
        let share = self.percentage.map(|percent| percent.to_string().parse::<Percentage>());
        let percentage = share.transpose().map_err(|wrong| {
            Problem::invalid(format!("/rules/{place}/percentage"), format!("{wrong}."))
        })?;
        Ok(FlagRule {
            users: self.users.into_iter().collect(),
            organizations: self.organizations.into_iter().collect(),
            plans: self.plans.into_iter().collect(),
            percentage,
            on: self.on,
        })
    }
}

/// One of the ways that an experiment compares.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = FlagVariant)]
pub struct FlagVariantBody {
    /// Its name: 1 to 64 of a-z, 0-9, `.`, `_` and `-`.
    pub name: String,
    /// Its share of the sum of all weights: 1 to 1,000,000.
    pub weight: u32,
}

impl From<FlagVariant> for FlagVariantBody {
    fn from(variant: FlagVariant) -> Self {
        Self { name: variant.name, weight: variant.weight }
    }
}

impl From<FlagVariantBody> for FlagVariant {
    fn from(body: FlagVariantBody) -> Self {
        Self { name: body.name, weight: body.weight }
    }
}

/// Defines a request that says what a flag is to be. Both say the same, and each a field of its
/// own: with a part that is flattened, a field that there is not would be taken in silence.
macro_rules! define_flag_requests {
    ($($(#[$($about:tt)*])* $name:ident { $($own:tt)* })*) => {$(
        $(#[$($about)*])*
        #[derive(Debug, Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $($own)*
            /// What it turns, for people: at most 500 characters.
            #[serde(default)]
            pub description: String,
            /// The kill switch: off is off for everybody, whatever the rules say.
            pub enabled: bool,
            /// Whether people are told what they have.
            #[serde(default)]
            pub visible: bool,
            /// The first that fits decides. Without rules the flag is on for everybody; with rules
            /// it is off for those whom none fits.
            #[serde(default)]
            pub rules: Vec<FlagRuleBody>,
            /// What those who have it on are told apart into.
            #[serde(default)]
            pub variants: Vec<FlagVariantBody>,
        }

        impl $name {
            /// The flag of this name.
            pub fn into_flag(self, key: FlagKey) -> Answer<Flag> {
                let rules = self.rules.into_iter().enumerate();
                Ok(Flag {
                    key,
                    description: self.description.trim().to_owned(),
                    enabled: self.enabled,
                    visible: self.visible,
                    rules: rules
                        .map(|(place, rule)| rule.into_rule(place))
                        .collect::<Answer<_>>()?,
                    variants: self.variants.into_iter().map(Into::into).collect(),
                })
            }
        }
    )*};
}

define_flag_requests! {
    /// What a flag is to say.
    FlagRequest {
        /// The revision that was changed: if another one is newer, the answer is 409.
        #[serde(default)]
        pub base_revision: Option<u32>,
    }
    /// A flag to be made.
    NewFlagRequest {
        /// Its name: 1 to 64 of a-z, 0-9, `.`, `_` and `-`.
        pub key: String,
    }
}

impl NewFlagRequest {
    /// Its name.
    ///
    /// # Errors
    /// 400 for what is none.
    pub fn read_key(&self) -> Answer<FlagKey> {
        let key = self.key.parse::<FlagKey>();
        key.map_err(|wrong| Problem::invalid("/key", format!("{wrong}.")))
    }
}

/// A flag.
#[derive(Debug, Serialize, ToSchema)]
pub struct FlagBody {
    /// Its name.
    pub key: String,
    /// What it turns.
    pub description: String,
    /// The kill switch.
    pub enabled: bool,
    /// Whether people are told what they have.
    pub visible: bool,
    /// The first that fits decides.
    pub rules: Vec<FlagRuleBody>,
    /// What those who have it on are told apart into.
    pub variants: Vec<FlagVariantBody>,
    /// The number of its newest state, from 1.
    pub revision: u32,
    /// Who changed it last.
    #[schema(value_type = Option<Uuid>)]
    pub updated_by: Option<UserId>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

impl From<FlagRecord> for FlagBody {
    fn from(record: FlagRecord) -> Self {
        let flag = record.flag;
        Self {
            key: flag.key.into(),
            description: flag.description,
            enabled: flag.enabled,
            visible: flag.visible,
            rules: flag.rules.into_iter().map(Into::into).collect(),
            variants: flag.variants.into_iter().map(Into::into).collect(),
            revision: record.revision,
            updated_by: record.updated_by,
            updated_at: record.updated_at,
        }
    }
}

/// What somebody has of a flag.
#[derive(Debug, Serialize, ToSchema)]
pub struct FlagAnswerBody {
    /// Whether it is on.
    pub on: bool,
    /// The way of the experiment, where it is one and on.
    pub variant: Option<String>,
}

/// What somebody has of all flags that people are told of.
#[derive(Debug, Serialize, ToSchema)]
pub struct FlagAnswersBody {
    /// By the names of the flags.
    pub flags: BTreeMap<String, FlagAnswerBody>,
}

impl From<BTreeMap<String, FlagAnswer>> for FlagAnswersBody {
    fn from(answers: BTreeMap<String, FlagAnswer>) -> Self {
        let told = |(key, answer): (String, FlagAnswer)| {
            (key, FlagAnswerBody { on: answer.on, variant: answer.variant })
        };
        Self { flags: answers.into_iter().map(told).collect() }
    }
}

/// For whom a flag is tried; without an organization, for somebody without an account.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FlagTrialRequest {
    /// The organization; its plan is looked up.
    #[serde(default)]
    #[schema(value_type = Option<Uuid>)]
    pub organization_id: Option<OrganizationId>,
    /// The person.
    #[serde(default)]
    #[schema(value_type = Option<Uuid>)]
    pub user_id: Option<UserId>,
}

impl From<FlagTrialRequest> for Asker {
    fn from(request: FlagTrialRequest) -> Self {
        Self { user_id: request.user_id, organization_id: request.organization_id }
    }
}

/// What somebody has of a flag, and why.
#[derive(Debug, Serialize, ToSchema)]
pub struct FlagTrialBody {
    /// Whether it is on.
    pub on: bool,
    /// The way of the experiment, where it is one and on.
    pub variant: Option<String>,
    /// `switched_off`, `everybody` (there are no rules), `rule` or `no_rule_fits`.
    pub reason: &'static str,
    /// The rule that fits, from 1.
    pub rule: Option<u32>,
}

impl From<FlagAnswer> for FlagTrialBody {
    fn from(answer: FlagAnswer) -> Self {
        let rule = match answer.reason {
            FlagReason::Rule(number) => Some(number),
            FlagReason::SwitchedOff | FlagReason::Everybody | FlagReason::NoRuleFits => None,
        };
        Self { on: answer.on, variant: answer.variant, reason: answer.reason.as_str(), rule }
    }
}
