//! What people do with their account from the command line.

use serde_json::Value;

use super::shop::{open_shop, pay, sign_up, wait_until};
use super::support::{PASSWORD, Place};

const BUYER: &str = "buyer@example.org";
const NOBODY: &str = "0190d5a2-7b1c-7c3e-9d2f-5a6b7c8d9e0f";

/// What a command prints for people, with an identifier masked.
fn shown(place: &Place, words: &[&str], id: &str) -> String {
    let text = place.run(words).require(0).stdout;
    text.trim_end().replace(id, &"#".repeat(id.len()))
}

fn id_of(answer: &Value) -> String {
    answer["id"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn keys_are_made_rotated_and_revoked() {
    let (_operator, server) = open_shop();
    let buyer = sign_up(&server, BUYER);
    let made = buyer.ask(&["keys", "create", "nightly", "--scopes", "read,run"]);
    assert!(made["key"].as_str().unwrap().starts_with("gk_"), "{made}");
    let listed = buyer.run(&["keys", "list"]).require(0).stdout;
    assert!(listed.contains("nightly") && listed.contains("read, run"), "{listed}");
    assert!(!listed.contains(made["key"].as_str().unwrap()), "a secret is shown again: {listed}");

    // The key that the command itself uses is replaced in its place.
    let keys = buyer.ask(&["keys", "list"]);
    let own = keys["items"].as_array().unwrap().iter().find(|key| key["name"] == "gantry login");
    let rotated = buyer.ask(&["keys", "rotate", &id_of(own.unwrap())]);
    let kept = std::fs::read_to_string(buyer.path(".config/gantry/credentials.toml")).unwrap();
    assert!(kept.contains(rotated["key"].as_str().unwrap()), "the old key is kept");
    buyer.run(&["account"]).require(0);
    buyer.run(&["keys", "revoke", &id_of(&made)]).require(0);
    buyer.run(&["keys", "revoke", &id_of(&made)]).require(4);

    buyer.run(&["keys", "create", "wrong", "--scopes", "reed"]).require(2);
    let strong = buyer.run(&["keys", "create", "strong", "--scopes", "admin"]).require(3);
    assert!(strong.stderr.contains("next: "), "{strong:?}");
}

#[test]
fn an_account_its_use_and_its_ledger_are_shown() {
    let (_operator, server) = open_shop();
    let buyer = sign_up(&server, BUYER);
    let account = buyer.ask(&["account"]);
    assert_eq!(account["plan"]["slug"], "free");
    let organization = account["organization_id"].as_str().unwrap();
    let text = shown(&buyer, &["account", "show"], organization);
    assert!(
        text.starts_with(
            "organization  ####################################\n\
             plan          Free\n\
             its name      free\n\
             version       1\n\
             credits       30\n\
             held by jobs  0\n\
             jobs running  0\n\
             jobs queued   0\n\
             seats         2\n\
             \n\
             use\n\
             meter  used  reserved  limit  starts again\n\
             jobs      0         0     10  2"
        ),
        "{text}"
    );
    assert!(!text.contains("beyond the plan"), "{text}");

    let used = buyer.run(&["account", "usage"]).require(0).stdout;
    assert!(used.starts_with("Nothing was used from "), "{used}");
    buyer.run(&["account", "usage", "--from", "yesterday"]).require(2);
    let lots = buyer.ask(&["account", "lots"]);
    assert_eq!((&lots["items"][0]["left"], &lots["items"][1]), (&30.into(), &().into()));

    let ledger = buyer.ask(&["account", "ledger"]);
    let lines = ledger["items"].as_array().unwrap();
    assert!(!lines.is_empty(), "the welcome is in no ledger");
    let text = buyer.run(&["account", "ledger"]).require(0).stdout;
    assert_eq!(text.lines().count(), 1 + lines.len(), "{text}");
    let none = buyer.run(&["account", "ledger", "--reason", "penalty"]).require(0).stdout;
    assert_eq!(none, "There are no lines in the ledger.\n");
    buyer.run(&["account", "ledger", "--csv", "ledger.csv"]).require(0);
    let csv = std::fs::read_to_string(buyer.path("ledger.csv")).unwrap();
    assert!(csv.starts_with("at,reason,account,amount,job_id,lot_id\r\n"), "{csv}");
    assert_eq!(csv.lines().count(), 1 + lines.len(), "{csv}");
    let backwards = ["--from", "2027-02-01T00:00:00Z", "--to", "2027-01-01T00:00:00Z"];
    buyer.run(&[&["account", "ledger"][..], &backwards].concat()).require(2);
    buyer.run(&["account", "ledger", "--csv", "none/ledger.csv"]).require(4);
}

#[test]
fn plans_and_credits_are_bought_changed_and_cancelled() {
    let (_operator, server) = open_shop();
    let buyer = sign_up(&server, BUYER);
    assert_eq!(
        shown(&buyer, &["plans"], "no id"),
        "plan  title      month  year  trial days  jobs at once  seats  on request\n\
         free  Free           –     –           0             1      2  no\n\
         pro   Pro    49.00 USD     –           0             5     10  no"
    );
    assert_eq!(
        shown(&buyer, &["credits", "packages"], "no id"),
        "package  title              credits     price  days until they expire\n\
         hundred  A hundred credits      100  9.50 USD                      90"
    );
    // What is sold is told to everybody.
    let stranger = Place::new();
    stranger.run(&["plans", "list", "--server", &server.url]).require(0);
    stranger.run(&["billing", "payments", "--server", &server.url]).require(3);
    let none = buyer.run(&["billing", "subscription"]).require(0).stdout;
    assert_eq!(none, "There never was a subscription.\n");
    buyer.run(&["plans", "cancel"]).require(1);
    buyer.run(&["plans", "change", "gold"]).require(4);
    buyer.run(&["plans", "change", "pro", "--interval", "week"]).require(2);

    pay(&server, &buyer.run(&["plans", "change", "pro"]).require(0).stdout);
    wait_until(&buyer, &["billing", "subscription", "--json"], |found| {
        found["subscription"]["status"] == "active"
    });
    wait_until(&buyer, &["account", "--json"], |account| account["plan"]["slug"] == "pro");
    // Whoever pays for a plan already changes at once, here to where they are.
    let same = buyer.run(&["plans", "change", "pro"]).require(1);
    assert!(same.stderr.contains("already"), "{same:?}");
    assert_eq!(buyer.ask(&["plans", "cancel"])["cancels_at_period_end"], true);
    let resumed = buyer.run(&["plans", "resume"]).require(0).stdout;
    assert!(resumed.contains("ends then    no"), "{resumed}");

    pay(&server, &buyer.run(&["credits", "buy", "hundred"]).require(0).stdout);
    wait_until(&buyer, &["account", "--json"], |account| account["credits"]["available"] == 130);
    let lots = buyer.run(&["account", "lots"]).require(0).stdout;
    assert!(lots.contains("paid") && lots.contains("promotional"), "{lots}");
    let paid = buyer.run(&["billing", "payments"]).require(0).stdout;
    assert!(paid.contains("49.00 USD") && paid.contains("9.50 USD"), "{paid}");
    // The sandbox writes no invoices, so that they are ours, and has no page of its own.
    let invoices = buyer.run(&["invoices"]).require(0).stdout;
    let lines: Vec<&str> = invoices.lines().skip(1).collect();
    assert!(lines.len() == 2 && lines[1].contains("49.00 USD  paid"), "{invoices}");
    let page = format!("{}/api/v1/account/invoices/INV-", server.url);
    assert!(lines.iter().all(|line| line.contains(&page)), "{invoices}");
    invoices_are_kept_as_files(&buyer);
    buyer.run(&["billing", "portal"]).require(1);
}

/// In the folder under their number, or where they are wanted; one that is nobody's leaves nothing.
fn invoices_are_kept_as_files(buyer: &Place) {
    let listed = buyer.ask(&["invoices", "list"]);
    let number = listed["items"][0]["number"].as_str().unwrap_or_default();
    let read = |name: &str| std::fs::read(buyer.path(name)).unwrap_or_default();
    let told = buyer.run(&["invoices", "save", number]).require(0).stdout;
    let name = format!("{number}.pdf");
    assert!(told.starts_with(&format!("{name}  ")), "{told}");
    let file = read(&name);
    assert!(file.starts_with(b"%PDF-") && file.ends_with(b"%%EOF"), "{} bytes", file.len());
    let kept = buyer.ask(&["invoices", "save", number, "--out", "kept.pdf"]);
    assert_eq!(kept["bytes"], file.len());
    assert!(read("kept.pdf") == file, "another file");
    buyer.run(&["invoices", "save", "INV-1-1"]).require(4);
    assert!(!buyer.path("INV-1-1.pdf").exists());
}

#[test]
fn members_organizations_and_the_log_of_what_they_did() {
    let (_operator, server) = open_shop();
    let buyer = sign_up(&server, BUYER);
    let roster = buyer.ask(&["members", "list"]);
    let own = roster["members"][0]["user_id"].as_str().unwrap();
    assert_eq!(
        shown(&buyer, &["members", "list"], own),
        "member                                name   address            role\n\
         ####################################  Buyer  buyer@example.org  owner\n\
         \n\
         1 of 2 seats are taken"
    );
    let invited = buyer.ask(&["members", "invite", "friend@example.org", "--role", "viewer"]);
    let listed = buyer.run(&["members", "invitations"]).require(0).stdout;
    assert!(listed.contains("friend@example.org  viewer"), "{listed}");
    let full = buyer.run(&["members", "invite", "third@example.org"]).require(5);
    assert!(full.stderr.contains("next: "), "{full:?}");
    buyer.run(&["members", "withdraw", &id_of(&invited)]).require(0);
    buyer.run(&["members", "role", NOBODY, "admin"]).require(4);
    buyer.run(&["members", "role", own, "viewer"]).require(1);
    buyer.run(&["members", "role", own, "king"]).require(2);
    buyer.run(&["members", "remove", NOBODY]).require(4);

    let made = buyer
        .run_with_input(&["organizations", "create", "Team", "--json"], PASSWORD)
        .require(0)
        .json();
    let team = id_of(&made["organization"]);
    buyer.run_with_input(&["organizations", "create", "Other"], "wrong-password").require(3);
    // The key still works where it was made.
    assert_ne!(buyer.ask(&["account"])["organization_id"], team.as_str());
    buyer.run_with_input(&["organizations", "use", &team], PASSWORD).require(0);
    assert_eq!(buyer.ask(&["account"])["organization_id"], team.as_str());
    let places = buyer.run(&["organizations", "list"]).require(0).stdout;
    let here = places.lines().find(|line| line.ends_with("yes")).unwrap();
    assert!(here.starts_with(&team) && here.contains("Team"), "{places}");

    let renamed = buyer.run(&["organizations", "rename", "Crew"]).require(0).stdout;
    assert!(renamed.contains("is called Crew now"), "{renamed}");
    buyer.run(&["organizations", "rename", " "]).require(2);
    let me = buyer.ask(&["organizations", "list"]);
    assert_eq!(me["organization"]["name"], "Crew");
    let mut others = me["organizations"].as_array().unwrap().iter();
    let personal = id_of(others.find(|place| place["id"] != team.as_str()).unwrap());
    buyer.run_with_input(&["organizations", "use", &personal], PASSWORD).require(0);
    let log = buyer.ask(&["audit", "--limit", "100"]);
    let actions: Vec<&str> = log["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|line| line["action"].as_str())
        .collect();
    for action in ["api_key.issue", "member.invite", "member.withdraw_invitation"] {
        assert!(actions.contains(&action), "{action} {actions:?}");
    }
    let text = buyer.run(&["audit", "--limit", "3"]).require(0).stdout;
    assert_eq!(text.lines().count(), 4, "{text}");
    assert!(text.starts_with("at ") && text.contains("127.0.0.1"), "{text}");
}

/// The key that commands use at this place.
fn kept_key(place: &Place) -> String {
    let kept = std::fs::read_to_string(place.path(".config/gantry/credentials.toml"));
    let kept = kept.unwrap_or_default();
    let key = kept.find("gk_").map_or("", |begin| &kept[begin..]);
    key.split(['"', '\'']).next().unwrap_or_default().to_owned()
}

#[test]
fn who_works_elsewhere_leaves_no_key_behind() {
    let (_operator, server) = open_shop();
    let buyer = sign_up(&server, BUYER);
    let home = buyer.ask(&["account"])["organization_id"].as_str().unwrap().to_owned();
    let made = buyer
        .run_with_input(&["organizations", "create", "Team", "--json"], PASSWORD)
        .require(0)
        .json();
    let first = kept_key(&buyer);
    let account = ["account", "show", "--api-key"];
    buyer.run(&[&account[..], &[first.as_str()]].concat()).require(0);
    buyer
        .run_with_input(&["organizations", "use", &id_of(&made["organization"])], PASSWORD)
        .require(0);
    assert_ne!(kept_key(&buyer), first);
    buyer.run(&[&account[..], &[first.as_str()]].concat()).require(3);

    // A key that was pasted may be in use elsewhere.
    let scopes = ["--scopes", "read,run,data,account"];
    let nightly = buyer.ask(&[&["keys", "create", "nightly"][..], &scopes].concat());
    let nightly = nightly["key"].as_str().unwrap();
    buyer.run_with_input(&["login", "--server", &server.url], nightly).require(0);
    buyer.run_with_input(&["organizations", "use", &home], PASSWORD).require(0);
    assert_eq!(buyer.ask(&["account"])["organization_id"], home.as_str());
    buyer.run(&[&account[..], &[nightly]].concat()).require(0);
}

#[test]
fn who_leaves_takes_their_data_home_first() {
    let (_operator, server) = open_shop();
    let buyer = sign_up(&server, BUYER);
    // The browser's session that signing up began is open still.
    let sessions = buyer.ask(&["account", "sessions"]);
    let session = id_of(&sessions["items"][0]);
    buyer.run(&["account", "sessions", "--revoke", &session]).require(0);
    buyer.run(&["account", "sessions", "--revoke", &session]).require(4);

    buyer.run_with_input(&["account", "export", "--out", "mine.zip"], PASSWORD).require(0);
    assert!(std::fs::read(buyer.path("mine.zip")).unwrap().starts_with(b"PK"));
    buyer.run_with_input(&["account", "delete"], "wrong-password").require(3);
    buyer.run(&["account"]).require(0);
    let left = buyer.run_with_input(&["account", "delete"], PASSWORD).require(0).stdout;
    assert!(left.contains("gantry account keep"), "{left}");
    buyer.run(&["account"]).require(3);
    let link = format!("{}/keep-account?token=", server.url);
    buyer.run_with_input(&["account", "keep"], &link).require(2);
    buyer.run_with_input(&["account", "keep"], &format!("{link}wrong")).require(3);
}
