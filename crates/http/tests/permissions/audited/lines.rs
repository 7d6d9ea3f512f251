//! Which line each request leaves: what it says was done, to what, and in whose log it stands.
//!
//! Invariants: every route that is walked and is no exception has a row; what an administrator does
//! is never in the log of the organization that they work in.

use std::collections::BTreeSet;

use gantry_ports::store::AuditEntry;

use super::Row;

/// What the subject of a line is.
#[derive(Debug, Clone, Copy)]
enum About {
    /// What the path names first.
    Thing,
    /// The person who asks.
    Asker,
    /// The organization that they work in.
    Home,
    /// Something that the request names elsewhere, or makes.
    Other,
}

/// In whose log a line stands.
#[derive(Debug, Clone, Copy)]
enum Place {
    /// In that of the organization that the asker works in.
    Own,
    /// In that of an organization, which need not be where the asker was.
    There,
    /// In the installation's alone.
    House,
    /// In the installation's, and in that of the organization that something is done to.
    Both,
}

type Line = (&'static str, &'static str, &'static [&'static str], About, Place);

/// A method, a path, what is done, to what, and in whose log it stands.
const LINES: &[Line] = &[
    ("post", "/api/v1/auth/setup", &["user.register"], About::Asker, Place::Own),
    ("post", "/api/v1/auth/register", &["user.register"], About::Asker, Place::Own),
    ("post", "/api/v1/auth/login", &["session.begin"], About::Other, Place::Own),
    ("post", "/api/v1/auth/second-factor", &["session.begin"], About::Other, Place::Own),
    ("post", "/api/v1/auth/logout", &["session.end"], About::Other, Place::Own),
    ("patch", "/api/v1/auth/me", &["user.change"], About::Asker, Place::Own),
    ("post", "/api/v1/auth/keep-account", &["user.keep"], About::Other, Place::House),
    ("post", "/api/v1/auth/verify-email", &["user.verify_email"], About::Other, Place::House),
    (
        "post",
        "/api/v1/auth/verify-email/resend",
        &["user.ask_verification"],
        About::Asker,
        Place::Own,
    ),
    ("post", "/api/v1/auth/password/forgot", &["user.ask_reset"], About::Other, Place::House),
    ("post", "/api/v1/auth/password/reset", &["user.reset_password"], About::Other, Place::House),
    ("post", "/api/v1/auth/password", &["user.change_password"], About::Asker, Place::Own),
    ("post", "/api/v1/auth/email", &["user.ask_email_change"], About::Asker, Place::Own),
    (
        "post",
        "/api/v1/auth/second-factor/setup",
        &["second_factor.begin"],
        About::Asker,
        Place::Own,
    ),
    (
        "post",
        "/api/v1/auth/second-factor/confirm",
        &["second_factor.turn_on"],
        About::Asker,
        Place::Own,
    ),
    (
        "post",
        "/api/v1/auth/second-factor/disable",
        &["second_factor.turn_off"],
        About::Asker,
        Place::Own,
    ),
    (
        "post",
        "/api/v1/auth/second-factor/recovery-codes",
        &["second_factor.renew_codes"],
        About::Asker,
        Place::Own,
    ),
    ("delete", "/api/v1/auth/identities/{id}", &["way_in.remove"], About::Asker, Place::Own),
    ("post", "/api/v1/auth/passkeys", &["way_in.add"], About::Asker, Place::Own),
    ("patch", "/api/v1/auth/passkeys/{id}", &["passkey.rename"], About::Thing, Place::Own),
    ("delete", "/api/v1/auth/passkeys/{id}", &["way_in.remove"], About::Asker, Place::Own),
    ("post", "/api/v1/auth/passkeys/sign-in", &["session.begin"], About::Other, Place::Own),
    ("post", "/api/v1/auth/tokens", &["tokens.issue"], About::Other, Place::Own),
    ("post", "/api/v1/auth/tokens/refresh", &["tokens.refresh"], About::Other, Place::Own),
    ("post", "/api/v1/auth/tokens/revoke", &["tokens.revoke"], About::Other, Place::Own),
    ("patch", "/api/v1/members/{id}", &["member.change_role"], About::Thing, Place::Own),
    ("delete", "/api/v1/members/{id}", &["member.remove"], About::Thing, Place::Own),
    ("post", "/api/v1/invitations", &["member.invite"], About::Other, Place::Own),
    (
        "delete",
        "/api/v1/invitations/{id}",
        &["member.withdraw_invitation"],
        About::Thing,
        Place::Own,
    ),
    ("post", "/api/v1/invitations/accept", &["member.join"], About::Asker, Place::There),
    ("post", "/api/v1/organizations", &["organization.create"], About::Other, Place::There),
    ("patch", "/api/v1/organizations", &["organization.rename"], About::Home, Place::Own),
    ("post", "/api/v1/organizations/switch", &["organization.switch"], About::Other, Place::There),
    ("post", "/api/v1/organizations/leave", &["member.leave"], About::Asker, Place::Own),
    ("post", "/api/v1/organizations/closing", &["organization.close"], About::Home, Place::Own),
    (
        "delete",
        "/api/v1/organizations/closing/{id}",
        &["organization.keep"],
        About::Thing,
        Place::There,
    ),
    (
        "put",
        "/api/v1/organizations/networks",
        &["organization.allow_networks"],
        About::Home,
        Place::Own,
    ),
    ("delete", "/api/v1/sessions/{id}", &["session.end"], About::Thing, Place::Own),
    ("post", "/api/v1/api-keys", &["api_key.issue"], About::Other, Place::Own),
    ("delete", "/api/v1/api-keys/{id}", &["api_key.revoke"], About::Thing, Place::Own),
    ("post", "/api/v1/api-keys/{id}/rotate", &["api_key.rotate"], About::Other, Place::Own),
    ("post", "/api/v1/oauth/clients", &["client.register"], About::Other, Place::Own),
    ("put", "/api/v1/oauth/clients/{id}", &["client.change"], About::Thing, Place::Own),
    ("delete", "/api/v1/oauth/clients/{id}", &["client.delete"], About::Thing, Place::Own),
    ("post", "/api/v1/oauth/clients/{id}/secret", &["client.rotate"], About::Thing, Place::Own),
    ("delete", "/api/v1/account/grants/{id}", &["client.withdraw"], About::Thing, Place::Own),
    ("delete", "/api/v1/account", &["user.leave"], About::Asker, Place::Own),
    ("post", "/api/v1/account/export", &["account.export"], About::Asker, Place::Own),
    ("delete", "/api/v1/account/chosen-plan", &["plan_choice.dismiss"], About::Home, Place::Own),
    (
        "put",
        "/api/v1/account/billing-details",
        &["billing_details.change"],
        About::Home,
        Place::Own,
    ),
    ("put", "/api/v1/account/time-zone", &["organization.set_time_zone"], About::Home, Place::Own),
    ("post", "/api/v1/account/checkouts", &["checkout.begin"], About::Other, Place::Own),
    ("post", "/api/v1/account/mock-purchases", &["checkout.begin"], About::Other, Place::Own),
    ("post", "/api/v1/account/subscription", &["subscription.cancel"], About::Other, Place::Own),
    ("post", "/api/v1/account/portal", &["portal.open"], About::Home, Place::Own),
    (
        "post",
        "/api/v1/payments/webhooks/{provider}",
        &["plan.change", "credits.buy"],
        About::Other,
        Place::There,
    ),
    (
        "post",
        "/api/v1/rewards/claims",
        &["reward.give", "reward.flag", "reward.block"],
        About::Other,
        Place::Own,
    ),
    ("post", "/api/v1/referrals", &["referral.code"], About::Home, Place::Own),
    ("post", "/api/v1/datasets/uploads", &["upload.begin"], About::Other, Place::Own),
    ("delete", "/api/v1/datasets/uploads/{id}", &["upload.cancel"], About::Thing, Place::Own),
    (
        "post",
        "/api/v1/datasets/uploads/{id}/complete",
        &["dataset.upload"],
        About::Other,
        Place::Own,
    ),
    ("post", "/api/v1/datasets/confirm", &["dataset.upload"], About::Other, Place::Own),
    ("post", "/api/v1/samples/{name}", &["dataset.upload"], About::Other, Place::Own),
    ("delete", "/api/v1/datasets/{id}", &["dataset.delete"], About::Thing, Place::Own),
    ("put", "/api/v1/datasets/{id}/access", &["access.change"], About::Thing, Place::Own),
    ("post", "/api/v1/jobs/{id}/cancel", &["job.cancel"], About::Thing, Place::Own),
    ("put", "/api/v1/jobs/{id}/access", &["access.change"], About::Thing, Place::Own),
    ("post", "/api/v1/schedules", &["schedule.create"], About::Other, Place::Own),
    ("put", "/api/v1/schedules/{id}", &["schedule.change"], About::Thing, Place::Own),
    ("delete", "/api/v1/schedules/{id}", &["schedule.delete"], About::Thing, Place::Own),
    ("post", "/api/v1/workflows", &["workflow.create"], About::Other, Place::Own),
    ("put", "/api/v1/workflows/{id}", &["workflow.change"], About::Thing, Place::Own),
    ("delete", "/api/v1/workflows/{id}", &["workflow.delete"], About::Thing, Place::Own),
    ("put", "/api/v1/workflows/{id}/access", &["access.change"], About::Thing, Place::Own),
    ("post", "/api/v1/workflows/{id}/duplicate", &["workflow.create"], About::Other, Place::Own),
    ("patch", "/api/v1/models/{id}", &["model.change"], About::Thing, Place::Own),
    ("delete", "/api/v1/models/{id}", &["model.delete"], About::Thing, Place::Own),
    ("put", "/api/v1/models/{id}/access", &["access.change"], About::Thing, Place::Own),
    ("post", "/api/v1/admin/session", &["admin_session.begin"], About::Other, Place::Own),
    ("delete", "/api/v1/admin/session", &["session.end"], About::Other, Place::Own),
    ("post", "/api/v1/admin/api-keys", &["api_key.issue"], About::Other, Place::Own),
    ("post", "/api/v1/admin/users/{id}/suspend", &["user.suspend"], About::Thing, Place::House),
    ("post", "/api/v1/admin/users/{id}/ban", &["user.ban"], About::Thing, Place::House),
    ("post", "/api/v1/admin/users/{id}/reinstate", &["user.reinstate"], About::Thing, Place::House),
    ("post", "/api/v1/admin/flags", &["flag.create"], About::Other, Place::House),
    ("put", "/api/v1/admin/flags/{key}", &["flag.change"], About::Thing, Place::House),
    ("delete", "/api/v1/admin/flags/{key}", &["flag.delete"], About::Thing, Place::House),
    ("post", "/api/v1/admin/jobs/{id}/cancel", &["job.stop"], About::Thing, Place::House),
    ("post", "/api/v1/admin/jobs/redrive", &["job.redrive_dead"], About::Other, Place::House),
    (
        "post",
        "/api/v1/admin/fraud/events/{id}/review",
        &["fraud_event.review"],
        About::Thing,
        Place::Both,
    ),
    ("post", "/api/v1/admin/fraud/blocks", &["fraud_block.add"], About::Other, Place::House),
    (
        "delete",
        "/api/v1/admin/fraud/blocks/{id}",
        &["fraud_block.remove"],
        About::Thing,
        Place::House,
    ),
    ("put", "/api/v1/admin/organizations/{id}/plan", &["plan.override"], About::Thing, Place::Both),
    ("post", "/api/v1/admin/organizations/{id}/trial", &["trial.move"], About::Thing, Place::Both),
    (
        "delete",
        "/api/v1/admin/organizations/{id}/plan",
        &["plan.release"],
        About::Thing,
        Place::Both,
    ),
    (
        "post",
        "/api/v1/admin/organizations/{id}/credits",
        &["credits.grant"],
        About::Thing,
        Place::Both,
    ),
    (
        "delete",
        "/api/v1/admin/organizations/{id}/networks",
        &["organization.lift_networks"],
        About::Thing,
        Place::Both,
    ),
    (
        "put",
        "/api/v1/admin/accounts/{id}/overrides",
        &["limit.override"],
        About::Thing,
        Place::Both,
    ),
    (
        "delete",
        "/api/v1/admin/accounts/{id}/overrides/{limit}",
        &["limit.restore"],
        About::Thing,
        Place::Both,
    ),
    ("post", "/api/v1/admin/payments/refund", &["payment.refund.ask"], About::Other, Place::Both),
    (
        "post",
        "/api/v1/admin/payments/reconcile",
        &["payments.reconcile"],
        About::Other,
        Place::House,
    ),
    (
        "post",
        "/api/v1/admin/payment-events/{id}/apply",
        &["payment_event.apply"],
        About::Thing,
        Place::House,
    ),
    (
        "post",
        "/api/v1/admin/payment-events/{id}/dismiss",
        &["payment_event.dismiss"],
        About::Thing,
        Place::House,
    ),
    ("post", "/api/v1/admin/sandbox/clock", &["sandbox.advance"], About::Other, Place::House),
];

