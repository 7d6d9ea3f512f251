//! Who may do what with one thing of an organization: a job, a dataset, a workflow, a model.
//!
//! Invariants: what nobody restricted is as its organization has it; a grant never gives more
//! than the role allows; owners and admins reach everything, so that nothing is lost with its
//! maker.

use gantry_types::Role;
use serde::{Deserialize, Serialize};

/// For whom a thing is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// Every member, as their role has it.
    Organization,
    /// Its maker, owners, admins, and those to whom it was granted.
    Restricted,
}

/// What was granted to somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantLevel {
    /// To see and use it.
    Viewer,
    /// To change, cancel, delete and share it too.
    Editor,
}

/// How somebody stands to a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tie {
    /// They made it.
    Maker,
    /// It was granted to them.
    Granted(GrantLevel),
    /// They only belong to the organization.
    Member,
}

/// What somebody wants to do with a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Wish {
    /// See it, or use it as something of their own reads it.
    See,
    /// Change, cancel or delete it.
    Change,
    /// Say who sees it.
    Share,
}

/// What is answered to a wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It may be done.
    Allowed,
    /// They see the thing, and may not do this with it.
    Shown,
    /// For them the thing does not exist.
    Hidden,
}

/// Whether somebody with this role and this tie may do something with a thing of their
/// organization.
#[must_use]
pub const fn decide(role: Role, tie: Tie, visibility: Visibility, wish: Wish) -> Verdict {
    if !is_seen(role, tie, visibility) {
        return Verdict::Hidden;
    }
    let allowed = match wish {
        Wish::See => true,
        Wish::Change => is_changer(role) && is_changed_by(role, tie, visibility),
        // Otherwise one member could take a thing away from the others.
        Wish::Share => is_changer(role) && is_changed_by(role, tie, Visibility::Restricted),
    };
    if allowed { Verdict::Allowed } else { Verdict::Shown }
}

/// Whether the role reaches everything of the organization.
#[must_use]
pub const fn reaches_everything(role: Role) -> bool {
    match role {
        Role::Owner | Role::Admin => true,
        Role::Member | Role::Viewer | Role::Billing => false,
    }
}

const fn is_seen(role: Role, tie: Tie, visibility: Visibility) -> bool {
    match (visibility, tie) {
        (Visibility::Organization, _) | (Visibility::Restricted, Tie::Maker | Tie::Granted(_)) => {
            true
        }
        (Visibility::Restricted, Tie::Member) => reaches_everything(role),
    }
}

const fn is_changed_by(role: Role, tie: Tie, visibility: Visibility) -> bool {
    match (visibility, tie) {
        (Visibility::Organization, _)
        | (Visibility::Restricted, Tie::Maker | Tie::Granted(GrantLevel::Editor)) => true,
        (Visibility::Restricted, Tie::Granted(GrantLevel::Viewer) | Tie::Member) => {
            reaches_everything(role)
        }
    }
}

/// Whether members with the role change things at all.
const fn is_changer(role: Role) -> bool {
    match role {
        Role::Owner | Role::Admin | Role::Member => true,
        Role::Viewer | Role::Billing => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIES: [Tie; 4] = [
        Tie::Maker,
        Tie::Granted(GrantLevel::Viewer),
        Tie::Granted(GrantLevel::Editor),
        Tie::Member,
    ];
    const VISIBILITIES: [Visibility; 2] = [Visibility::Organization, Visibility::Restricted];
    const WISHES: [Wish; 3] = [Wish::See, Wish::Change, Wish::Share];

    #[test]
    fn a_member_stands_as_the_table_says() {
        use Verdict::{Allowed, Hidden, Shown};
        let table = [
            (Tie::Maker, [Allowed, Allowed, Allowed]),
            (Tie::Granted(GrantLevel::Editor), [Allowed, Allowed, Allowed]),
            (Tie::Granted(GrantLevel::Viewer), [Allowed, Shown, Shown]),
            (Tie::Member, [Hidden, Hidden, Hidden]),
        ];
        for (tie, expected) in table {
            let found = WISHES.map(|wish| decide(Role::Member, tie, Visibility::Restricted, wish));
            assert_eq!(found, expected, "{tie:?}");
        }
        let open =
            WISHES.map(|wish| decide(Role::Member, Tie::Member, Visibility::Organization, wish));
        assert_eq!(open, [Allowed, Allowed, Shown]);
    }

    #[test]
    fn owners_and_admins_reach_everything() {
        for role in [Role::Owner, Role::Admin] {
            for tie in TIES {
                for visibility in VISIBILITIES {
                    for wish in WISHES {
                        assert_eq!(decide(role, tie, visibility, wish), Verdict::Allowed);
                    }
                }
            }
        }
    }

    #[test]
    fn a_grant_never_gives_more_than_the_role() {
        for role in [Role::Viewer, Role::Billing] {
            for tie in TIES {
                for visibility in VISIBILITIES {
                    for wish in [Wish::Change, Wish::Share] {
                        let verdict = decide(role, tie, visibility, wish);
                        assert_ne!(verdict, Verdict::Allowed, "{role} {tie:?} {wish:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn to_restrict_a_thing_never_lets_anybody_do_more() {
        for &role in Role::ALL {
            for tie in TIES {
                for wish in WISHES {
                    let open = decide(role, tie, Visibility::Organization, wish);
                    let restricted = decide(role, tie, Visibility::Restricted, wish);
                    let gains = restricted == Verdict::Allowed && open != Verdict::Allowed;
                    assert!(!gains, "{role} {tie:?} {wish:?}");
                }
            }
        }
    }
}
