//! The table: for every route, who is let in and what the others are told.

/// Who asks. All but the last three are members of the same organization, whose thing it is.
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

/// What a route needs.
#[derive(Debug, Clone, Copy)]
pub enum Rule {
    /// Nobody needs to be signed in.
    Public,
    /// Everybody who is signed in.
    SignedIn,
    /// These; others with a right to their own things, but not to this one, are told that it does
    /// not exist, the rest that they may not.
    Only { allowed: &'static [Who], foreign: &'static [Who] },
}

const STRANGERS: &[Who] = &[Stranger, Administrator];
const RUNNERS: &[Who] = &[Member, Admin, Owner, KeyRun];
const WRITERS: &[Who] = &[Member, Admin, Owner, KeyData];

/// Lists of one's own organization: strangers see theirs.
const READ_ACCOUNT: Rule = Rule::Only {
    allowed: &[Viewer, Billing, Member, Admin, Owner, KeyRead, Stranger, Administrator],
    foreign: &[],
};
const READ_JOBS: Rule = Rule::Only {
    allowed: &[Viewer, Billing, Member, Admin, Owner, KeyRead, KeyRun, Stranger, Administrator],
    foreign: &[],
};
const READ_DATA: Rule = Rule::Only {
    allowed: &[Viewer, Billing, Member, Admin, Owner, KeyRead, KeyData, Stranger, Administrator],
    foreign: &[],
};
const READ_ONE_JOB: Rule = Rule::Only {
    allowed: &[Viewer, Billing, Member, Admin, Owner, KeyRead, KeyRun],
    foreign: STRANGERS,
};
const READ_ONE_DATASET: Rule = Rule::Only {
    allowed: &[Viewer, Billing, Member, Admin, Owner, KeyRead, KeyData],
    foreign: STRANGERS,
};
const RUN_OWN: Rule =
    Rule::Only { allowed: &[Member, Admin, Owner, KeyRun, Stranger, Administrator], foreign: &[] };
const RUN_ONE: Rule = Rule::Only { allowed: RUNNERS, foreign: STRANGERS };
const WRITE_OWN: Rule =
    Rule::Only { allowed: &[Member, Admin, Owner, KeyData, Stranger, Administrator], foreign: &[] };
const WRITE_ONE: Rule = Rule::Only { allowed: WRITERS, foreign: STRANGERS };
/// The owner's things, which a member may change and not keep from others.
const SHARE_JOB: Rule = Rule::Only { allowed: &[Admin, Owner, KeyRun], foreign: STRANGERS };
const SHARE_DATASET: Rule = Rule::Only { allowed: &[Admin, Owner, KeyData], foreign: STRANGERS };
const MANAGE_SESSIONS: Rule = Rule::Only {
    allowed: &[Viewer, Billing, Member, Admin, Owner, KeyAccount, Stranger, Administrator],
    foreign: &[],
};
/// What a person does in a browser, and no key for them.
const BY_SESSION: Rule = Rule::Only {
    allowed: &[Viewer, Billing, Member, Admin, Owner, Stranger, Administrator],
    foreign: &[],
};
/// The same, for those who make keys.
const KEYS_BY_SESSION: Rule =
    Rule::Only { allowed: &[Member, Admin, Owner, Stranger, Administrator], foreign: &[] };
const MANAGE_KEYS: Rule = Rule::Only {
    allowed: &[Member, Admin, Owner, KeyAccount, Stranger, Administrator],
    foreign: &[],
};
/// A key needs the scope `account` too.
const MAKE_ADMIN_KEYS: Rule = Rule::Only { allowed: &[Administrator], foreign: &[] };
const MANAGE_MEMBERS: Rule =
    Rule::Only { allowed: &[Admin, Owner, KeyAccount, Stranger, Administrator], foreign: &[] };
/// What an organization's owners alone may; strangers own theirs.
const OWN: Rule =
    Rule::Only { allowed: &[Owner, KeyAccount, Stranger, Administrator], foreign: &[] };
/// The same, and no key for them.
const OWN_BY_SESSION: Rule =
    Rule::Only { allowed: &[Owner, Stranger, Administrator], foreign: &[] };
const MANAGE_BILLING: Rule = Rule::Only {
    allowed: &[Billing, Admin, Owner, KeyAccount, Stranger, Administrator],
    foreign: &[],
};
const ADMINISTER: Rule = Rule::Only { allowed: &[Administrator, KeyAdmin], foreign: &[] };