/// Somebody, and where they work.
pub(super) struct Asker {
    pub(super) user: String,
    pub(super) organization: String,
}

/// What a request was about, and who asked.
pub(super) struct Asked {
    /// What the path names first.
    pub(super) thing: Option<String>,
    /// The asker before the request and after it; nobody where it is not known.
    pub(super) askers: Vec<Asker>,
}

impl Asked {
    fn names(&self, line: &AuditEntry) -> bool {
        let user = line.user_id.map(|id| id.to_string());
        self.askers.is_empty() || self.askers.iter().any(|asker| Some(&asker.user) == user.as_ref())
    }

    fn works_in(&self, line: &AuditEntry) -> bool {
        let place = line.organization_id.map(|id| id.to_string());
        self.askers.iter().any(|asker| Some(&asker.organization) == place.as_ref())
    }

    fn is_subject(&self, about: About, subject: &str) -> bool {
        let is = |kind: &str, id: &str| subject == format!("{kind} {id}");
        match about {
            About::Thing => {
                let id = subject.split_once(' ').map(|(_, id)| id);
                id.is_some() && id == self.thing.as_deref()
            }
            About::Asker => self.askers.iter().any(|asker| is("user", &asker.user)),
            About::Home => self.askers.iter().any(|asker| is("organization", &asker.organization)),
            About::Other => !subject.is_empty(),
        }
    }
}

