//! Who sees single things.

use gantry_access::Sharing;
use gantry_ports::store::{ObjectAccess, ObjectGrant};
use gantry_rules::sharing::{GrantLevel, Visibility};
use gantry_types::UserId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// For whom a thing is there: every member, or its maker, owners, admins and those to whom it was
/// granted.
#[derive(ToSchema, Serialize)]
#[serde(rename_all = "snake_case")]
#[schema(as = Visibility)]
#[expect(dead_code, reason = "the schema of a rule's type, which knows of no schemas")]
pub enum VisibilityWord {
    /// Every member.
    Organization,
    /// Those who are named.
    Restricted,
}

/// What was granted: to see and use a thing, or to change, cancel, delete and share it too.
#[derive(ToSchema, Serialize)]
#[serde(rename_all = "snake_case")]
#[schema(as = GrantLevel)]
#[expect(dead_code, reason = "the schema of a rule's type, which knows of no schemas")]
pub enum GrantLevelWord {
    /// To see and use it.
    Viewer,
    /// To change it too.
    Editor,
}

/// Something granted to a member. It never gives more than their role allows.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ObjectGrantBody {
    /// The member.
    #[schema(value_type = Uuid)]
    pub user_id: UserId,
    /// What they may do.
    #[schema(value_type = GrantLevelWord)]
    pub level: GrantLevel,
}

/// Who sees a thing.
#[derive(Debug, Serialize, ToSchema)]
pub struct ObjectAccessBody {
    /// For whom it is there.
    #[schema(value_type = VisibilityWord)]
    pub visibility: Visibility,
    /// To whom it was granted.
    pub grants: Vec<ObjectGrantBody>,
    /// Who made it.
    #[schema(value_type = Option<Uuid>)]
    pub made_by: Option<UserId>,
}

impl From<ObjectAccess> for ObjectAccessBody {
    fn from(access: ObjectAccess) -> Self {
        let body =
            |grant: ObjectGrant| ObjectGrantBody { user_id: grant.user_id, level: grant.level };
        Self {
            visibility: access.visibility,
            grants: access.grants.into_iter().map(body).collect(),
            made_by: access.made_by,
        }
    }
}

/// Who is to see a thing; replaces what was said before.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ObjectAccessRequest {
    /// For whom it is to be there.
    #[schema(value_type = VisibilityWord)]
    pub visibility: Visibility,
    /// To whom it is granted, if it is `restricted`.
    #[serde(default)]
    pub grants: Vec<ObjectGrantBody>,
}

impl From<ObjectAccessRequest> for Sharing {
    fn from(request: ObjectAccessRequest) -> Self {
        let grant =
            |body: ObjectGrantBody| ObjectGrant { user_id: body.user_id, level: body.level };
        Self {
            visibility: request.visibility,
            grants: request.grants.into_iter().map(grant).collect(),
        }
    }
}
