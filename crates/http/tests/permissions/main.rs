//! Who may do what, over every route of the API: a route without a row here fails the test.

mod audited;
mod stage;
mod table;
mod tenants;

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::Result;
use gantry_billing::{AdProvider, Edition, Rewards};
use gantry_rules::rewards::{RewardTerms, Velocity};
use gantry_testkit::{TestApp, TestSettings, edition_of, generous_terms};
use gantry_types::Credits;

use stage::set_stage;
use table::{ALL, Rule, TABLE, Verdict, Who, expected};

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_may_do_what_the_table_says_and_nothing_else() -> Result<()> {
    let edition = Edition { rewards: Some(rewards()), ..edition_of(generous_terms()) };
    let settings = TestSettings {
        worker: gantry_testkit::WithWorker::Yes,
        edition: Some(edition),
        ..Default::default()
    };
    let (app, administrator) = TestApp::start(settings).await?;
    let mut stage = set_stage(&app, administrator).await?;
    let mut wrong = Vec::new();
    for (method, path, rule) in TABLE {
        for who in ALL {
            let mut client = stage.clients[&who].clone();
            // Signing out, and leaving, would end the session for the rows that follow.
            let ends = ["/api/v1/auth/logout", "/api/v1/organizations/leave"];
            if ends.contains(path) && who != Who::Nobody {
                continue;
            }
            let request = stage.request(method, path).await?;
            let status = if *path == "/api/v1/events" {
                match client.stream(request.clone()).await {
                    Ok(_) => 200,
                    Err(_) => client.send(request).await?.status,
                }
            } else {
                client.send(request).await?.status
            };
            // What these look for need not be there.
            let is_own_lookup = path.starts_with("/api/v1/sessions/")
                || path.starts_with("/api/v1/api-keys/")
                || path.starts_with("/api/v1/auth/second-factor/")
                || path.starts_with("/api/v1/auth/providers/")
                || path.starts_with("/api/v1/auth/identities")
                || path.starts_with("/api/v1/auth/passkeys/")
                || path.starts_with("/api/v1/oauth/clients/")
                || path.starts_with("/api/v1/account/grants/")
                || path.starts_with("/api/v1/members/")
                || path.starts_with("/api/v1/invitations/")
                || *path == "/api/v1/account/export/content"
                || path.starts_with("/api/v1/account/invoices/")
                || path.starts_with("/api/v1/rewards/")
                || path.starts_with("/api/v1/admin/fraud/")
                || path.starts_with("/api/v1/admin/flags/")
                || path.starts_with("/api/v1/admin/users/")
                || path.starts_with("/api/v1/admin/accounts/")
                || path.starts_with("/api/v1/admin/payment-events/")
                || *path == "/api/v1/admin/jobs/{id}/cancel"
                || *path == "/api/v1/datasets/confirm"
                || *path == "/api/v1/account/mock-purchases"
                || *path == "/api/v1/organizations/switch"
                || path.starts_with("/api/v1/organizations/closing/")
                || *path == "/api/v1/admin/payments/refund";
            // These answer 401 to a proof that is none, whoever may bring one.
            let proves = [
                "/api/v1/auth/login",
                "/api/v1/auth/tokens/refresh",
                "/api/v1/auth/passkeys",
                "/api/v1/auth/passkeys/sign-in",
            ];
            let may_prove = who != Who::Nobody || matches!(rule, Rule::Public);
            let verdict = match status {
                401 if !(may_prove && proves.contains(path)) => Verdict::SignIn,
                403 => Verdict::Forbidden,
                404 if is_own_lookup => Verdict::In,
                404 => Verdict::Missing,
                500.. => panic!("{who:?} {method} {path}: {status}"),
                _ => Verdict::In,
            };
            let expected = expected(*rule, who);
            if verdict != expected {
                wrong.push(format!("{who:?} {method} {path}: {status}, expected {expected:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}
