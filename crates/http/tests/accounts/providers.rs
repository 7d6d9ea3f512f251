//! Signing in by an account elsewhere; the issuer is one that signs, checks and forgets codes.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use gantry_access::{AccessSettings, Provider, Registration};
use gantry_billing::Edition;
use gantry_oidc::{AddressTrust, Oidc, OidcSettings};
use gantry_rules::plan::{PlanPrice, PlanTerms};
use gantry_rules::referral::{ReferralTerms, RewardedWhen};
use gantry_testkit::fakes::issuer::{CLIENT_ID, CLIENT_SECRET, FakeIssuer, Fault};
use gantry_testkit::{
    PASSWORD, TestApp, TestClient, TestClock, TestRequest, TestResponse, TestSettings, edition_of,
    generous_terms,
};
use gantry_types::{Credits, Currency, Money};
use serde_json::{Value, json};

use super::{remove, sign_in, take_token};

const BEGIN: &str = "/api/v1/auth/providers/test/begin";
const CALLBACK: &str = "/api/v1/auth/providers/test/callback";
const IDENTITIES: &str = "/api/v1/auth/identities";

/// A server with one issuer.
struct Scene {
    app: TestApp,
    issuer: FakeIssuer,
    /// The administrator.
    root: TestClient,
}

impl Scene {
    async fn set(access: AccessSettings) -> Result<Self> {
        Self::set_with(access, edition_of(generous_terms())).await
    }

    async fn set_with(access: AccessSettings, edition: Edition) -> Result<Self> {
        let clock = Arc::new(TestClock::default());
        let issuer = FakeIssuer::start(clock.clone()).await?;
        let settings = OidcSettings {
            issuer: issuer.url(),
            client_id: CLIENT_ID.to_owned(),
            client_secret: CLIENT_SECRET.to_owned(),
            redirect_uri: format!("http://127.0.0.1{CALLBACK}"),
            trust: AddressTrust::AsTold,
        };
        let port = Arc::new(Oidc::new(settings, clock)?);
        let provider = Provider { id: "test".parse()?, label: "Test & Co".to_owned(), port };
        let access = AccessSettings {
            administrator_factor: gantry_access::AdministratorFactor::Optional,
            ..access
        };
        let settings = TestSettings {
            providers: vec![provider],
            access,
            edition: Some(edition),
            ..TestSettings::default()
        };
        let (app, root) = TestApp::start(settings).await?;
        Ok(Self { app, issuer, root })
    }

    /// Sends a browser away; answers the issuer's page.
    async fn leave(&self, client: &mut TestClient) -> Result<String> {
        self.leave_by(client, &format!("{BEGIN}?next=/app/jobs")).await
    }

    async fn leave_by(&self, client: &mut TestClient, begin: &str) -> Result<String> {
        let begun = client.get(begin).await?;
        begun.require_status(303)?;
        Ok(begun.header("location").context("a location")?.to_owned())
    }

    /// The person agrees on a page, and the browser comes back.
    async fn come_back(
        &self,
        client: &mut TestClient,
        (page, person): (&str, &Value),
    ) -> Result<TestResponse> {
        let query = self.issuer.agree(page, person)?;
        client.get(&format!("{CALLBACK}?{query}")).await
    }

    async fn sign_in(&self, client: &mut TestClient, person: &Value) -> Result<TestResponse> {
        let page = self.leave(client).await?;
        self.come_back(client, (&page, person)).await
    }

    /// Somebody who has just signed in.
    async fn enter(&self, person: &Value) -> Result<TestClient> {
        let mut client = self.app.client();
        let answer = self.sign_in(&mut client, person).await?;
        answer.require_status(303)?;
        ensure!(answer.header("location") == Some("/app/jobs"));
        ensure!(client.cookie("gantry_ceremony").is_none(), "the ceremony's cookie was kept");
        client.fetch_csrf_token().await?;
        Ok(client)
    }

    /// Adds the person's account to the one of a client who is signed in.
    async fn link(&self, client: &mut TestClient, person: &Value) -> Result<TestResponse> {
        let body = json!({ "provider": "test", "password": PASSWORD });
        let begun = client.post(IDENTITIES, &body).await?;
        begun.require_status(200)?;
        let page = begun.json()?["url"].as_str().context("a page")?.to_owned();
        self.come_back(client, (&page, person)).await
    }
}

fn person(subject: &str, email: &str) -> Value {
    json!({ "sub": subject, "email": email, "email_verified": true, "name": "Ada Lovelace" })
}

async fn me(client: &mut TestClient) -> Result<Value> {
    client.get("/api/v1/auth/me").await?.json()
}

