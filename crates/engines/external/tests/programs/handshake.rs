//! Handshakes that go wrong.

use gantry_external::{ExternalEngine, ExternalError};

use crate::started::configure;

async fn refuse(script: impl AsRef<str>) -> ExternalError {
    let config = configure(&["bash", "-c", script.as_ref()]);
    ExternalEngine::start(config).await.err().unwrap()
}

#[tokio::test]
async fn each_mistake_has_its_own_words() {
    let missing = ExternalEngine::start(configure(&["./no-such-program"])).await.err().unwrap();
    assert!(matches!(missing, ExternalError::Spawn { .. }), "{missing}");
    let ended = refuse("echo cannot import numpy >&2; exit 3").await.to_string();
    assert!(ended.contains("exit code 3") && ended.contains("cannot import numpy"), "{ended}");
    let garbage = refuse("echo Welcome; sleep 5").await;
    assert!(matches!(&garbage, ExternalError::Protocol(cause) if cause.contains("Welcome")));
    let wrong = refuse(r#"echo '{"type":"progress","run":"r1","fraction":1}'; sleep 5"#).await;
    assert!(wrong.to_string().contains("first line"), "{wrong}");
    let engine = r#"{"id":"x","title":"X","operations":[]}"#;
    let old =
        refuse(format!(r#"echo '{{"type":"ready","protocol":9,"engine":{engine}}}'; sleep 5"#));
    assert!(matches!(old.await, ExternalError::Version { theirs: 9, ours: 1 }));
    let lies =
        refuse(format!(r#"echo '{{"type":"ready","protocol":1,"engine":{engine}}}'; sleep 5"#));
    assert!(lies.await.to_string().contains("no operations"));
    let schema = r#"{"type":"object","properties":{"n":{"type":"whole"}}}"#;
    let operation = format!(r#"{{"id":"x.run","title":"X","params_schema":{schema}}}"#);
    let engine = format!(r#"{{"id":"x","title":"X","operations":[{operation}]}}"#);
    let schema =
        refuse(format!(r#"echo '{{"type":"ready","protocol":1,"engine":{engine}}}'; sleep 5"#));
    let schema = schema.await.to_string();
    assert!(schema.contains("`params_schema` of `x.run`: /properties/n/type"), "{schema}");
}

fn ready(operation: &str) -> String {
    format!(
        r#"echo '{{"type":"ready","protocol":1,"engine":{{"id":"x","title":"X","operations":[{operation}]}}}}'; sleep 5"#
    )
}

#[tokio::test]
async fn stored_parameters_are_read_back_as_far_as_the_engine_says() {
    let lies = refuse(ready(r#"{"id":"x.run","title":"Run","version":2,"reads_from":3}"#)).await;
    assert!(lies.to_string().contains("`reads_from` of `x.run`"), "{lies}");
    let script = ready(r#"{"id":"x.run","title":"Run","version":4,"reads_from":3}"#);
    let engine = ExternalEngine::start(configure(&["bash", "-c", &script])).await.unwrap();
    let operation = crate::started::get_operation(&engine, "x.run");
    let stored = serde_json::json!({ "a": 1 });
    for readable in [3, 4] {
        assert_eq!(operation.migrate(readable, stored.clone()), Ok(stored.clone()));
    }
    let old = operation.migrate(2, stored.clone()).unwrap_err();
    assert!(old.message.contains("version 2 of `x.run`"), "{old}");
    let new = operation.migrate(5, stored).unwrap_err();
    assert!(new.message.contains("upgrade this server"), "{new}");
}

#[tokio::test]
async fn silence_is_given_ten_seconds() {
    let begun = std::time::Instant::now();
    let error = refuse("sleep 60").await;
    assert!(matches!(error, ExternalError::Silent { seconds: 10 }), "{error}");
    assert!(begun.elapsed().as_secs() < 14);
}

#[tokio::test]
async fn an_engine_that_says_something_else_each_time_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let script = format!(
        r#"n=$(cat {0}/n 2>/dev/null); echo x >> {0}/n
        op="{{\"id\":\"x.run\",\"title\":\"X${{n//[^x]/}}\"}}"
        echo "{{\"type\":\"ready\",\"protocol\":1,\"engine\":{{\"id\":\"x\",\"title\":\"X\",\"operations\":[$op]}}}}"
        read -r hello; read -r run; exit 1"#,
        folder.path().display()
    );
    let engine = ExternalEngine::start(configure(&["bash", "-c", &script])).await.unwrap();
    let host = gantry_engine_testkit::MemoryHost::builder().build().unwrap();
    let first = crate::started::run(&engine, "x.run", serde_json::json!({}), &host).await;
    assert!(first.unwrap_err().message.contains("exit code 1"));
    let second = crate::started::run(&engine, "x.run", serde_json::json!({}), &host).await;
    assert!(second.unwrap_err().message.contains("differently"));
}
