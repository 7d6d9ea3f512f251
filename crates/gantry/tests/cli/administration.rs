//! What administrators do to a server from the command line.

use serde_json::Value;

use super::shop::{open_shop, sign_up};
use super::support::{EMAIL, PASSWORD, Place};

const NOBODY: &str = "0190d5a2-7b1c-7c3e-9d2f-5a6b7c8d9e0f";

#[test]
fn people_get_plans_and_credits_and_are_kept_out() {
    let (operator, server) = open_shop();
    let buyer = sign_up(&server, "buyer@example.org");
    let found = operator.ask(&["admin", "users", "list", "--search", "buyer"]);
    let user = found["items"][0]["id"].as_str().unwrap();
    let organization = found["items"][0]["organization"]["id"].as_str().unwrap();
    assert_eq!(found["items"][1], Value::Null, "{found}");
    let listed = operator.run(&["admin", "users", "list"]).require(0).stdout;
    assert!(listed.contains("buyer@example.org") && listed.contains("ada@example.org"), "{listed}");
    let nobody = operator.run(&["admin", "users", "list", "--status", "banned"]).require(0).stdout;
    assert_eq!(nobody, "Nobody was found.\n");
    operator.run(&["admin", "users", "show", NOBODY]).require(4);

    let give = ["admin", "credits", "give", organization];
    operator.run(&[&give[..], &["25", "--reason", "a gift"]].concat()).require(0);
    operator.run(&[&give[..], &["25"]].concat()).require(2);
    let expiring = |time| [&give[..], &["5", "--reason", "a trial", "--expires", time]].concat();
    operator.run(&expiring("2020-01-31T00:00:00Z")).require(1);
    operator.run(&expiring("tomorrow")).require(2);
    let given = operator.ask(&expiring("2099-01-31T00:00:00Z"));
    assert_eq!(given["expires_at"], "2099-01-31T00:00:00Z");
    operator.run(&["admin", "plan", "set", organization, "gold"]).require(4);
    operator.run(&["admin", "plan", "set", organization, "pro"]).require(0);
    let shown = operator.run(&["admin", "users", "show", user]).require(0).stdout;
    assert!(shown.contains("status       active") && shown.contains("owner"), "{shown}");
    let account = buyer.ask(&["account"]);
    assert_eq!(account["credits"]["available"], 60);
    assert_eq!(account["plan"]["slug"], "pro");

    let suspended = ["admin", "users", "suspend", user, "--reason", "too loud"];
    assert_eq!(operator.ask(&suspended)["status"], "suspended");
    buyer.run(&["account"]).require(3);
    operator.run(&["admin", "users", "reinstate", user]).require(0);
    buyer.run(&["account"]).require(0);
    assert_eq!(operator.ask(&["admin", "users", "ban", user, "--reason", "x"])["status"], "banned");
    buyer.run(&["account"]).require(3);
}

#[test]
fn a_trial_is_moved_for_a_reason_and_where_there_is_one() {
    let (operator, server) = open_shop();
    let _buyer = sign_up(&server, "buyer@example.org");
    let found = operator.ask(&["admin", "users", "list", "--search", "buyer"]);
    let organization = found["items"][0]["organization"]["id"].as_str().unwrap();
    let trial = |verb: &str, rest: &[&str]| {
        operator.run(&[&["admin", "trial", verb, organization][..], rest].concat())
    };
    let reason = ["--reason", "asked for it"];
    trial("end", &[]).require(2);
    trial("lengthen", &[&["tomorrow"][..], &reason].concat()).require(2);
    for ended in [
        trial("end", &reason),
        trial("lengthen", &[&["2099-01-31T00:00:00Z"][..], &reason].concat()),
    ] {
        let told = ended.require(1).stderr;
        assert!(told.contains("no subscription"), "{told}");
    }
}

