//! What is said of workflows that cannot run.

#![expect(clippy::panic, reason = "a definition that cannot be read ends its test")]

use gantry_engine_api::Engine;
use gantry_flows::{FlowDefinition, FlowProblem, KnownOperations, check};
use gantry_testkit::doors::TestEngine;
use serde_json::{Value, json};

const DATASET: &str = "0190a000-0000-7000-8000-000000000001";

fn problems(definition: &Value) -> Vec<FlowProblem> {
    let operations = TestEngine.operations().into_iter();
    let known = KnownOperations::new(operations.map(|op| (op.spec().id, op)).collect());
    let read: Result<FlowDefinition, _> = serde_json::from_value(definition.clone());
    match read {
        Ok(definition) => check(&definition, &known),
        Err(error) => panic!("{definition} cannot be read: {error}"),
    }
}

fn door(id: &str) -> Value {
    json!({ "id": id, "operation": "test.doors" })
}

fn data(id: &str) -> Value {
    json!({ "id": id, "dataset": { "id": DATASET } })
}

#[test]
fn a_sound_workflow_has_no_problems() {
    let definition = json!({
        "nodes": [data("people"), door("a"), door("b"),
            { "id": "c", "operation": "test.split", "params": { "parts": 2 } }],
        "edges": [{ "from": "people", "to": "a.data" }, { "from": "a.sum.json", "to": "b" }],
    });
    assert_eq!(problems(&definition), Vec::new());
}

/// A definition, the pointer of its problem, and words of it.
type Case = (Value, &'static str, &'static str);

fn require_told(cases: Vec<Case>) {
    for (definition, pointer, words) in cases {
        let found = problems(&definition);
        let named = found.iter().any(|p| p.pointer == pointer && p.message.contains(words));
        assert!(named, "{definition}: {found:?}");
    }
}

#[test]
fn each_problem_of_a_node_names_it() {
    let misbehave =
        |params: Value| json!({ "id": "m", "operation": "test.misbehave", "params": params });
    let cases = [
        (json!({ "nodes": [] }), "/nodes", "needs a node"),
        (json!({ "nodes": [door("a b")] }), "/nodes/0/id", "`a b`: its name needs"),
        (json!({ "nodes": [door("a"), door("a")] }), "/nodes/1/id", "another node has this name"),
        (json!({ "nodes": [door("a"), { "id": "x" }] }), "/nodes/1", "it is nothing yet"),
        (
            json!({ "nodes": [{ "id": "x", "operation": "test.do" }] }),
            "/nodes/0/operation",
            "no operation `test.do`",
        ),
        (
            json!({ "nodes": [{ "id": "x", "operation": "flow.run" }] }),
            "/nodes/0/operation",
            "cannot be a node",
        ),
        (
            json!({ "nodes": [misbehave(json!({ "how": "nicely" }))] }),
            "/nodes/0/params/how",
            "unknown variant",
        ),
        (
            json!({ "nodes": [misbehave(json!({ "hw": 1 }))] }),
            "/nodes/0/params/hw",
            "unknown field",
        ),
        (
            json!({ "nodes": [{ "id": "s", "operation": "test.split", "params": { "parts": 0 } }] }),
            "/nodes/0/params/parts",
            "1 to 100 parts",
        ),
        (json!({ "nodes": [data("d"), door("a")] }), "/nodes/0", "no node reads it"),
    ];
    require_told(cases.into());
}

#[test]
fn each_problem_of_an_edge_names_it() {
    let edge = |from: &str, to: &str| json!([{ "from": from, "to": to }]);
    let cases = [
        (
            json!({ "nodes": [door("a")], "edges": edge("z", "a.data") }),
            "/edges/0",
            "edge `z` to `a.data`: there is no node `z`",
        ),
        (
            json!({ "nodes": [door("a"), door("b")], "edges": edge("a", "b.dat") }),
            "/edges/0",
            "has no input `dat`; it has `data`",
        ),
        (
            json!({ "nodes": [door("a"), door("b")], "edges": edge("a.model", "b.data") }),
            "/edges/0",
            "the output is a model, and `data` takes a table",
        ),
        (
            json!({ "nodes": [door("a"), door("b")], "edges": edge("a.page.html", "b") }),
            "/edges/0",
            "takes a table",
        ),
        (
            json!({ "nodes": [door("a"), data("d")], "edges": edge("a", "d") }),
            "/edges/0",
            "reads nothing; turn the edge round",
        ),
        (
            json!({ "nodes": [door("a"), { "id": "b", "operation": "test.doors",
            "inputs": { "data": { "dataset": { "id": DATASET } } } }],
            "edges": edge("a", "b.data") }),
            "/edges/0",
            "`data` is filled already",
        ),
        (json!({ "nodes": [door("a")], "edges": edge("a", "a.data") }), "/edges/0", "a → a"),
    ];
    require_told(cases.into());
}

#[test]
fn a_circle_and_what_waits_for_it_are_told_apart() {
    let definition = json!({
        "nodes": [door("a"), door("b"), door("c")],
        "edges": [{ "from": "a", "to": "b.data" }, { "from": "b", "to": "a.data" },
            { "from": "b.sum.json", "to": "c.data" }],
    });
    let found = problems(&definition);
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!((found[0].edge, found[0].message.contains("closes the circle")), (Some(1), true));
    assert_eq!((found[1].node.as_deref(), &found[1].pointer[..]), (Some("c"), "/nodes/2"));
}
