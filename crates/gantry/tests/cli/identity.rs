//! Who people are to a server, from the command line: signing up, addresses, passwords, codes, places.

use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use serde_json::Value;
use totp_rs::{Builder, Secret};

use super::shop::{open_shop, sign_up};
use super::support::{PASSWORD, Place, Server};

const BUYER: &str = "buyer@example.org";
const FRIEND: &str = "friend@example.org";
const NEWCOMER: &str = "newcomer@example.org";
const NOBODY: &str = "0190d5a2-7b1c-7c3e-9d2f-5a6b7c8d9e0f";
const OTHER_PASSWORD: &str = "eleven-cranes-beneath-winter-sky";
/// How often the folder of mails is looked at, and how long between.
const LOOKS: u32 = 100;
const PAUSE: Duration = Duration::from_millis(200);

/// The link to a page that somebody was sent last.
fn mailed_link(operator: &Place, recipient: &str, page: &str) -> Option<String> {
    for _ in 0..LOOKS {
        if let Some(link) = find_link(&operator.path("data/mail"), recipient, page) {
            return Some(link);
        }
        std::thread::sleep(PAUSE);
    }
    None
}

fn find_link(folder: &Path, recipient: &str, page: &str) -> Option<String> {
    let files = std::fs::read_dir(folder).ok()?.filter_map(|file| Some(file.ok()?.path()));
    let mut mails: Vec<PathBuf> =
        files.filter(|file| file.extension().is_some_and(|ending| ending == "eml")).collect();
    mails.sort();
    let mark = format!("/{page}?token=");
    mails.iter().rev().find_map(|file| {
        let mut text = std::fs::read_to_string(file).ok()?;
        if text.contains("quoted-printable") {
            text = text.replace("=\r\n", "").replace("=3D", "=");
        }
        let (_, rest) = text.split_once(mark.as_str())?;
        let ends = |c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_');
        let token = rest.split(ends).next()?;
        let is_theirs = text.contains(&format!("To: {recipient}"));
        is_theirs.then(|| format!("https://gantry.example{mark}{token}"))
    })
}

/// What an authenticator app shows now.
fn code_of(secret: &str) -> Option<String> {
    let secret = Secret::try_from_base32(secret).ok()?;
    let app = Builder::new().with_secret(secret).build().ok()?;
    Some(app.generate(UNIX_EPOCH.elapsed().ok()?.as_secs()).to_string())
}

