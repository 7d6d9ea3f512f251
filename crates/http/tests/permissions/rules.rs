//! What a route needs, who asks and about whose thing, and what the answer has to be.
//!
//! Invariant: what is of another organization is not there, whatever somebody may do in their own.

/// Who asks. All but the last three are members of the same organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    Nobody,
    Viewer,
    /// Sees what a viewer sees, and pays.
    Billing,
    Member,
    Admin,
    Owner,
    KeyRead,
    KeyRun,
    KeyData,
    KeyAccount,
    /// The owner of another organization.
    Stranger,
    /// The administrator of the installation, who owns another organization.
    Administrator,
    /// The administrator's key with the scope `admin` alone.
    KeyAdmin,
}

use Who::{
    Admin, Administrator, Billing, KeyAccount, KeyAdmin, KeyData, KeyRead, KeyRun, Member, Nobody,
    Owner, Stranger, Viewer,
};

pub const ALL: [Who; 13] = [
    Nobody,
    Viewer,
    Billing,
    Member,
    Admin,
    Owner,
    KeyRead,
    KeyRun,
    KeyData,
    KeyAccount,
    Stranger,
    Administrator,
    KeyAdmin,
];

impl Who {
    /// Whose key it is; a person is their own.
    pub const fn person(self) -> Self {
        match self {
            KeyRead | KeyRun | KeyData | KeyAccount => Owner,
            KeyAdmin => Administrator,
            Nobody | Viewer | Billing | Member | Admin | Owner | Stranger | Administrator => self,
        }
    }

    /// Whether a browser with a session asks.
    pub const fn has_session(self) -> bool {
        match self {
            Viewer | Billing | Member | Admin | Owner | Stranger | Administrator => true,
            Nobody | KeyRead | KeyRun | KeyData | KeyAccount | KeyAdmin => false,
        }
    }
}

/// Whose thing is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Made by who asks.
    Own,
    /// Made by somebody else of the same organization.
    Ours,
    /// Of another organization.
    Theirs,
}

impl Whose {
    pub const ALL: [Self; 3] = [Self::Own, Self::Ours, Self::Theirs];

    /// Who made the thing, when `who` asks for it.
    pub fn maker(self, who: Who) -> Who {
        let person = who.person();
        match self {
            Self::Own => person,
            Self::Ours if person == Owner => Admin,
            Self::Ours => Owner,
            Self::Theirs if matches!(person, Stranger | Administrator) => Owner,
            Self::Theirs => Stranger,
        }
    }
}

