//! Services that a program offers, and what its faults cost.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use gantry_engine_api::{
    AnyService, CallContext, CancellationToken, Engine, EngineError, InputFile, InputMeta,
    WarmArtifact,
};
use gantry_external::{ExternalEngine, check_engine};
use gantry_types::EngineErrorKind;
use serde_json::{Value, json};

use crate::started::{configure, start_odd};

type Pieces = Arc<Mutex<Vec<Value>>>;

fn get_service(engine: &ExternalEngine) -> Arc<dyn AnyService> {
    engine.services().into_iter().next().unwrap()
}

async fn load(service: &dyn AnyService, text: &str) -> Result<Arc<dyn WarmArtifact>, EngineError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("artifact");
    std::fs::write(&path, text).unwrap();
    let meta = InputMeta {
        slot: "artifact".to_owned(),
        name: "artifact".to_owned(),
        media_type: "text/plain".to_owned(),
        bytes: text.len() as u64,
        sha256: "00".repeat(32),
        rows: None,
        columns: Vec::new(),
    };
    service.load(InputFile::new(meta, path)).await
}

async fn call(warm: &dyn WarmArtifact, how: &str, pieces: &Pieces) -> Result<Value, EngineError> {
    let pieces = Arc::clone(pieces);
    let emit = Box::new(move |piece| pieces.lock().unwrap().push(piece));
    let deadline = Instant::now() + Duration::from_millis(800);
    warm.call(json!({ "how": how }), CallContext::new(deadline, CancellationToken::new(), emit))
        .await
}

#[tokio::test]
async fn a_program_answers_from_what_it_loaded() {
    let engine = start_odd().await;
    let service = get_service(&engine);
    assert_eq!(service.spec().id, "odd.bytes");
    let meters = service.meters(&json!({ "items": [1, 2, 3] }));
    assert_eq!(meters.values().sum::<u64>(), 3);
    let first = load(service.as_ref(), "12345").await.unwrap();
    let second = load(service.as_ref(), "123").await.unwrap();
    let pieces = Pieces::default();
    let (a, b) =
        tokio::join!(call(first.as_ref(), "well", &pieces), call(second.as_ref(), "well", &pieces));
    let (a, b) = (a.unwrap(), b.unwrap());
    assert_eq!((&a["bytes"], &a["warm"], &b["bytes"]), (&json!(5), &json!(2), &json!(3)));
    assert!(a["nice"].as_i64().unwrap() > 0, "{a}");
    assert_eq!(pieces.lock().unwrap().len(), 2);
    drop(second);
    let alone = call(first.as_ref(), "well", &pieces).await.unwrap();
    assert_eq!(alone["warm"], 1);
    let refused = call(first.as_ref(), "refuse", &pieces).await.unwrap_err();
    assert_eq!(refused.kind, EngineErrorKind::Params);
    assert_eq!(refused.next_step.as_deref(), Some("Ask nicely."));
    let wrong = first.call(
        json!({ "how": 7 }),
        CallContext::new(Instant::now(), CancellationToken::new(), Box::new(|_| ())),
    );
    assert_eq!(wrong.await.unwrap_err().kind, EngineErrorKind::Params);
    let not_mine = load(service.as_ref(), "bad").await.err().unwrap();
    assert_eq!(not_mine.kind, EngineErrorKind::Input);
}

#[tokio::test]
async fn a_program_that_breaks_the_protocol_is_started_again() {
    let engine = start_odd().await;
    let service = get_service(&engine);
    let pieces = Pieces::default();
    for how in ["garbage", "exit", "foreign", "mixed"] {
        let warm = load(service.as_ref(), "12345").await.unwrap();
        let error = call(warm.as_ref(), how, &pieces).await.unwrap_err();
        let is_told = error.is_host_death() || error.kind == EngineErrorKind::Bug;
        assert!(is_told, "{how}: {error:?}");
        assert!(!error.message.contains(char::is_control), "{how}: {error:?}");
        assert!(!warm.is_warm(), "{how}");
    }
    let warm = load(service.as_ref(), "12345").await.unwrap();
    let begun = Instant::now();
    let late = call(warm.as_ref(), "hang", &pieces).await.unwrap_err();
    assert_eq!(late.kind, EngineErrorKind::Resource);
    assert!(begun.elapsed() < Duration::from_millis(1_500), "{:?}", begun.elapsed());
    let end = Instant::now() + Duration::from_secs(10);
    while warm.is_warm() && Instant::now() < end {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let warm = load(service.as_ref(), "12345").await.unwrap();
    call(warm.as_ref(), "well", &pieces).await.unwrap();
}

#[tokio::test]
async fn the_check_loads_and_calls() {
    let report = check_engine(configure(&["python3", "odd.py"])).await;
    for check in ["load of odd.bytes", "calls of odd.bytes"] {
        assert!(report.passed.iter().any(|passed| passed == check), "{report:?}");
    }
}
