//! The tables of `examples/`, as samples that every installation offers.

use gantry_catalog::{Sample, Suggestion};
use serde_json::json;

/// German Credit: 1,000 people, 20 facts about each, and whether they paid back.
pub const GERMAN_CREDIT: &[u8] = include_bytes!("../../../examples/german_credit.csv");

/// All of them, the one to begin with first.
pub fn built_in_samples() -> Vec<Sample> {
    vec![
        Sample {
            name: "german-credit",
            title: "German credit",
            summary: "Twenty facts about each of 1,000 borrowers, and whether they paid back.",
            file_name: "german_credit.csv",
            content: GERMAN_CREDIT,
            rows: 1_000,
            columns: 21,
            source: "Hans Hofmann, Statlog (German Credit Data), UCI, 1994. CC BY 4.0.",
            suggestion: train("risk"),
        },
        Sample {
            name: "titanic",
            title: "Titanic",
            summary: "The passengers of the Titanic, and who survived. It has gaps.",
            file_name: "titanic.csv",
            content: include_bytes!("../../../examples/titanic.csv"),
            rows: 1_309,
            columns: 8,
            source: "The ship's passenger list, after Eaton and Haas, 1994. Public domain.",
            suggestion: train("survived"),
        },
        Sample {
            name: "iris",
            title: "Iris",
            summary: "Four measures of 150 flowers of three species.",
            file_name: "iris.csv",
            content: include_bytes!("../../../examples/iris.csv"),
            rows: 150,
            columns: 5,
            source: "R. A. Fisher, 1936; UCI. CC BY 4.0.",
            suggestion: train("species"),
        },
        Sample {
            name: "white-wine",
            title: "White wine",
            summary: "Chemistry of 4,898 white wines, and the marks that tasters gave them.",
            file_name: "wine_quality_white.csv",
            content: include_bytes!("../../../examples/wine_quality_white.csv"),
            rows: 4_898,
            columns: 12,
            source: "P. Cortez and others, Wine Quality, UCI, 2009. CC BY 4.0.",
            suggestion: train("quality"),
        },
    ]
}

fn train(target: &str) -> Option<Suggestion> {
    Some(Suggestion { operation: "automl.train", params: json!({ "target": target }) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_a_sample_is_true() {
        for sample in built_in_samples() {
            let text = std::str::from_utf8(sample.content).unwrap();
            let header: Vec<&str> = text.lines().next().unwrap().split(',').collect();
            assert_eq!(header.len() as u64, sample.columns, "{}", sample.name);
            assert_eq!(text.lines().count() as u64 - 1, sample.rows, "{}", sample.name);
            let suggestion = sample.suggestion.unwrap();
            let target = suggestion.params["target"].as_str().unwrap();
            assert!(header.contains(&target), "{} has no column {target}", sample.name);
            let is_known = crate::engines::built_in()
                .iter()
                .flat_map(|engine| engine.operations())
                .any(|operation| operation.spec().id == suggestion.operation);
            assert!(is_known, "{} suggests {}", sample.name, suggestion.operation);
        }
    }
}