fn require_code(answer: &TestResponse, status: u16, code: &str) -> Result<()> {
    answer.require_status(status)?;
    let found = answer.json()?["code"].clone();
    ensure!(found == code, "{found}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_gets_an_account_and_comes_back_to_it() -> Result<()> {
    let scene = Scene::set(AccessSettings::default()).await?;
    let listed = scene.app.client().get("/api/v1/auth/providers").await?.json()?;
    assert_eq!(listed["items"], json!([{ "id": "test", "label": "Test & Co" }]));
    let page = scene.app.client().get("/sign-in").await?.text();
    assert!(page.contains("Sign in with Test &amp; Co"), "{page}");

    let ada = person("4711", "Ada@Example.org");
    let mut first = scene.enter(&ada).await?;
    let told = me(&mut first).await?;
    assert_eq!(told["user"]["email"], "ada@example.org");
    assert_eq!(told["user"]["name"], "Ada Lovelace");
    assert_eq!(told["user"]["email_verified"], true);
    assert_eq!(told["user"]["password"], false);
    // The same person, though the address elsewhere changed.
    let mut second = scene.enter(&person("4711", "countess@example.org")).await?;
    assert_eq!(me(&mut second).await?["user"]["id"], told["user"]["id"]);

    // Without a password none signs in, and the only way in stays.
    assert_eq!(sign_in(&scene.app, "ada@example.org", "").await?.0, 401);
    let identities = first.get(IDENTITIES).await?.json()?;
    let id = identities["items"][0]["id"].as_str().context("an id")?.to_owned();
    assert_eq!(identities["items"][0]["label"], "Test & Co");
    let path = format!("{IDENTITIES}/{id}");
    let refused = remove(&mut first, (&path, "")).await?;
    refused.require_status(400)?;
    let problem = refused.json()?;
    assert_eq!(problem["errors"][0]["pointer"], "/password");
    assert!(problem.to_string().contains("/forgot-password"), "{problem}");

    // A link of a mail sets one, and then the account elsewhere may go.
    first.post("/api/v1/auth/password/forgot", &json!({ "email": "ada@example.org" })).await?;
    let token = wait_for_token(&scene.app).await?;
    let reset = json!({ "token": token, "password": PASSWORD });
    first.post("/api/v1/auth/password/reset", &reset).await?.require_status(204)?;
    let (status, _, mut third) = sign_in(&scene.app, "ada@example.org", PASSWORD).await?;
    assert_eq!(status, 200);
    remove(&mut third, (&path, "a wrong password")).await?.require_status(400)?;
    remove(&mut third, (&path, PASSWORD)).await?.require_status(204)?;
    let mails = scene.app.take_mails().await?;
    assert!(mails.iter().any(|mail| mail.kind == "way_in_changed"), "{mails:?}");
    let again = scene.sign_in(&mut scene.app.client(), &ada).await?;
    require_code(&again, 409, "already_exists")
}

/// The link is sent after the answer.
async fn wait_for_token(app: &TestApp) -> Result<String> {
    for _ in 0..100 {
        match take_token(app, "reset_password").await {
            Ok(token) => return Ok(token),
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
    take_token(app, "reset_password").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_is_not_taken_over_by_its_address() -> Result<()> {
    let scene = Scene::set(AccessSettings::default()).await?;
    let mut grace = scene.app.register("grace@example.org").await?;
    let elsewhere = person("1", "grace@example.org");
    let mut client = scene.app.client();
    let refused = scene.sign_in(&mut client, &elsewhere).await?;
    require_code(&refused, 409, "already_exists")?;
    let next_step = refused.json()?["next_step"].clone();
    assert!(next_step.as_str().context("a next step")?.contains("add Test & Co"), "{next_step}");
    client.get("/api/v1/auth/me").await?.require_status(401)?;
    // An address that is not proven opens nothing, and tells nothing of who has an account.
    for email in ["grace@example.org", "nobody@example.org"] {
        let unproven = json!({ "sub": "2", "email": email, "email_verified": false });
        let refused = scene.sign_in(&mut scene.app.client(), &unproven).await?;
        require_code(&refused, 401, "not_vouched")?;
    }

    // Adding it needs the password; then it signs in.
    let wrong = json!({ "provider": "test", "password": "a wrong password" });
    grace.post(IDENTITIES, &wrong).await?.require_status(400)?;
    let linked = scene.link(&mut grace, &elsewhere).await?;
    linked.require_status(303)?;
    assert_eq!(linked.header("location"), Some("/app/account/security"));
    let mails = scene.app.take_mails().await?;
    let letter = mails.iter().find(|mail| mail.kind == "way_in_changed").context("a letter")?;
    assert_eq!(letter.mail.recipient, "grace@example.org");
    let mut entered = scene.enter(&elsewhere).await?;
    assert_eq!(me(&mut entered).await?["user"]["email"], "grace@example.org");
    // Twice is once, and to somebody else it cannot be added.
    scene.link(&mut grace, &elsewhere).await?.require_status(303)?;
    let mut eve = scene.app.register("eve@example.org").await?;
    let taken = scene.link(&mut eve, &elsewhere).await?;
    require_code(&taken, 409, "already_exists")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_browser_began_ends_there_and_once() -> Result<()> {
    let scene = Scene::set(AccessSettings::default()).await?;
    let ada = person("4711", "ada@example.org");
    let mut ours = scene.app.client();
    let page = scene.leave(&mut ours).await?;
    let query = scene.issuer.agree(&page, &ada)?;
    let callback = format!("{CALLBACK}?{query}");
    // An attacker's link, opened by somebody with and without a sign-in of their own under way.
    let mut other = scene.app.client();
    require_code(&other.get(&callback).await?, 410, "link_not_good")?;
    scene.leave(&mut other).await?;
    require_code(&other.get(&callback).await?, 410, "link_not_good")?;
    // Two come back at once: one of them is signed in.
    let (mut one, mut two) = (ours.clone(), ours.clone());
    let (first, second) = tokio::join!(one.get(&callback), two.get(&callback));
    let mut statuses = [first?.status, second?.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 410]);
    require_code(&ours.get(&callback).await?, 410, "link_not_good")?;

    // Too late; and a no.
    let page = scene.leave(&mut ours).await?;
    let query = scene.issuer.agree(&page, &ada)?;
    scene.app.clock.advance(Duration::from_secs(601));
    require_code(&ours.get(&format!("{CALLBACK}?{query}")).await?, 410, "link_not_good")?;
    let page = scene.leave(&mut ours).await?;
    let query = scene.issuer.agree(&page, &ada)?;
    let (_, state) = query.split_once("state=").context("a state")?;
    let denied = format!("{CALLBACK}?error=access_denied&state={state}");
    require_code(&ours.get(&denied).await?, 401, "not_vouched")?;
    // A person sees a page.
    let request = TestRequest::new("GET", &denied).header("accept", "text/html");
    let shown = ours.send(request).await?;
    shown.require_status(410)?;
    assert!(shown.text().contains("Begin again."), "{}", shown.text());
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lies_sign_nobody_in() -> Result<()> {
    let scene = Scene::set(AccessSettings::default()).await?;
    let ada = person("4711", "ada@example.org");
    for fault in [Fault::Nonce, Fault::Audience, Fault::Expired, Fault::Key, Fault::Unsigned] {
        scene.issuer.spoil(fault);
        let mut client = scene.app.client();
        let refused = scene.sign_in(&mut client, &ada).await?;
        require_code(&refused, 401, "not_vouched").with_context(|| format!("{fault:?}"))?;
        assert!(client.cookie("gantry_session").is_none());
    }
    scene.enter(&ada).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_first_sign_ins_make_one_account() -> Result<()> {
    let scene = Scene::set(AccessSettings::default()).await?;
    let ada = person("4711", "ada@example.org");
    let enter = || scene.enter(&ada);
    let (one, two, three) = tokio::join!(enter(), enter(), enter());
    let mut ids = Vec::new();
    for client in [one?, two?, three?] {
        let mut client = client;
        ids.push(me(&mut client).await?["user"]["id"].clone());
    }
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closed_registration_stays_closed_and_members_come_in() -> Result<()> {
    let access = AccessSettings { registration: Registration::Closed, ..AccessSettings::default() };
    let scene = Scene::set(access).await?;
    let stranger = person("1", "stranger@example.org");
    let refused = scene.sign_in(&mut scene.app.client(), &stranger).await?;
    require_code(&refused, 403, "forbidden")?;
    let (_, _, mut root) = sign_in(&scene.app, "root@example.org", PASSWORD).await?;
    scene.link(&mut root, &stranger).await?.require_status(303)?;
    scene.enter(&stranger).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_invited_comes_in_by_their_account_elsewhere() -> Result<()> {
    let access = AccessSettings { registration: Registration::Closed, ..AccessSettings::default() };
    let mut scene = Scene::set(access).await?;
    let invited = json!({ "email": "ada@example.org", "role": "viewer" });
    scene.root.post("/api/v1/invitations", &invited).await?.require_status(201)?;
    let token = take_token(&scene.app, "invitation").await?;
    let page = scene.app.client().get(&format!("/register?token={token}")).await?.text();
    let link = format!("{BEGIN}?next=&amp;token={token}");
    ensure!(page.contains(&link), "no way to the provider: {page}");

    let with = |token: &str| format!("{BEGIN}?next=/app/jobs&token={token}");
    let ada = person("1", "ada@example.org");
    for (token, person, (status, code)) in [
        (token.as_str(), person("2", "eve@example.org"), (403, "forbidden")),
        ("nonsense", ada.clone(), (410, "link_not_good")),
    ] {
        let mut client = scene.app.client();
        let page = scene.leave_by(&mut client, &with(token)).await?;
        require_code(&scene.come_back(&mut client, (&page, &person)).await?, status, code)?;
    }
    let mut client = scene.app.client();
    let page = scene.leave_by(&mut client, &with(&token)).await?;
    scene.come_back(&mut client, (&page, &ada)).await?.require_status(303)?;
    let found = me(&mut client).await?;
    assert_eq!(found["organization"]["role"], "viewer");
    assert_eq!(found["organizations"].as_array().context("a list")?.len(), 2);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_that_was_chosen_is_kept_on_the_way_through_a_provider() -> Result<()> {
    let month = Some(Money { minor: 900, currency: Currency::usd() });
    let terms =
        PlanTerms { price: PlanPrice { month, year: None, trial_days: 0 }, ..generous_terms() };
    let scene = Scene::set_with(AccessSettings::default(), edition_of(terms)).await?;
    let unknown = format!("{BEGIN}?plan=golden");
    require_code(&scene.app.client().get(&unknown).await?, 422, "invalid_parameters")?;
    let mut client = scene.app.client();
    let page = scene.leave_by(&mut client, &format!("{BEGIN}?plan=test&interval=month")).await?;
    let ada = person("1", "ada@example.org");
    scene.come_back(&mut client, (&page, &ada)).await?.require_status(303)?;
    let wish = json!({ "plan": "test", "interval": "month" });
    assert_eq!(me(&mut client).await?["chosen_plan"], wish);
    // Who has an account already chooses nothing by signing in.
    let mut again = scene.app.client();
    let page = scene.leave_by(&mut again, &format!("{BEGIN}?plan=test&interval=month")).await?;
    let dismiss = TestRequest::new("DELETE", "/api/v1/account/chosen-plan");
    client.fetch_csrf_token().await?;
    client.send(dismiss).await?.require_status(204)?;
    scene.come_back(&mut again, (&page, &ada)).await?.require_status(303)?;
    assert_eq!(me(&mut again).await?["chosen_plan"], Value::Null);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_referred_is_known_on_the_way_through_a_provider() -> Result<()> {
    let referrals = ReferralTerms {
        reward: Some(Credits::new(50)),
        welcome: Some(Credits::new(20)),
        when: RewardedWhen::Verified,
        most_per_month: 10,
        expires_after: None,
    };
    let edition = Edition { referrals: Some(referrals), ..edition_of(generous_terms()) };
    let mut scene = Scene::set_with(AccessSettings::default(), edition).await?;
    let made = scene.root.post("/api/v1/referrals", &json!({})).await?;
    made.require_status(200)?;
    let code = made.json()?["code"].as_str().context("a code")?.to_owned();
    let page = scene.app.client().get(&format!("/register?ref={code}")).await?.text();
    let link = format!("{BEGIN}?next=&amp;referral_code={code}");
    ensure!(page.contains(&link), "no way to the provider: {page}");

    let ada = person("1", "ada@example.org");
    let with = |code: &str| format!("{BEGIN}?referral_code={code}");
    let mut client = scene.app.client();
    let page = scene.leave_by(&mut client, &with("NOBODYS")).await?;
    let refused = scene.come_back(&mut client, (&page, &ada)).await?;
    require_code(&refused, 400, "invalid_request")?;
    assert_eq!(refused.json()?["errors"][0]["pointer"], "/referral_code");

    let page = scene.leave_by(&mut client, &with(&code.to_lowercase())).await?;
    scene.come_back(&mut client, (&page, &ada)).await?.require_status(303)?;
    let list = scene.root.get("/api/v1/referrals").await?.json()?;
    assert_eq!(list["items"][0]["who"], "a…@example.org", "{list}");
    // The provider vouches for the address, so that both sides are rewarded at once.
    assert_eq!(scene.app.billing.settle_referrals().await?, 1);
    let list = scene.root.get("/api/v1/referrals").await?.json()?;
    assert_eq!(list["items"][0]["state"], "rewarded", "{list}");
    Ok(())
}
