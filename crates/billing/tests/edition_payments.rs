//! Who takes the money of an edition: read from its file, checked, and held for every product.
#![expect(clippy::unwrap_used, reason = "a test ends where something is missing")]

use gantry_billing::{Mistake, Vocabulary, parse_edition};

const GOOD: &str = r#"slug = "shop"
title = "Shop"
default_plan = "free"

[[plans]]
slug = "free"
title = "Free"
features = []
"#;

fn known() -> Vocabulary {
    Vocabulary {
        meters: ["jobs"].iter().map(|name| name.parse().unwrap()).collect(),
        providers: ["sandbox", "stripe", "paypal"].map(str::to_owned).into(),
    }
}

fn mistakes(text: &str) -> Vec<Mistake> {
    parse_edition(text, &known()).unwrap_err().0
}

#[test]
fn who_takes_the_money_is_read_and_what_is_wrong_with_it_is_told() {
    assert!(parse_edition(GOOD, &known()).unwrap().providers.is_empty());
    let text = format!("{GOOD}\n[payments]\nproviders = [\"stripe\", \"paypal\"]\n");
    let edition = parse_edition(&text, &known()).unwrap();
    assert_eq!(edition.providers, ["stripe", "paypal"]);
    let line = text.lines().position(|line| line.starts_with("providers")).unwrap() + 1;
    for (to, problem, remedy) in [
        ("[\"stipe\"]", "names `stipe`, which is not here", "did you mean `stripe`?"),
        ("[\"paypal\", \"paypal\"]", "names `paypal` twice", "name each one once"),
        ("[]", "names nobody", "name who takes the money, or leave it out"),
        ("\"stripe\"", "has a wrong value", "write a list of texts, such as [\"one\", \"two\"]"),
    ] {
        let found = mistakes(&text.replace("[\"stripe\", \"paypal\"]", to));
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].key.as_str(), found[0].line), ("payments.providers", line));
        assert_eq!((found[0].problem.as_str(), found[0].remedy.as_str()), (problem, remedy));
    }
    let beside = mistakes(&text.replace("\"paypal\"", "\"sandbox\""));
    assert!(beside[0].problem.contains("beside those who take real money"), "{beside:?}");
    let older =
        mistakes(&GOOD.replace("title = \"Shop\"", "title = \"Shop\"\nprovider = \"stripe\""));
    assert_eq!((older[0].key.as_str(), older[0].line), ("provider", 3));
    assert!(older[0].remedy.contains("[payments]"), "{older:?}");
}

#[test]
fn every_product_names_who_takes_its_money() {
    let meters = ["jobs", "api_calls", "iterations", "rows", "models"];
    let known = Vocabulary {
        meters: meters.iter().map(|name| name.parse().unwrap()).collect(),
        providers: ["stripe", "razorpay", "paypal"].map(str::to_owned).into(),
    };
    for (name, expected) in [
        ("automl", &["stripe"][..]),
        ("litxplore", &["stripe"]),
        ("montecarlo", &["stripe", "paypal"]),
        ("suresh", &["razorpay"]),
        ("tabgraphsyn", &["stripe"]),
    ] {
        let path = format!("{}/../../editions/{name}.toml", env!("CARGO_MANIFEST_DIR"));
        let edition = parse_edition(&std::fs::read_to_string(path).unwrap(), &known).unwrap();
        assert_eq!(edition.providers, expected, "{name}");
    }
}