#[test]
fn an_organization_gets_limits_of_its_own() {
    let (operator, server) = open_shop();
    let buyer = sign_up(&server, "buyer@example.org");
    let found = operator.ask(&["admin", "users", "list", "--search", "buyer"]);
    let organization = found["items"][0]["organization"]["id"].as_str().unwrap();
    let limits = |words: &[&str]| {
        let (verb, rest) = words.split_first().unwrap();
        operator.run(&[&["admin", "limits", verb, organization][..], rest].concat())
    };
    let none = limits(&["list"]).require(0).stdout;
    assert_eq!(none, "The organization has the limits of its plan.\n");
    limits(&["set", "seats", "7", "--reason", "a pilot"]).require(0);
    let lifted = ["set", "per_month.jobs", "unlimited", "--reason", "a pilot"];
    let listed = limits(&[&lifted[..], &["--until", "2099-01-31T00:00:00Z"]].concat());
    let listed = listed.require(0).stdout;
    assert!(listed.contains("per_month.jobs  unlimited      10  yes"), "{listed}");
    assert!(listed.contains("seats           7               2  yes"), "{listed}");
    let overrides = &buyer.ask(&["account"])["overrides"];
    assert_eq!(overrides.as_array().map(Vec::len), Some(2), "{overrides}");

    limits(&["set", "seats", "many", "--reason", "x"]).require(2);
    limits(&["set", "chairs", "7", "--reason", "x"]).require(2);
    limits(&["set", "seats", "7"]).require(2);
    operator.run(&["admin", "limits", "list", NOBODY]).require(4);
    let cleared = limits(&["clear", "seats"]).require(0).stdout;
    assert_eq!(cleared, format!("seats of {organization} is its plan's again\n"));
    limits(&["clear", "seats"]).require(4);
    buyer.run(&["admin", "limits", "list", organization]).require(3);
}

#[test]
fn an_organization_is_used_from_everywhere_again() {
    let (operator, server) = open_shop();
    let buyer = sign_up(&server, "buyer@example.org");
    let found = operator.ask(&["admin", "users", "list", "--search", "buyer"]);
    let organization = found["items"][0]["organization"]["id"].as_str().unwrap();
    let lifted = operator.run(&["admin", "lift-networks", organization]).require(0).stdout;
    assert_eq!(lifted, format!("{organization} may be used from everywhere\n"));
    operator.run(&["admin", "lift-networks", NOBODY]).require(4);
    buyer.run(&["admin", "lift-networks", organization]).require(3);
}

#[test]
fn money_goes_back_and_the_provider_is_asked() {
    let (operator, _server) = open_shop();
    operator.run(&["admin", "payments", "refund", "pi_of_nobody"]).require(4);
    let found = operator.run(&["admin", "payments", "reconcile"]).require(0).stdout;
    assert!(found.contains("plans changed            0"), "{found}");
}

#[test]
fn flags_are_made_turned_and_listed() {
    let (operator, server) = open_shop();
    let none = operator.run(&["admin", "flags", "list"]).require(0).stdout;
    assert_eq!(none, "There are no flags.\n");
    let share = ["admin", "flags", "set", "new-look", "on", "--percentage", "50"];
    let made = operator.run(&share).require(0).stdout;
    assert_eq!(
        made,
        "flag      on    for  revision  what it turns\n\
         new-look  yes  50 %         1\n"
    );
    // Off keeps the rules, so that on is again what it was.
    let off = operator.ask(&["admin", "flags", "set", "new-look", "off"]);
    assert_eq!((&off["enabled"], &off["rules"][0]["percentage"]), (&false.into(), &50.0.into()));
    let on = operator.ask(&["admin", "flags", "set", "new-look", "on"]);
    assert_eq!((&on["enabled"], &on["revision"]), (&true.into(), &3.into()));
    operator.run(&["admin", "flags", "set", "new-look", "maybe"]).require(2);
    operator.run(&["admin", "flags", "set", "Sign Ups", "on"]).require(2);

    operator.run(&["admin", "flags", "set", "old-look", "on"]).require(0);
    assert_eq!(operator.ask(&["admin", "flags", "try", "old-look"])["on"], true);
    operator.run(&["admin", "flags", "delete", "old-look"]).require(0);
    operator.run(&["admin", "flags", "delete", "old-look"]).require(4);
    operator.run(&["admin", "flags", "try", "old-look"]).require(4);

    let buyer = sign_up(&server, "buyer@example.org");
    let refused = buyer.run(&["admin", "flags", "list"]).require(3);
    assert!(refused.stderr.contains("gantry login"), "{refused:?}");
}