/// Method, path, rule. In the path `{job}` and its like stand for things of the organization.
pub const TABLE: &[(&str, &str, Rule)] = &[
    ("get", "/api/v1/meta", Rule::Public),
    ("post", "/api/v1/auth/setup", Rule::Public),
    ("post", "/api/v1/auth/register", Rule::Public),
    ("post", "/api/v1/auth/login", Rule::Public),
    ("post", "/api/v1/auth/second-factor", Rule::Public),
    ("post", "/api/v1/auth/logout", Rule::SignedIn),
    ("get", "/api/v1/auth/me", Rule::SignedIn),
    ("patch", "/api/v1/auth/me", BY_SESSION),
    ("post", "/api/v1/auth/keep-account", Rule::Public),
    ("post", "/api/v1/auth/verify-email", Rule::Public),
    ("post", "/api/v1/auth/verify-email/resend", Rule::SignedIn),
    ("post", "/api/v1/auth/password/forgot", Rule::Public),
    ("post", "/api/v1/auth/password/reset", Rule::Public),
    ("post", "/api/v1/auth/password", BY_SESSION),
    ("post", "/api/v1/auth/email", BY_SESSION),
    ("get", "/api/v1/auth/second-factor/setup", Rule::SignedIn),
    ("post", "/api/v1/auth/second-factor/setup", BY_SESSION),
    ("post", "/api/v1/auth/second-factor/confirm", BY_SESSION),
    ("post", "/api/v1/auth/second-factor/disable", BY_SESSION),
    ("post", "/api/v1/auth/second-factor/recovery-codes", BY_SESSION),
    ("get", "/api/v1/auth/providers", Rule::Public),
    // No provider has this name.
    ("get", "/api/v1/auth/providers/{id}/begin", Rule::Public),
    ("get", "/api/v1/auth/providers/{id}/callback", Rule::Public),
    ("get", "/api/v1/auth/identities", MANAGE_SESSIONS),
    ("post", "/api/v1/auth/identities", BY_SESSION),
    ("delete", "/api/v1/auth/identities/{id}", BY_SESSION),
    ("get", "/api/v1/auth/passkeys", MANAGE_SESSIONS),
    ("post", "/api/v1/auth/passkeys", BY_SESSION),
    ("post", "/api/v1/auth/passkeys/begin", BY_SESSION),
    ("patch", "/api/v1/auth/passkeys/{id}", BY_SESSION),
    ("delete", "/api/v1/auth/passkeys/{id}", BY_SESSION),
    ("post", "/api/v1/auth/passkeys/sign-in/begin", Rule::Public),
    ("post", "/api/v1/auth/passkeys/sign-in", Rule::Public),
    ("post", "/api/v1/auth/tokens", KEYS_BY_SESSION),
    ("post", "/api/v1/auth/tokens/refresh", Rule::Public),
    ("post", "/api/v1/auth/tokens/revoke", Rule::Public),
    ("get", "/api/v1/members", MANAGE_MEMBERS),
    // Nobody is a member with this identifier, and no invitation has it.
    ("patch", "/api/v1/members/{id}", MANAGE_MEMBERS),
    ("delete", "/api/v1/members/{id}", MANAGE_MEMBERS),
    ("post", "/api/v1/invitations", MANAGE_MEMBERS),
    ("delete", "/api/v1/invitations/{id}", MANAGE_MEMBERS),
    ("post", "/api/v1/invitations/view", Rule::Public),
    ("post", "/api/v1/invitations/accept", BY_SESSION),
    ("post", "/api/v1/organizations", BY_SESSION),
    ("patch", "/api/v1/organizations", OWN),
    ("post", "/api/v1/organizations/switch", BY_SESSION),
    ("post", "/api/v1/organizations/leave", BY_SESSION),
    ("get", "/api/v1/organizations/closing", BY_SESSION),
    ("post", "/api/v1/organizations/closing", OWN_BY_SESSION),
    ("delete", "/api/v1/organizations/closing/{id}", BY_SESSION),
    ("get", "/api/v1/organizations/networks", MANAGE_MEMBERS),
    ("put", "/api/v1/organizations/networks", MANAGE_MEMBERS),
    ("get", "/api/v1/sessions", MANAGE_SESSIONS),
    // Nobody else's session exists: the one in question is nobody's.
    ("delete", "/api/v1/sessions/{id}", MANAGE_SESSIONS),
    ("get", "/api/v1/api-keys", MANAGE_KEYS),
    ("post", "/api/v1/api-keys", MANAGE_KEYS),
    ("delete", "/api/v1/api-keys/{id}", MANAGE_KEYS),
    ("post", "/api/v1/api-keys/{id}/rotate", MANAGE_KEYS),
    ("get", "/api/v1/oauth/clients", MANAGE_MEMBERS),
    ("post", "/api/v1/oauth/clients", MANAGE_MEMBERS),
    // No client has this identifier.
    ("put", "/api/v1/oauth/clients/{id}", MANAGE_MEMBERS),
    ("delete", "/api/v1/oauth/clients/{id}", MANAGE_MEMBERS),
    ("post", "/api/v1/oauth/clients/{id}/secret", MANAGE_MEMBERS),
    ("get", "/api/v1/account/grants", MANAGE_SESSIONS),
    ("delete", "/api/v1/account/grants/{id}", MANAGE_SESSIONS),
    ("get", "/api/v1/account", READ_ACCOUNT),
    // With a wrong password: everybody is needed for the rows that follow.
    ("delete", "/api/v1/account", BY_SESSION),
    // With a wrong password, too; and nobody has asked before.
    ("post", "/api/v1/account/export", BY_SESSION),
    ("get", "/api/v1/account/export", BY_SESSION),
    ("get", "/api/v1/account/export/content", BY_SESSION),
    ("get", "/api/v1/account/lots", READ_ACCOUNT),
    ("get", "/api/v1/account/ledger", READ_ACCOUNT),
    ("get", "/api/v1/account/ledger.csv", READ_ACCOUNT),
    ("get", "/api/v1/account/usage", READ_ACCOUNT),
    ("get", "/api/v1/account/usage.csv", READ_ACCOUNT),
    ("delete", "/api/v1/account/chosen-plan", MANAGE_BILLING),
    ("get", "/api/v1/plans", Rule::Public),
    ("post", "/api/v1/account/checkouts", MANAGE_BILLING),
    ("get", "/api/v1/account/subscription", READ_ACCOUNT),
    ("post", "/api/v1/account/subscription", MANAGE_BILLING),
    ("get", "/api/v1/account/payments", READ_ACCOUNT),
    ("get", "/api/v1/account/billing-details", MANAGE_BILLING),
    ("put", "/api/v1/account/billing-details", MANAGE_BILLING),
    ("get", "/api/v1/account/invoices", READ_ACCOUNT),
    // Nobody has one: the one in question is nobody's.
    ("get", "/api/v1/account/invoices/{number}/page", READ_ACCOUNT),
    ("get", "/api/v1/account/invoices/{number}/pdf", READ_ACCOUNT),
    ("post", "/api/v1/account/portal", MANAGE_BILLING),
    ("post", "/api/v1/account/mock-purchases", MANAGE_BILLING),
    // Its signature is what lets a message in.
    ("post", "/api/v1/payments/webhooks/{provider}", Rule::Public),
    ("get", "/api/v1/payments/returns/{provider}", Rule::Public),
    ("get", "/api/v1/rewards", READ_ACCOUNT),
    ("post", "/api/v1/rewards/sessions", RUN_OWN),
    // Nobody else's ad exists: the one in question is nobody's.
    ("post", "/api/v1/rewards/sessions/{id}/events", RUN_OWN),
    ("post", "/api/v1/rewards/sessions/{id}/sandbox", RUN_OWN),
    ("post", "/api/v1/rewards/claims", RUN_OWN),
    // Its signature is what lets a callback in.
    ("get", "/api/v1/rewards/callbacks/{provider}", Rule::Public),
    ("get", "/api/v1/admin/fraud/events", ADMINISTER),
    ("post", "/api/v1/admin/fraud/events/{id}/review", ADMINISTER),
    ("get", "/api/v1/admin/fraud/blocks", ADMINISTER),
    ("post", "/api/v1/admin/fraud/blocks", ADMINISTER),
    ("delete", "/api/v1/admin/fraud/blocks/{id}", ADMINISTER),
    ("get", "/api/v1/referrals", READ_ACCOUNT),
    // Refused to those who may: nothing is rewarded here.
    ("post", "/api/v1/referrals", MANAGE_BILLING),
    ("get", "/api/v1/admin/referrals", ADMINISTER),
    ("put", "/api/v1/admin/organizations/{id}/plan", ADMINISTER),
    ("delete", "/api/v1/admin/organizations/{id}/plan", ADMINISTER),
    ("post", "/api/v1/admin/organizations/{id}/credits", ADMINISTER),
    ("delete", "/api/v1/admin/organizations/{id}/networks", ADMINISTER),
    ("get", "/api/v1/admin/accounts/{id}/overrides", ADMINISTER),
    ("put", "/api/v1/admin/accounts/{id}/overrides", ADMINISTER),
    ("delete", "/api/v1/admin/accounts/{id}/overrides/{limit}", ADMINISTER),
    ("post", "/api/v1/admin/payments/refund", ADMINISTER),
    ("post", "/api/v1/admin/payments/reconcile", ADMINISTER),
    ("get", "/api/v1/admin/payments", ADMINISTER),
    ("get", "/api/v1/admin/payment-feed.csv", ADMINISTER),
    ("get", "/api/v1/admin/payment-events", ADMINISTER),
    ("get", "/api/v1/admin/payment-events/{id}", ADMINISTER),
    ("post", "/api/v1/admin/payment-events/{id}/apply", ADMINISTER),
    ("post", "/api/v1/admin/payment-events/{id}/dismiss", ADMINISTER),
    ("get", "/api/v1/admin/revenue", ADMINISTER),
    ("get", "/api/v1/admin/costs", ADMINISTER),
    ("get", "/api/v1/admin/usage", ADMINISTER),
    ("get", "/api/v1/admin/usage.csv", ADMINISTER),
    ("get", "/api/v1/admin/quota-events", ADMINISTER),
    ("post", "/api/v1/admin/sandbox/clock", ADMINISTER),
    ("get", "/api/v1/audit", MANAGE_MEMBERS),
    ("get", "/api/v1/admin/audit/export", ADMINISTER),
    ("get", "/api/v1/operations", READ_JOBS),
    ("get", "/api/v1/operations/{id}", READ_JOBS),
    ("post", "/api/v1/operations/{id}/estimate", READ_JOBS),
    ("get", "/api/v1/jobs", READ_JOBS),
    ("post", "/api/v1/jobs", RUN_OWN),
    ("get", "/api/v1/jobs/{id}", READ_ONE_JOB),
    ("post", "/api/v1/jobs/{id}/cancel", RUN_ONE),
    ("post", "/api/v1/jobs/{id}/rerun", RUN_ONE),
    ("get", "/api/v1/jobs/{id}/children", READ_ONE_JOB),
    ("get", "/api/v1/jobs/{id}/access", READ_ONE_JOB),
    ("put", "/api/v1/jobs/{id}/access", SHARE_JOB),
    ("get", "/api/v1/jobs/{id}/events", READ_ONE_JOB),
    // Asked for as no socket: who may read the job is told that it is one.
    ("get", "/api/v1/jobs/{id}/socket", READ_ONE_JOB),
    ("get", "/api/v1/jobs/{id}/artifacts", READ_ONE_JOB),
    ("get", "/api/v1/events", READ_JOBS),
    ("get", "/api/v1/artifacts/{id}", READ_ONE_JOB),
    ("get", "/api/v1/artifacts/{id}/content", READ_ONE_JOB),
    ("post", "/api/v1/datasets/uploads", WRITE_OWN),
    ("get", "/api/v1/datasets/uploads/{id}", WRITE_ONE),
    ("delete", "/api/v1/datasets/uploads/{id}", WRITE_ONE),
    ("put", "/api/v1/datasets/uploads/{id}/parts/{number}", WRITE_ONE),
    ("post", "/api/v1/datasets/uploads/{id}/complete", WRITE_ONE),
    ("post", "/api/v1/datasets/confirm", WRITE_OWN),
    ("get", "/api/v1/datasets", READ_DATA),
    ("get", "/api/v1/datasets/{id}", READ_ONE_DATASET),
    ("delete", "/api/v1/datasets/{id}", WRITE_ONE),
    ("get", "/api/v1/datasets/{id}/versions", READ_ONE_DATASET),
    ("get", "/api/v1/datasets/{id}/access", READ_ONE_DATASET),
    ("put", "/api/v1/datasets/{id}/access", SHARE_DATASET),
    ("get", "/api/v1/datasets/{id}/profile", READ_ONE_DATASET),
    ("get", "/api/v1/datasets/{id}/preview", READ_ONE_DATASET),
    ("get", "/api/v1/datasets/{id}/content", READ_ONE_DATASET),
    ("get", "/api/v1/samples", READ_DATA),
    ("post", "/api/v1/samples/{name}", WRITE_OWN),
    ("get", "/api/v1/services", READ_JOBS),
    ("post", "/api/v1/services/{id}/calls", RUN_ONE),
    ("post", "/api/v1/jobs/{id}/redrive", RUN_ONE),
    ("get", "/api/v1/schedules", READ_JOBS),
    ("post", "/api/v1/schedules", RUN_OWN),
    ("get", "/api/v1/schedules/{id}", READ_ONE_JOB),
    ("put", "/api/v1/schedules/{id}", RUN_ONE),
    ("post", "/api/v1/schedules/{id}/run", RUN_ONE),
    ("get", "/api/v1/schedules/{id}/runs", READ_ONE_JOB),
    ("delete", "/api/v1/schedules/{id}", RUN_ONE),
    ("get", "/api/v1/account/time-zone", READ_ACCOUNT),
    ("put", "/api/v1/account/time-zone", MANAGE_MEMBERS),
    ("get", "/api/v1/workflows", READ_JOBS),
    ("post", "/api/v1/workflows", RUN_OWN),
    ("get", "/api/v1/workflows/{id}", READ_ONE_JOB),
    ("put", "/api/v1/workflows/{id}", RUN_ONE),
    ("delete", "/api/v1/workflows/{id}", RUN_ONE),
    ("get", "/api/v1/workflows/{id}/access", READ_ONE_JOB),
    ("put", "/api/v1/workflows/{id}/access", SHARE_JOB),
    ("get", "/api/v1/workflows/{id}/revisions", READ_ONE_JOB),
    ("post", "/api/v1/workflows/{id}/duplicate", RUN_ONE),
    ("get", "/api/v1/workflows/{id}/runs", READ_ONE_JOB),
    ("post", "/api/v1/workflows/{id}/runs", RUN_ONE),
    ("post", "/api/v1/workflow-checks", READ_JOBS),
    ("get", "/api/v1/workflow-runs/{id}", READ_ONE_JOB),
    ("get", "/api/v1/models", READ_JOBS),
    ("get", "/api/v1/models/{id}", READ_ONE_JOB),
    ("patch", "/api/v1/models/{id}", RUN_ONE),
    ("delete", "/api/v1/models/{id}", RUN_ONE),
    ("get", "/api/v1/models/{id}/access", READ_ONE_JOB),
    ("put", "/api/v1/models/{id}/access", SHARE_JOB),
    ("get", "/api/v1/models/{id}/metrics", READ_ONE_JOB),
    ("get", "/api/v1/models/{id}/plots", READ_ONE_JOB),
    ("post", "/api/v1/models/{id}/predict", RUN_ONE),
    ("get", "/api/v1/jobs/{id}/models/compare", READ_ONE_JOB),
    ("get", "/api/v1/flags", Rule::SignedIn),
    ("get", "/api/v1/admin/flags", ADMINISTER),
    ("post", "/api/v1/admin/flags", ADMINISTER),
    // No flag has this name.
    ("get", "/api/v1/admin/flags/{key}", ADMINISTER),
    ("put", "/api/v1/admin/flags/{key}", ADMINISTER),
    ("delete", "/api/v1/admin/flags/{key}", ADMINISTER),
    ("post", "/api/v1/admin/flags/{key}/try", ADMINISTER),
    ("post", "/api/v1/admin/session", Rule::Public),
    ("get", "/api/v1/admin/session", ADMINISTER),
    // An ordinary session, and a key, have nothing to end here.
    ("delete", "/api/v1/admin/session", ADMINISTER),
    ("post", "/api/v1/admin/api-keys", MAKE_ADMIN_KEYS),
    ("get", "/api/v1/admin/users", ADMINISTER),
    // Nobody has this identifier, and no job.
    ("get", "/api/v1/admin/users/{id}", ADMINISTER),
    ("post", "/api/v1/admin/users/{id}/suspend", ADMINISTER),
    ("post", "/api/v1/admin/users/{id}/ban", ADMINISTER),
    ("post", "/api/v1/admin/users/{id}/reinstate", ADMINISTER),
    ("post", "/api/v1/admin/jobs/{id}/cancel", ADMINISTER),
    ("get", "/api/v1/admin/overview", ADMINISTER),
    ("post", "/api/v1/admin/jobs/redrive", ADMINISTER),
];

/// What the answer has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Let in: neither 401, 403 nor (for a thing of the organization) 404.
    In,
    SignIn,
    Forbidden,
    Missing,
}

pub fn expected(rule: Rule, who: Who) -> Verdict {
    match rule {
        Rule::Public => Verdict::In,
        Rule::SignedIn if who == Nobody => Verdict::SignIn,
        Rule::SignedIn => Verdict::In,
        Rule::Only { .. } if who == Nobody => Verdict::SignIn,
        Rule::Only { allowed, .. } if allowed.contains(&who) => Verdict::In,
        Rule::Only { foreign, .. } if foreign.contains(&who) => Verdict::Missing,
        Rule::Only { .. } => Verdict::Forbidden,
    }
}
