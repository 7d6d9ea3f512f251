//! How long a refused sign-in takes does not tell whether there is such an account, nor how its
//! password was hashed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use gantry_access::{Access, AccessError, AccessSettings, Client, Credentials, Registration};
use gantry_bus::LocalBus;
use gantry_ports::store::User;
use gantry_ports::{Bus, Clock};
use gantry_testkit::{TestApp, TestSettings, WithWorker, insert_account, new_user};
use gantry_types::{Credits, PlanId};

/// Bcrypt of cost 8, whose work is of the order of a hash of ours.
const BCRYPT: &str = "$2b$08$km6s4Pkao783CKoFpk3NFO12F1xfRidQxLM/l1opAE1Dp9kftJNjy";
/// Each at an account of its own, so that none is locked.
const ROUNDS: usize = 9;

/// Where somebody signs in.
#[derive(Debug, Clone, Copy)]
enum Door {
    Everybody,
    Administrators,
}

/// A class of accounts that must not be told apart from others.
struct Class {
    name: &'static str,
    door: Door,
    /// What is particular about them; nothing where there is no account.
    change: Option<fn(&mut User)>,
}

/// A hash of Argon2id of nobody's password.
fn argon2id(memory_kib: u32, passes: u32) -> String {
    let rest = "p=1$egolVEXy0dbxdyfunAOyRg$WymSoN0cjkns7Aq9KrRcFwdHTGSCiOy2JZdy8YyDDBM";
    format!("$argon2id$v=19$m={memory_kib},t={passes},{rest}")
}

fn list_classes() -> Vec<Class> {
    let class = |name, change| Class { name, door: Door::Everybody, change };
    let at_theirs = |name, change| Class { name, door: Door::Administrators, change };
    vec![
        class("no account", None),
        class("an account as usual", Some(|user| user.email_verified_at = Some(user.created_at))),
        class("an address that is not verified", Some(|user| user.email_verified_at = None)),
        class("no password", Some(|user| user.password_hash.clear())),
        class("bcrypt", Some(|user| BCRYPT.clone_into(&mut user.password_hash))),
        class("cheap Argon2id", Some(|user| user.password_hash = argon2id(1_024, 2))),
        class("dear Argon2id", Some(|user| user.password_hash = argon2id(16_384, 4))),
        at_theirs("no account, at the administrators' door", None),
        at_theirs("an administrator", Some(|user| user.administrator = true)),
        at_theirs("nobody who administers", Some(|user| user.administrator = false)),
        at_theirs(
            "an administrator with dear Argon2id",
            Some(|user| {
                user.administrator = true;
                user.password_hash = argon2id(16_384, 4);
            }),
        ),
    ]
}

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

fn address_of((class, round): (usize, usize)) -> String {
    format!("person-{class}-{round}@example.org")
}

/// An account with a hash of ours, but for what is particular about it.
async fn make(
    app: &TestApp,
    (email, plan_id): (&str, PlanId),
    change: fn(&mut User),
) -> Result<()> {
    let now = app.clock.now();
    let mut new = new_user(email, plan_id, now);
    let cost = AccessSettings::default().password_cost;
    new.user.password_hash = argon2id(cost.memory_kib, cost.iterations);
    change(&mut new.user);
    Ok(insert_account(app.store.as_ref(), new, Credits::ZERO, now).await?)
}

/// Guesses the password of an account, from an address of its own.
async fn guess(access: &Access, door: Door, (class, round): (usize, usize)) -> Result<Duration> {
    let email = address_of((class, round));
    let credentials = Credentials { email, password: "not the password".to_owned() };
    let client = Client { ip: format!("10.{class}.{round}.1"), ..Client::default() };
    let begun = Instant::now();
    let signed_in = match door {
        Door::Everybody => access.sign_in(credentials, &client).await,
        Door::Administrators => access.sign_in_administrator(credentials, "", &client).await,
    };
    let took = begun.elapsed();
    let refused = signed_in.err();
    ensure!(refused == Some(AccessError::WrongCredentials), "{door:?}: {refused:?}");
    Ok(took)
}

fn find_median(mut times: Vec<Duration>) -> Result<Duration> {
    times.sort_unstable();
    times.get(times.len() / 2).copied().context("nothing was measured")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_class_of_accounts_is_told_by_its_time() -> Result<()> {
    let settings = TestSettings { worker: WithWorker::No, ..TestSettings::default() };
    let (app, _) = TestApp::start(settings).await?;
    let access = open(&app)?;
    let plan = app.store.read().await?.accounts().find_plan_by_slug("test").await?;
    let plan = plan.context("a plan")?;
    let classes = list_classes();
    for (number, class) in classes.iter().enumerate() {
        for round in 0..ROUNDS {
            if let Some(change) = class.change {
                make(&app, (&address_of((number, round)), plan.id), change).await?;
            }
        }
    }
    // One of each after the other, so that a busy moment slows all of them.
    let mut times = vec![Vec::new(); classes.len()];
    for round in 0..ROUNDS {
        for (number, class) in classes.iter().enumerate() {
            times[number].push(guess(&access, class.door, (number, round)).await?);
        }
    }
    let medians = times.into_iter().map(find_median).collect::<Result<Vec<_>>>()?;
    let usual = medians.first().context("a class")?.as_secs_f64();
    for (class, median) in classes.iter().zip(&medians) {
        // Without the work of the dearest hash an account that has it would take twice as long.
        let ratio = median.as_secs_f64() / usual;
        assert!((0.6..1.6).contains(&ratio), "{}: {ratio:.2} of {medians:?}", class.name);
    }
    Ok(())
}