/// What a route needs.
#[derive(Debug, Clone, Copy)]
pub enum Rule {
    /// Nobody needs to be signed in.
    Public,
    /// Everybody who is signed in.
    SignedIn,
    /// These.
    Only(&'static [Who]),
    /// These, about a thing. Whoever may not ask at all is told so; whoever may is told of what is
    /// of another organization that it does not exist.
    Thing {
        /// Who may, if it is their own.
        own: &'static [Who],
        /// Who may, if somebody else of their organization made it.
        ours: &'static [Who],
        /// To whom it is not there, if somebody else of their organization made it.
        hidden: &'static [Who],
    },
}

/// A thing of an organization, whoever of it made it.
const fn shared(allowed: &'static [Who]) -> Rule {
    Rule::Thing { own: allowed, ours: allowed, hidden: &[] }
}

/// A thing of a person, which is not there for the others.
const fn personal(allowed: &'static [Who]) -> Rule {
    Rule::Thing { own: allowed, ours: &[], hidden: allowed }
}

// In lists of one's own organization strangers see theirs.
const ACCOUNT_READERS: &[Who] =
    &[Viewer, Billing, Member, Admin, Owner, KeyRead, Stranger, Administrator];
const JOB_READERS: &[Who] =
    &[Viewer, Billing, Member, Admin, Owner, KeyRead, KeyRun, Stranger, Administrator];
const DATA_READERS: &[Who] =
    &[Viewer, Billing, Member, Admin, Owner, KeyRead, KeyData, Stranger, Administrator];
const RUNNERS: &[Who] = &[Member, Admin, Owner, KeyRun, Stranger, Administrator];
const WRITERS: &[Who] = &[Member, Admin, Owner, KeyData, Stranger, Administrator];
const PEOPLE: &[Who] =
    &[Viewer, Billing, Member, Admin, Owner, KeyAccount, Stranger, Administrator];
const BROWSERS: &[Who] = &[Viewer, Billing, Member, Admin, Owner, Stranger, Administrator];
const KEY_MAKERS: &[Who] = &[Member, Admin, Owner, KeyAccount, Stranger, Administrator];
const MANAGERS: &[Who] = &[Admin, Owner, KeyAccount, Stranger, Administrator];

pub const READ_ACCOUNT: Rule = Rule::Only(ACCOUNT_READERS);
pub const READ_ONE_INVOICE: Rule = shared(ACCOUNT_READERS);
pub const READ_JOBS: Rule = Rule::Only(JOB_READERS);
pub const READ_ONE_JOB: Rule = shared(JOB_READERS);
pub const READ_DATA: Rule = Rule::Only(DATA_READERS);
pub const READ_ONE_DATASET: Rule = shared(DATA_READERS);
pub const RUN_OWN: Rule = Rule::Only(RUNNERS);
pub const RUN_ONE: Rule = shared(RUNNERS);
/// An ad is for whoever asked for it.
pub const OWN_AD: Rule = personal(RUNNERS);
pub const WRITE_OWN: Rule = Rule::Only(WRITERS);
pub const WRITE_ONE: Rule = shared(WRITERS);
/// What others made a member may change, and not keep from anybody.
pub const SHARE_JOB: Rule =
    Rule::Thing { own: RUNNERS, ours: &[Admin, Owner, KeyRun], hidden: &[] };
pub const SHARE_DATASET: Rule =
    Rule::Thing { own: WRITERS, ours: &[Admin, Owner, KeyData], hidden: &[] };
pub const MANAGE_SESSIONS: Rule = Rule::Only(PEOPLE);
/// A session, or what was granted to a client, of whoever asks.
pub const OWN_ALONE: Rule = personal(PEOPLE);
/// What a person does in a browser, and no key for them.
pub const BY_SESSION: Rule = Rule::Only(BROWSERS);
/// The same about what is theirs alone.
pub const OWN_IN_BROWSER: Rule = personal(BROWSERS);
/// The same, for those who make keys.
pub const KEYS_BY_SESSION: Rule = Rule::Only(&[Member, Admin, Owner, Stranger, Administrator]);
pub const MANAGE_KEYS: Rule = Rule::Only(KEY_MAKERS);
/// Those who manage members end the keys of others too; a member does not see them.
pub const REVOKE_KEY: Rule =
    Rule::Thing { own: KEY_MAKERS, ours: &[Admin, Owner, KeyAccount], hidden: &[Member] };
/// A key's successor acts in its owner's name, and goes to nobody else.
pub const ROTATE_KEY: Rule = personal(KEY_MAKERS);
/// A key needs the scope `account` too.
pub const MAKE_ADMIN_KEYS: Rule = Rule::Only(&[Administrator]);
pub const MANAGE_MEMBERS: Rule = Rule::Only(MANAGERS);
/// A member, an invitation, a client of OAuth.
pub const MANAGE_ONE: Rule = shared(MANAGERS);
/// What an organization's owners alone may; strangers own theirs.
pub const OWN: Rule = Rule::Only(&[Owner, KeyAccount, Stranger, Administrator]);
/// The same, and no key for them.
pub const OWN_BY_SESSION: Rule = Rule::Only(&[Owner, Stranger, Administrator]);
pub const MANAGE_BILLING: Rule =
    Rule::Only(&[Billing, Admin, Owner, KeyAccount, Stranger, Administrator]);
pub const ADMINISTER: Rule = Rule::Only(&[Administrator, KeyAdmin]);

/// What the answer has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Let in: neither 401, 403 nor (for a thing) 404.
    In,
    SignIn,
    Forbidden,
    Missing,
}

pub fn expected(rule: Rule, (who, whose): (Who, Whose)) -> Verdict {
    match rule {
        Rule::Public => Verdict::In,
        Rule::SignedIn | Rule::Only(_) | Rule::Thing { .. } if who == Nobody => Verdict::SignIn,
        Rule::SignedIn => Verdict::In,
        Rule::Only(allowed) if allowed.contains(&who) => Verdict::In,
        Rule::Only(_) => Verdict::Forbidden,
        Rule::Thing { own, ours, hidden } => {
            let (allowed, missing) = match whose {
                Whose::Own => (own.contains(&who), false),
                Whose::Ours => (ours.contains(&who), hidden.contains(&who)),
                Whose::Theirs => (false, own.contains(&who) || ours.contains(&who)),
            };
            match (allowed, missing) {
                (true, _) => Verdict::In,
                (false, true) => Verdict::Missing,
                (false, false) => Verdict::Forbidden,
            }
        }
    }
}
