//! Who may do what, over every route of the server: a route without a row here fails a test.

mod audited;
mod pages;
mod rules;
mod stage;
mod table;
mod tenants;
mod things;

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Result, ensure};
use gantry_access::{AccessSettings, LockOut};
use gantry_billing::{AdProvider, Edition, Package, Rewards};
use gantry_rules::rewards::{RewardTerms, Velocity};
use gantry_testkit::{
    TestApp, TestClient, TestRequest, TestSettings, WithWorker, edition_of, generous_terms,
};
use gantry_types::{Credits, Currency, Money};

use rules::{ALL, Rule, Verdict, Who, Whose, expected};
use stage::{request, set_stage};
use table::TABLE;
use things::Kind;

/// What is for sale.
pub const PACKAGE: &str = "credits-100";

/// Credits for ads, as often as anybody likes.
fn rewards() -> Rewards {
    let plenty = Velocity { per_hour: 1_000, per_day: 1_000 };
    Rewards {
        provider: AdProvider::Sandbox,
        units: Vec::new(),
        terms: RewardTerms {
            credits: Credits::new(1),
            expires_after: None,
            cooldown: Duration::ZERO,
            shortest_ad: Duration::ZERO,
            person: plenty,
            address: plenty,
            device: plenty,
        },
    }
}

#[test]
fn every_route_has_a_row() {
    let description = serde_json::to_value(gantry_http::openapi()).unwrap();
    let mut described = BTreeSet::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            described.insert((method.clone(), path.clone()));
        }
    }
    let rows: BTreeSet<_> =
        TABLE.iter().map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned())).collect();
    assert_eq!(described, rows, "add a row to TABLE for every route, and none without a route");
}

/// A server on which everything can be made, and no wrong password locks anybody out.
fn settings() -> TestSettings {
    let package = Package {
        slug: PACKAGE.to_owned(),
        title: "100 credits".to_owned(),
        credits: Credits::new(100),
        price: Money { minor: 500, currency: Currency::usd() },
        expires_after: None,
    };
    let edition = Edition {
        rewards: Some(rewards()),
        packages: vec![package],
        ..edition_of(generous_terms())
    };
    let patient = LockOut { free_attempts: 1_000_000, ..LockOut::default() };
    let settings = TestSettings::default();
    let access = AccessSettings {
        email_lock_out: patient,
        address_lock_out: patient,
        ..settings.access.clone()
    };
    TestSettings { worker: WithWorker::Yes, edition: Some(edition), access, ..settings }
}

/// Who asks a route for whose thing.
fn list_asks(path: &str) -> Vec<(Who, Whose)> {
    match Kind::of(path) {
        Some(kind) => kind.list_asks(),
        None => ALL.map(|who| (who, Whose::Own)).to_vec(),
    }
}

/// Whether a path looks for something that need not be there.
fn may_miss(path: &str) -> bool {
    let begins = [
        "/api/v1/auth/second-factor/",
        "/api/v1/auth/providers/",
        "/api/v1/rewards/callbacks/",
        "/api/v1/admin/fraud/",
        "/api/v1/admin/flags/",
        "/api/v1/admin/users/",
        "/api/v1/admin/accounts/",
        "/api/v1/admin/payment-events/",
    ];
    let whole = [
        "/api/v1/auth/identities",
        "/api/v1/account/export/content",
        "/api/v1/account/mock-purchases",
        "/api/v1/rewards/claims",
        "/api/v1/admin/jobs/{id}/cancel",
        "/api/v1/admin/payments/refund",
        "/api/v1/datasets/confirm",
        "/api/v1/organizations/switch",
    ];
    begins.iter().any(|begin| path.starts_with(begin)) || whole.contains(&path)
}

/// Whether a 401 may tell of a proof that is none, whoever brings it.
fn may_be_no_proof(path: &str, rule: Rule, who: Who) -> bool {
    let proves = [
        "/api/v1/auth/login",
        "/api/v1/auth/tokens/refresh",
        "/api/v1/auth/passkeys",
        "/api/v1/auth/passkeys/sign-in",
    ];
    proves.contains(&path) && (who != Who::Nobody || matches!(rule, Rule::Public))
}

async fn ask(client: &mut TestClient, path: &str, request: TestRequest) -> Result<u16> {
    if path == "/api/v1/events" && client.stream(request.clone()).await.is_ok() {
        return Ok(200);
    }
    Ok(client.send(request).await?.status)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_may_do_what_the_table_says_and_nothing_else() -> Result<()> {
    let (app, administrator) = TestApp::start(settings()).await?;
    let mut stage = set_stage(&app, administrator).await?;
    let mut wrong = Vec::new();
    for (method, path, rule) in TABLE {
        for (who, whose) in list_asks(path) {
            // Signing out, and leaving, would end the session for the rows that follow.
            let ends = ["/api/v1/auth/logout", "/api/v1/organizations/leave"];
            if ends.contains(path) && who != Who::Nobody {
                continue;
            }
            let thing = stage.thing_of(path, (who, whose)).await?;
            let mut client = stage.clients[&who].clone();
            let status = ask(&mut client, path, request(method, path, &thing)).await?;
            ensure!(status < 500, "{who:?} {method} {path} ({whose:?}): {status}");
            let verdict = match status {
                401 if !may_be_no_proof(path, *rule, who) => Verdict::SignIn,
                403 => Verdict::Forbidden,
                404 if !may_miss(path) => Verdict::Missing,
                _ => Verdict::In,
            };
            if verdict == Verdict::In {
                stage.note_use((*method, *path), (who, whose));
            }
            let expected = expected(*rule, (who, whose));
            if verdict != expected {
                let asked = format!("{who:?} {method} {path} ({whose:?})");
                wrong.push(format!("{asked}: {status}, expected {expected:?}"));
            }
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}
