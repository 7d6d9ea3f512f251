//! Referrals. Invariant: a newcomer's address leaves the server masked.

use gantry_billing::ReferralsView;
use gantry_ports::store::{ListedReferral, ReferralState};
use gantry_rules::referral::{ReferralTerms, RewardedWhen, mask_address};
use gantry_types::{Credits, OrganizationId, ReferralId, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use crate::extract::encode_cursor;

/// What referrals bring.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReferralTermsBody {
    /// Credits of who refers; 0 for none.
    #[schema(value_type = i64)]
    pub reward: Credits,
    /// Credits of who is referred; 0 for none.
    #[schema(value_type = i64)]
    pub welcome: Credits,
    /// `verified`: once the newcomer's address is; `first_payment`: once they paid, too.
    pub when: &'static str,
    /// How many referrals are rewarded in a calendar month (UTC).
    pub most_per_month: u32,
    /// After how many days what is left of them expires; `null` means never.
    pub expires_days: Option<u64>,
}

impl From<ReferralTerms> for ReferralTermsBody {
    fn from(terms: ReferralTerms) -> Self {
        Self {
            reward: terms.reward.unwrap_or(Credits::ZERO),
            welcome: terms.welcome.unwrap_or(Credits::ZERO),
            when: match terms.when {
                RewardedWhen::Verified => "verified",
                RewardedWhen::FirstPayment => "first_payment",
            },
            most_per_month: terms.most_per_month,
            expires_days: terms.expires_after.map(|after| after.as_secs() / 86_400),
        }
    }
}

/// Somebody whom the organization referred.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReferralBody {
    /// The identifier.
    #[schema(value_type = Uuid)]
    pub id: ReferralId,
    /// Who it is, as far as others may see: the first letter and the host of their address.
    pub who: String,
    /// `waiting`, `rewarded` or `refused`.
    pub state: &'static str,
    /// What the organization was given for it.
    #[schema(value_type = i64)]
    pub reward: Credits,
    /// When they registered.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was decided.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
}

impl From<ListedReferral> for ReferralBody {
    fn from(listed: ListedReferral) -> Self {
        let referral = listed.referral;
        Self {
            id: referral.id,
            who: mask_address(&listed.email),
            state: state_word(referral.state),
            reward: referral.reward,
            created_at: referral.created_at,
            ended_at: referral.ended_at,
        }
    }
}

/// A referral as administrators see it.
#[derive(Debug, Serialize, ToSchema)]
pub struct AdminReferralBody {
    /// Whose code it was.
    #[schema(value_type = Uuid)]
    pub organization_id: OrganizationId,
    /// The newcomer's own organization.
    #[schema(value_type = Uuid)]
    pub referred_organization_id: OrganizationId,
    /// What the newcomer's organization was given.
    #[schema(value_type = i64)]
    pub welcome: Credits,
    /// What the code's organization sees of it.
    pub referral: ReferralBody,
}

impl From<ListedReferral> for AdminReferralBody {
    fn from(listed: ListedReferral) -> Self {
        Self {
            organization_id: listed.referral.organization_id,
            referred_organization_id: listed.referral.referred_organization_id,
            welcome: listed.referral.welcome,
            referral: listed.into(),
        }
    }
}

const fn state_word(state: ReferralState) -> &'static str {
    match state {
        ReferralState::Waiting => "waiting",
        ReferralState::Rewarded => "rewarded",
        ReferralState::Refused => "refused",
    }
}

/// The organization's code, and whom it brought.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReferralsBody {
    /// What referrals bring; `null` where they bring nothing.
    pub terms: Option<ReferralTermsBody>,
    /// The code, once it was made.
    pub code: Option<String>,
    /// The page on which newcomers register with it.
    pub url: Option<String>,
    /// Whom the organization referred.
    pub items: Vec<ReferralBody>,
    /// Where the list goes on; `null` on the last page.
    pub next_cursor: Option<String>,
}

impl ReferralsBody {
    /// From the use-case; `address` makes the page's address of a code.
    pub fn new(view: ReferralsView, address: impl Fn(&str) -> String) -> Self {
        Self {
            terms: view.terms.map(Into::into),
            url: view.code.as_deref().map(address),
            code: view.code,
            items: view.page.items.into_iter().map(Into::into).collect(),
            next_cursor: view.page.next.map(|next| encode_cursor(next.as_uuid())),
        }
    }
}

/// An organization's code.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReferralCodeBody {
    /// The code.
    pub code: String,
    /// The page on which newcomers register with it.
    pub url: String,
}
