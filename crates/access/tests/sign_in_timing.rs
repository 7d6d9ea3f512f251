//! How long a refused sign-in takes does not tell whether there is such an account.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use gantry_access::{
    Access, AccessError, AccessSettings, Client, Credentials, ImportedPerson, Known, Registrant,
    Registration,
};
use gantry_bus::LocalBus;
use gantry_ports::{Bus, Clock};
use gantry_testkit::{PASSWORD, TestApp, TestSettings, WithWorker};

const KNOWN: &str = "ada@example.org";
/// Somebody whose password was hashed elsewhere.
const IMPORTED: &str = "eve@example.org";
/// Bcrypt of cost 8, whose work is of the order of a hash of ours.
const BCRYPT: &str = "$2b$08$km6s4Pkao783CKoFpk3NFO12F1xfRidQxLM/l1opAE1Dp9kftJNjy";
/// Fewer than lock an account.
const ROUNDS: usize = 4;

/// The identity of the installation, with passwords that cost what they cost in earnest.
fn open(app: &TestApp) -> Result<Access> {
    let settings = AccessSettings {
        default_plan: "test".to_owned(),
        registration: Registration::Open,
        ..AccessSettings::default()
    };
    let clock: Arc<dyn Clock> = app.clock.clone();
    let bus: Arc<dyn Bus> = Arc::new(LocalBus::new());
    let flags = app.access.flags().clone();
    Ok(Access::new((app.store.clone(), clock), bus, settings, flags)?)
}

/// Guesses the password of an account, from an address of its own.
async fn guess(access: &Access, email: &str, ip: String) -> Result<Duration> {
    let password = "not the password".to_owned();
    let credentials = Credentials { email: email.to_owned(), password };
    let client = Client { ip, ..Client::default() };
    let begun = Instant::now();
    let refused = access.sign_in(credentials, &client).await.err();
    let took = begun.elapsed();
    ensure!(refused == Some(AccessError::WrongCredentials), "{email}: {refused:?}");
    Ok(took)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_without_an_account_takes_as_long() -> Result<()> {
    let settings = TestSettings { worker: WithWorker::No, ..TestSettings::default() };
    let (app, _) = TestApp::start(settings).await?;
    let access = open(&app)?;
    let credentials = Credentials { email: KNOWN.to_owned(), password: PASSWORD.to_owned() };
    let ada = Registrant {
        credentials,
        name: "Ada".to_owned(),
        invitation: None,
        referral_code: None,
        plan: None,
    };
    access.register_user(ada, &Client::default()).await?;
    // The shortest of each counts: a busy machine only adds.
    let (mut known, mut unknown) = (Duration::MAX, Duration::MAX);
    for round in 0..ROUNDS {
        known = known.min(guess(&access, KNOWN, format!("192.0.2.{round}")).await?);
        let nobody = format!("nobody{round}@example.org");
        unknown = unknown.min(guess(&access, &nobody, format!("198.51.100.{round}")).await?);
    }
    // Without the work of a hash it would be a small part.
    let ratio = unknown.as_secs_f64() / known.as_secs_f64();
    assert!((0.33..3.0).contains(&ratio), "{unknown:?} without an account, {known:?} with one");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_that_was_hashed_elsewhere_takes_as_long() -> Result<()> {
    let settings = TestSettings { worker: WithWorker::No, ..TestSettings::default() };
    let (app, _) = TestApp::start(settings).await?;
    let access = open(&app)?;
    let eve = ImportedPerson {
        line: 2,
        email: IMPORTED.to_owned(),
        name: "Eve".to_owned(),
        password_hash: BCRYPT.to_owned(),
        verified: true,
    };
    access.import_people(&[eve], Known::Refuse).await?;
    let (mut known, mut unknown) = (Duration::MAX, Duration::MAX);
    for round in 0..ROUNDS {
        known = known.min(guess(&access, IMPORTED, format!("192.0.2.{round}")).await?);
        let nobody = format!("nobody{round}@example.org");
        unknown = unknown.min(guess(&access, &nobody, format!("198.51.100.{round}")).await?);
    }
    let ratio = unknown.as_secs_f64() / known.as_secs_f64();
    assert!((0.33..3.0).contains(&ratio), "{unknown:?} without an account, {known:?} with one");
    Ok(())
}
