//! Several tables.

use gantry_fidelity::{EvaluateOptions, NamedPair, Pair, Relation, relational};
use gantry_learn::Control;

use super::assert_score;
use super::tables::{frame, metadata, read};

#[test]
fn relations_and_what_holds_across_them() {
    let case = read().relational;
    let names = ["parents", "children"];
    let keys = ["pid", "cid"];
    let load = |side: &std::collections::BTreeMap<String, _>| {
        names.map(|name| frame(&side[name], &case.kinds[name]))
    };
    let (real, synthetic) = (load(&case.real), load(&case.synthetic));
    let described = [0, 1].map(|at| metadata(&case.kinds[names[at]], Some(keys[at])));
    let tables = [0, 1].map(|at| NamedPair {
        name: names[at],
        pair: Pair::new(&real[at], &synthetic[at], &described[at]),
    });
    let relation = Relation {
        parent: "parents".to_owned(),
        primary_key: "pid".to_owned(),
        child: "children".to_owned(),
        foreign_key: "owner".to_owned(),
    };
    let options = EvaluateOptions::default();
    let control = Control::unlimited();
    let found = relational(&tables, &[relation], (&options, &control)).unwrap();
    let expected = &case.expected;
    let of = |part: &str| expected[part].as_f64();
    assert_score("shape", found.shape, of("shape"));
    assert_score("trend", found.trend, of("trend"));
    assert_score("cardinality", found.cardinality, of("cardinality"));
    let relation = &found.relations[0];
    assert_score("cardinality alone", relation.cardinality_shape, of("cardinality_shape"));
    let pairs = expected["pairs"].as_array().unwrap();
    assert_eq!(relation.pairs.len(), pairs.len());
    for pair in &relation.pairs {
        let expected = pairs
            .iter()
            .find(|e| e["first"] == pair.first.as_str() && e["second"] == pair.second.as_str());
        let name = format!("{} and {}", pair.first, pair.second);
        assert_score(&name, pair.report_score, expected.unwrap()["score"].as_f64());
    }
    assert_score("across", found.across, of("across"));
    assert_score("score", found.score, of("score"));
    let relations = &expected["relations"];
    let integrity = relations["ReferentialIntegrity"].as_f64();
    assert_score("integrity", Some(relation.referential_integrity), integrity);
    let boundary = relations["CardinalityBoundaryAdherence"].as_f64();
    assert_score("boundary", relation.cardinality_boundary, boundary);
    assert_eq!(found.integrity, relation.referential_integrity);
}