/// The rows that have to be walked.
pub(super) fn list_rows() -> BTreeSet<Row> {
    LINES.iter().map(|(method, path, ..)| (*method, *path)).collect()
}

/// What is wrong with the lines that a request left.
pub(super) fn find_stray(row: Row, asked: &Asked, lines: &[AuditEntry]) -> Option<String> {
    let found = LINES.iter().find(|(method, path, ..)| (*method, *path) == row);
    let Some((_, _, actions, about, place)) = found else {
        return Some("nothing says which line it leaves: add a row to LINES".to_owned());
    };
    let told: Vec<&AuditEntry> = lines
        .iter()
        .filter(|line| actions.contains(&line.action.as_str()))
        .filter(|line| asked.is_subject(*about, &line.subject))
        .collect();
    if told.is_empty() {
        return Some(format!("no line says {actions:?} of what it was about ({about:?})"));
    }
    if !told.iter().all(|line| asked.names(line)) {
        return Some("a line names somebody else than who asked".to_owned());
    }
    let is_right = match place {
        Place::Own if asked.askers.is_empty() => are_somewhere(&told),
        Place::Own => told.iter().all(|line| asked.works_in(line)),
        Place::There => are_somewhere(&told),
        Place::House => {
            told.iter().all(|line| line.organization_id.is_none())
                && !lines.iter().any(|line| asked.works_in(line))
        }
        Place::Both => {
            let (house, there): (Vec<&AuditEntry>, Vec<&AuditEntry>) =
                told.iter().copied().partition(|line| line.organization_id.is_none());
            house.iter().any(|line| !line.ip.is_empty())
                && !there.is_empty()
                && there.iter().all(|line| is_for_tenants(line))
                && !lines.iter().any(|line| asked.works_in(line))
        }
    };
    (!is_right).then(|| format!("a line stands in another log than {place:?}"))
}

fn are_somewhere(told: &[&AuditEntry]) -> bool {
    told.iter().all(|line| line.organization_id.is_some())
}

/// Whether a line has neither why nor from where, and stands where its subject says.
fn is_for_tenants(line: &AuditEntry) -> bool {
    let place = line.organization_id.map(|id| format!("organization {id}"));
    let is_about_another =
        line.subject.starts_with("organization ") && Some(&line.subject) != place.as_ref();
    line.ip.is_empty() && line.details.get("why").is_none() && !is_about_another
}
