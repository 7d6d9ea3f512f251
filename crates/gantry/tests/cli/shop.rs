//! A server that sells plans and credits, and people who sign up there.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what a test stands on ends it when it fails"
)]

use std::time::Duration;

use serde_json::{Value, json};

use super::support::{EMAIL, PASSWORD, Place, Server, create_administrator};

const EDITION: &str = r#"slug = "shop"
title = "Shop"
tagline = "Plans, credits and seats."
currency = "USD"
default_plan = "free"

[referrals]
reward = 5
welcome = 3
when = "verified"
most_per_month = 10

[[plans]]
slug = "free"
title = "Free"
concurrent_jobs = 1
seats = 2
granted_credits = 30

[plans.meters]
jobs = { per_month = 10 }

[[plans]]
slug = "pro"
title = "Pro"
concurrent_jobs = 5
seats = 10

[plans.price]
month = "49.00"

[[packages]]
slug = "hundred"
title = "A hundred credits"
credits = 100
price = "9.50"
expires_days = 90
"#;

const CARD: &str = "card=4242%204242%204242%204242";
/// How often something is looked at that comes within seconds, and how long between.
const LOOKS: u32 = 100;
const PAUSE: Duration = Duration::from_millis(200);

/// A shop with its administrator, whose home is the place of the server.
pub fn open_shop() -> (Place, Server) {
    let mut place = Place::new();
    std::fs::write(place.path("shop.toml"), EDITION).unwrap();
    place.set("GANTRY__SERVER__EDITION", "shop.toml");
    place.set("GANTRY__AUTH__ADMINISTRATOR_FACTOR", "optional");
    create_administrator(&place).require(0);
    let server = Server::start(&place);
    log_in_for(&place, &server, EMAIL, "read,run,data,account,admin");
    (place, server)
}

/// A newcomer with a home of their own, whose key is for all that is theirs.
pub fn sign_up(server: &Server, email: &str) -> Place {
    let body = json!({ "email": email, "password": PASSWORD, "name": "Buyer" }).to_string();
    let status = server.post("/api/v1/auth/register", "application/json", &body);
    assert_eq!(status, 201, "{email} cannot register");
    let place = Place::new();
    log_in_for(&place, server, email, "read,run,data,account");
    place
}

fn log_in_for(place: &Place, server: &Server, email: &str, scopes: &str) {
    let words = ["login", "--server", &server.url, "--email", email, "--scopes", scopes];
    place.run_with_input(&words, PASSWORD).require(0);
}

/// Pays on the page that a command printed.
pub fn pay(server: &Server, printed: &str) {
    let page = printed.trim().strip_prefix("Pay here: ").unwrap_or_else(|| panic!("{printed}"));
    let path = page.strip_prefix(&server.url).unwrap_or_else(|| panic!("{page}"));
    server.post(path, "application/x-www-form-urlencoded", CARD);
}

/// Runs a command until its answer is as wanted; the messages of a payment take a moment.
pub fn wait_until(place: &Place, words: &[&str], wanted: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..LOOKS {
        let answer = place.run(words).require(0).json();
        if wanted(&answer) {
            return answer;
        }
        std::thread::sleep(PAUSE);
    }
    panic!("{words:?} never answered what was waited for");
}
