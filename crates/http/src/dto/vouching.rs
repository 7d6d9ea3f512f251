//! Who vouches for people, and the accounts elsewhere that sign a person in.

use gantry_ports::store::LinkedIdentity;
use gantry_types::{LinkedIdentityId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Somebody who vouches for people here.
#[derive(Serialize, ToSchema)]
pub struct ProviderBody {
    /// The name in addresses.
    pub id: String,
    /// The name for people.
    pub label: String,
}

/// An account elsewhere that signs a person in.
#[derive(Serialize, ToSchema)]
pub struct LinkedIdentityBody {
    /// The identifier.
    #[schema(value_type = Uuid)]
    pub id: LinkedIdentityId,
    /// Who vouches.
    pub provider: String,
    /// Its name for people.
    pub label: String,
    /// The address that the person had there when it was added; empty when it was not told.
    pub email: String,
    /// When it was added.
    #[schema(value_type = String, format = DateTime)]
    pub linked_at: Timestamp,
}

impl LinkedIdentityBody {
    /// With the provider's name for people.
    pub fn new(identity: LinkedIdentity, label: &str) -> Self {
        Self {
            id: identity.id,
            label: label.to_owned(),
            provider: identity.provider,
            email: identity.email,
            linked_at: identity.linked_at,
        }
    }
}

/// An account elsewhere to be added.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkRequest {
    /// Who vouches, by the name in addresses.
    pub provider: String,
    /// The present password.
    #[schema(format = Password)]
    pub password: String,
}

/// Where the browser goes on.
#[derive(Serialize, ToSchema)]
pub struct LinkBegun {
    /// The provider's page.
    pub url: String,
}

/// Where a sign-in leads.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct BeginParams {
    /// A path of the app to go to afterwards.
    #[serde(default)]
    pub next: String,
    /// The secret of an invitation, for who has no account yet.
    #[serde(default)]
    pub token: String,
    /// The code of whoever referred a newcomer.
    #[serde(default)]
    pub referral_code: String,
    /// The paid plan that a newcomer means to buy, by its name.
    #[serde(default)]
    pub plan: String,
    /// How often it is to be paid for: `month` or `year`.
    #[serde(default)]
    pub interval: String,
}

/// What a provider sends a browser back with.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ReturnParams {
    /// What it was sent away with.
    #[serde(default)]
    pub state: String,
    /// What is exchanged for a statement about the person.
    #[serde(default)]
    pub code: String,
    /// Why there is no code.
    #[serde(default)]
    pub error: String,
}
