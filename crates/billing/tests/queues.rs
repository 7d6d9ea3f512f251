//! What an edition calls the queues of jobs.
#![expect(clippy::unwrap_used, reason = "a test ends where something is missing")]

use gantry_billing::{Edition, Mistakes, QueueTitles, Vocabulary, parse_edition};
use gantry_types::{MeterId, PriorityClass};

const SHOP: &str = r#"
slug = "shop"
title = "Shop"
default_plan = "free"

[queues]
high = "fast lane"
overflow = "night"

[[plans]]
slug = "free"
title = "Free"
"#;

fn read(text: &str) -> Result<Edition, Mistakes> {
    let meters = ["jobs", "rows", "models"].map(|name| name.parse::<MeterId>().unwrap());
    let known = Vocabulary {
        meters: meters.into(),
        providers: ["sandbox", "stripe", "razorpay", "paypal"].map(str::to_owned).into(),
    };
    parse_edition(text, &known)
}

#[test]
fn queues_have_the_names_of_the_file_or_their_own() {
    let queues = read(SHOP).unwrap().queues;
    let titles = PriorityClass::ALL.iter().map(|class| queues.find(*class));
    assert_eq!(titles.collect::<Vec<_>>(), ["fast lane", "normal", "night"]);
    let (before, rest) = SHOP.split_once("[queues]").unwrap();
    let (_, plans) = rest.split_once("[[plans]]").unwrap();
    let plain = read(&format!("{before}[[plans]]{plans}")).unwrap().queues;
    assert_eq!(plain, QueueTitles::default());
    assert_eq!(plain.find(PriorityClass::High), "high");
}

#[test]
fn what_names_no_queue_or_two_alike_is_told() {
    for (from, to, key, problem) in [
        ("high =", "hihg =", "queues.hihg", "is unknown"),
        ("\"fast lane\"", "\"\"", "queues.high", "is empty"),
        ("\"night\"", "\"normal\"", "queues.overflow", "names a second queue `normal`"),
    ] {
        let found = read(&SHOP.replace(from, to)).unwrap_err().0;
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].key.as_str(), found[0].problem.as_str()), (key, problem));
    }
}

#[test]
fn automl_has_the_queues_that_it_promises() {
    let path = format!("{}/../../editions/automl.toml", env!("CARGO_MANIFEST_DIR"));
    let queues = read(&std::fs::read_to_string(path).unwrap()).unwrap().queues;
    let titles = PriorityClass::ALL.iter().map(|class| queues.find(*class));
    assert_eq!(titles.collect::<Vec<_>>(), ["high_priority", "normal", "overflow"]);
}