fn codes_of(made: &Value) -> Vec<String> {
    let codes = made["codes"].as_array().into_iter().flatten();
    codes.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn log_in_by(place: &Place, server: &Server, password: &str) -> Option<i32> {
    let words = ["login", "--server", &server.url, "--email", BUYER];
    place.run_with_input(&words, password).code
}

#[test]
fn a_newcomer_signs_up_and_proves_the_address() {
    let (operator, server) = open_shop();
    let newcomer = Place::new();
    let words = ["account", "sign-up", "--server", &server.url, "--email", NEWCOMER];
    newcomer.run_with_input(&words, "password").require(2);
    newcomer.run(&["account"]).require(3);
    let told = newcomer.run_with_input(&words, PASSWORD).require(0);
    assert!(
        told.stdout.contains(&format!("Signed up at {} as {NEWCOMER}", server.url)),
        "{told:?}"
    );
    assert!(told.stderr.contains("gantry account verify"), "{told:?}");
    assert_eq!(newcomer.ask(&["account"])["plan"]["slug"], "free");
    newcomer.run(&["plans", "forget"]).require(3);

    let user = |name: &str| newcomer.ask(&["organizations", "list"])["user"][name].clone();
    assert_eq!((user("name"), user("email_verified")), ("newcomer".into(), false.into()));
    let link = mailed_link(&operator, NEWCOMER, "verify-email").unwrap();
    newcomer.run_with_input(&["account", "verify"], &link).require(0);
    assert_eq!(user("email_verified"), true);
    newcomer.run_with_input(&["account", "verify"], &link).require(3);
    Place::new().run(&["account", "verify", "--resend", "--server", &server.url]).require(3);

    newcomer.run(&["account", "profile"]).require(2);
    let profile = ["account", "profile", "--name", "New Comer", "--language", "de"];
    let changed = newcomer.run_with_input(&profile, PASSWORD).require(0).stdout;
    assert!(changed.contains("New Comer") && changed.contains("language  de"), "{changed}");

    let email = ["account", "email", FRIEND];
    newcomer.run_with_input(&email, OTHER_PASSWORD).require(3);
    newcomer.run_with_input(&email, PASSWORD).require(0);
    assert_eq!(user("email"), NEWCOMER);
    let link = mailed_link(&operator, FRIEND, "verify-email").unwrap();
    newcomer.run_with_input(&["account", "verify"], &link).require(0);
    assert_eq!(user("email"), FRIEND);
}

#[test]
fn a_password_is_forgotten_set_anew_and_changed() {
    let (operator, server) = open_shop();
    let buyer = sign_up(&server, BUYER);
    buyer.run(&["account", "password", "forgot", "nobody@example.org"]).require(0);
    buyer.run(&["account", "password", "forgot", BUYER]).require(0);
    let link = mailed_link(&operator, BUYER, "reset-password").unwrap();
    let reset = ["account", "password", "reset"];
    buyer.run_with_input(&reset, &format!("{link}\n{OTHER_PASSWORD}\n")).require(0);
    buyer.run_with_input(&reset, &format!("{link}\n{OTHER_PASSWORD}\n")).require(3);
    assert_eq!(log_in_by(&buyer, &server, PASSWORD), Some(3));
    assert_eq!(log_in_by(&buyer, &server, OTHER_PASSWORD), Some(0));

    let change = ["account", "password", "change"];
    buyer.run_with_input(&change, &format!("{OTHER_PASSWORD}\npassword\n")).require(2);
    buyer.run_with_input(&change, &format!("{OTHER_PASSWORD}\n{PASSWORD}\n")).require(0);
    assert_eq!(log_in_by(&buyer, &server, PASSWORD), Some(0));
}

#[test]
fn signing_in_needs_a_code_until_that_is_turned_off() {
    let (_operator, server) = open_shop();
    let buyer = sign_up(&server, BUYER);
    let factor = |verb: &str, lines: &[&str]| {
        let words = ["account", "second-factor", verb, "--json"];
        buyer.run_with_input(&words, &lines.join("\n"))
    };
    let shown = || buyer.ask(&["account", "second-factor", "show"]);
    assert_eq!(shown()["enabled"], false);
    let begun = factor("set-up", &[PASSWORD]).require(0).json();
    let secret = begun["secret"].as_str().unwrap();
    assert!(begun["uri"].as_str().unwrap().contains(secret), "{begun}");
    factor("confirm", &[PASSWORD, "000000"]).require(3);
    let code = code_of(secret).unwrap();
    let codes = codes_of(&factor("confirm", &[PASSWORD, &code]).require(0).json());
    assert_eq!(codes.len(), 10, "{codes:?}");
    assert_eq!((&shown()["enabled"], &shown()["recovery_codes"]), (&true.into(), &10.into()));

    // Who signs in now is asked for a code, and each recovery code is good once.
    let renewed = factor("recovery-codes", &[PASSWORD, &codes[0]]).require(0).json();
    let renewed = codes_of(&renewed);
    assert!(renewed.len() == 10 && !renewed.contains(&codes[1]), "{renewed:?}");
    factor("turn-off", &[PASSWORD, &codes[1]]).require(3);
    factor("turn-off", &[PASSWORD, &renewed[0]]).require(0);
    assert_eq!(shown()["enabled"], false);
    assert_eq!(log_in_by(&buyer, &server, PASSWORD), Some(0));
}

#[test]
fn who_is_invited_joins_and_leaves() {
    let (operator, server) = open_shop();
    let (buyer, friend) = (sign_up(&server, BUYER), sign_up(&server, FRIEND));
    buyer.run(&["members", "invite", FRIEND]).require(0);
    let link = mailed_link(&operator, FRIEND, "invitation").unwrap();
    let join = ["organizations", "join", "--json"];
    let joined = friend.run_with_input(&join, &format!("{PASSWORD}\n{link}\n")).require(0).json();
    let place = buyer.ask(&["account"])["organization_id"].clone();
    assert_eq!(joined["organization"]["id"], place);
    let place = place.as_str().unwrap();
    let members = || buyer.ask(&["members", "list"])["members"].as_array().map(Vec::len);
    assert_eq!(members(), Some(2));

    friend.run_with_input(&["organizations", "use", place], PASSWORD).require(0);
    assert_eq!(friend.ask(&["account"])["organization_id"], place);
    friend.run(&["organizations", "leave", "--api-key", "gk_other"]).require(2);
    friend.run_with_input(&["organizations", "leave"], PASSWORD).require(0);
    assert_ne!(friend.ask(&["account"])["organization_id"], place);
    assert_eq!(members(), Some(1));
}

#[test]
fn an_organization_has_networks_and_a_time_zone() {
    let (_operator, server) = open_shop();
    let buyer = sign_up(&server, BUYER);
    let networks =
        |words: &[&str]| buyer.run(&[&["organizations", "networks"][..], words].concat());
    assert_eq!(networks(&["show"]).require(0).stdout, "From anywhere.\n");
    let shut_out = networks(&["set", "192.0.2.0/24"]).require(2);
    assert!(shut_out.stderr.contains("127.0.0.1"), "{shut_out:?}");
    networks(&["set"]).require(2);
    let set = networks(&["set", "192.0.2.0/24", "127.0.0.0/8"]).require(0).stdout;
    assert!(set.contains("192.0.2.0/24\n") && set.contains("127.0.0.0/8\n"), "{set}");
    assert_eq!(networks(&["set", "--anywhere"]).require(0).stdout, "From anywhere.\n");

    let zone = ["account", "time-zone"];
    buyer.run(&[&zone[..], &["Middle/Earth"]].concat()).require(2);
    buyer.run(&[&zone[..], &["Europe/Berlin"]].concat()).require(0);
    assert_eq!(buyer.run(&zone).require(0).stdout, "Europe/Berlin\n");
}

#[test]
fn programs_are_registered_changed_and_removed() {
    let (_operator, server) = open_shop();
    let buyer = sign_up(&server, BUYER);
    let clients = |words: &[&str]| buyer.run(&[&["oauth-clients"][..], words].concat());
    let back = "https://reports.example/callback";
    let create = ["oauth-clients", "create", "Reports", "--scopes", "read,run", "--redirect-uri"];
    let made = buyer.ask(&[&create[..], &[back]].concat());
    let (id, secret) = (made["id"].as_str().unwrap(), made["secret"].as_str().unwrap());
    let listed = clients(&["list"]).require(0).stdout;
    assert!(listed.contains("Reports") && listed.contains(back), "{listed}");
    assert!(!listed.contains(secret), "a secret is shown again: {listed}");
    let rotated = buyer.ask(&["oauth-clients", "rotate", id]);
    assert!(rotated["secret"].is_string() && rotated["secret"] != secret, "the secret stays");
    // What is not given stays.
    let changed = buyer.ask(&["oauth-clients", "change", id, "--name", "Sums"]);
    assert_eq!((&changed["name"], &changed["redirect_uris"][0]), (&"Sums".into(), &back.into()));
    assert_eq!(changed["scopes"], made["scopes"]);
    clients(&["change", NOBODY, "--name", "Sums"]).require(4);
    clients(&["remove", id]).require(0);
    clients(&["remove", id]).require(4);
    assert_eq!(clients(&["list"]).require(0).stdout, "There are no clients.\n");

    for (what, none) in [
        ("grants", "You let no program act for you.\n"),
        ("identities", "No account elsewhere signs you in.\n"),
        ("passkeys", "There are no passkeys.\n"),
    ] {
        assert_eq!(buyer.run(&["account", what, "list"]).require(0).stdout, none);
    }
    for words in [["identities", "unlink"], ["passkeys", "remove"]] {
        let words = [&["account"][..], &words, &[NOBODY]].concat();
        buyer.run_with_input(&words, PASSWORD).require(4);
    }
}

#[test]
fn who_is_brought_is_listed_without_their_address() {
    let (operator, server) = open_shop();
    let buyer = sign_up(&server, BUYER);
    let none = operator.run(&["admin", "referrals"]).require(0).stdout;
    assert_eq!(none, "Nobody brought anybody.\n");
    let made = buyer.ask(&["referrals", "code"]);
    let code = made["code"].as_str().unwrap();
    let newcomer = Place::new();
    let words = ["account", "sign-up", "--server", &server.url, "--email", NEWCOMER];
    newcomer.run_with_input(&[&words[..], &["--referral", code]].concat(), PASSWORD).require(0);
    let listed = buyer.run(&["referrals", "list"]).require(0).stdout;
    assert!(listed.contains(code) && listed.contains("waiting"), "{listed}");
    assert!(!listed.contains(NEWCOMER), "{listed}");
    let all = operator.run(&["admin", "referrals"]).require(0).stdout;
    assert!(all.contains("waiting"), "{all}");
}