#[test]
fn sources_of_fraud_are_blocked_and_let_go() {
    let (operator, _server) = open_shop();
    let fraud = |words: &[&str]| operator.run(&[&["admin", "fraud"][..], words].concat());
    assert_eq!(fraud(&["blocks"]).require(0).stdout, "Nothing is blocked.\n");
    let block = ["admin", "fraud", "block", "network", "192.0.2.0/24", "--reason", "many accounts"];
    let made = operator.ask(&block);
    operator.run(&block).require(1);
    let id = made["id"].as_str().unwrap();
    let listed = fraud(&["blocks"]).require(0).stdout;
    assert!(listed.contains(id) && listed.contains("192.0.2.0/24  many accounts"), "{listed}");
    fraud(&["block", "network", "somewhere", "--reason", "x"]).require(2);
    fraud(&["block", "house", "192.0.2.0/24", "--reason", "x"]).require(2);
    fraud(&["unblock", id]).require(0);
    fraud(&["unblock", id]).require(4);
}

#[test]
fn who_administers_signs_in_for_that() {
    let (_operator, server) = open_shop();
    let desk = Place::new();
    let words = ["login", "--server", &server.url, "--administrator", "--email"];
    desk.run(&words[..4]).require(2);
    desk.run_with_input(&[&words[..], &[EMAIL]].concat(), "wrong-password").require(3);
    desk.run_with_input(&[&words[..], &[EMAIL]].concat(), PASSWORD).require(0);
    desk.run(&["admin", "overview"]).require(0);
    let buyer = sign_up(&server, "buyer@example.org");
    let by_buyer = [&words[..], &["buyer@example.org"]].concat();
    buyer.run_with_input(&by_buyer, PASSWORD).require(3);
}

#[test]
fn a_server_tells_how_it_fares() {
    let (operator, _server) = open_shop();
    let overview = operator.run(&["admin", "overview"]).require(0).stdout;
    assert!(overview.contains("people                   1"), "{overview}");
    let used = operator.run(&["admin", "usage"]).require(0).stdout;
    assert!(used.starts_with("Nothing was used from "), "{used}");
    operator.run(&["admin", "usage", "--csv", "usage.csv"]).require(0);
    assert!(operator.path("usage.csv").exists());
    let costs = operator.run(&["admin", "costs"]).require(0).stdout;
    assert!(costs.contains("settled     0"), "{costs}");
    operator.run(&["admin", "costs", "--from", "yesterday"]).require(2);
    operator.run(&["admin", "cancel-job", NOBODY]).require(4);
    let moved = operator.ask(&["admin", "payments", "advance", "31"]);
    assert!(moved["now"].is_string(), "{moved}");
}

#[test]
fn figures_frauds_and_the_log_are_read() {
    let (operator, _server) = open_shop();
    let revenue = operator.run(&["admin", "revenue"]).require(0).stdout;
    assert!(revenue.contains("closing (MRR)      0.00 USD"), "{revenue}");
    operator.run(&["admin", "revenue", "--month", "soon"]).require(2);
    let refused = operator.run(&["admin", "quota-events"]).require(0).stdout;
    assert_eq!(refused, "No limit refused anything.\n");
    let claims = operator.run(&["admin", "fraud", "list", "--open"]).require(0).stdout;
    assert_eq!(claims, "There are no claims of that kind.\n");
    operator.run(&["admin", "fraud", "decide", NOBODY, "cleared"]).require(4);
    operator.run(&["admin", "fraud", "decide", NOBODY, "perhaps"]).require(2);

    let newest = operator.ask(&["admin", "audit", "list", "--limit", "1"]);
    assert_eq!(newest["items"][0]["action"], "audit.export", "{newest}");
    let text = operator.run(&["admin", "audit", "list", "--limit", "2"]).require(0).stdout;
    assert_eq!(text.lines().count(), 3, "{text}");
    operator.run(&["admin", "audit", "export", "--out", "audit.jsonl"]).require(0);
    let proof = operator.run(&["admin", "verify-audit", "--file", "audit.jsonl"]).require(0).stdout;
    assert!(proof.contains("the file is whole"), "{proof}");
    let csv = ["admin", "audit", "export", "--format", "csv", "--out", "audit.csv"];
    operator.run(&csv).require(0);
    let csv = std::fs::read_to_string(operator.path("audit.csv")).unwrap();
    assert!(csv.starts_with("id,at,organization_id,") && csv.contains("api_key.issue"), "{csv}");
}
