//! Services in host processes: what comes back, and what a lost host costs.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use gantry_engine_api::{
    AnyService, CallContext, CancellationToken, Engine, EngineError, InputFile, InputMeta,
    WarmArtifact,
};
use gantry_external::ServiceLimits;
use gantry_types::EngineErrorKind;
use serde_json::{Value, json};

use crate::{isolate, isolate_within};

type Pieces = Arc<Mutex<Vec<Value>>>;

pub fn get_service(engine: &dyn Engine, id: &str) -> Arc<dyn AnyService> {
    engine.services().into_iter().find(|service| service.spec().id == id).unwrap()
}

/// Loads a text; `place` decides which of the hosts has it.
pub async fn load(service: &dyn AnyService, text: &str, place: u32) -> Arc<dyn WarmArtifact> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("artifact");
    std::fs::write(&path, text).unwrap();
    let meta = InputMeta {
        slot: "artifact".to_owned(),
        name: "artifact".to_owned(),
        media_type: "text/plain".to_owned(),
        bytes: text.len() as u64,
        sha256: format!("{place:08x}"),
        rows: None,
        columns: Vec::new(),
    };
    service.load(InputFile::new(meta, path)).await.unwrap()
}

fn open(limit: Duration, pieces: &Pieces) -> (CallContext, CancellationToken) {
    let (token, pieces) = (CancellationToken::new(), Arc::clone(pieces));
    let emit = Box::new(move |piece| pieces.lock().unwrap().push(piece));
    (CallContext::new(Instant::now() + limit, token.clone(), emit), token)
}

pub async fn call(warm: &dyn WarmArtifact, input: Value) -> Result<Value, EngineError> {
    let (context, _token) = open(Duration::from_secs(10), &Pieces::default());
    warm.call(input, context).await
}

async fn feel(warm: &dyn WarmArtifact, mood: &str, millis: u64) -> Result<Value, EngineError> {
    call(warm, json!({ "mood": mood, "millis": millis })).await
}

fn require_lost(answer: Result<Value, EngineError>) {
    let error = answer.unwrap_err();
    assert!(error.is_host_death(), "{error}");
    assert!(error.message.contains("started again"), "{error}");
}

pub async fn answers_pieces_and_errors_come_through() {
    let engine = isolate();
    let words = get_service(&engine, "test.words");
    let warm = load(words.as_ref(), "one two one", 0).await;
    assert_eq!(call(warm.as_ref(), json!({ "word": "one" })).await.unwrap(), json!({ "count": 2 }));
    let error = call(warm.as_ref(), json!({})).await.unwrap_err();
    assert_eq!(error.kind, EngineErrorKind::Params, "{error}");
    let moods = get_service(&engine, "test.moods");
    let warm = load(moods.as_ref(), "0", 0).await;
    let pieces = Pieces::default();
    let (context, _token) = open(Duration::from_secs(10), &pieces);
    let answer = warm.call(json!({ "mood": "talkative" }), context).await.unwrap();
    assert_ne!(answer["process"], std::process::id());
    assert_eq!(*pieces.lock().unwrap(), [json!(0), json!(1), json!(2)]);
    // Calls go on side by side, and a panic ends its own alone.
    let begun = Instant::now();
    let slow = || feel(warm.as_ref(), "slow", 400);
    let (a, b, c, d) = tokio::join!(slow(), slow(), slow(), feel(warm.as_ref(), "panicky", 0));
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
    assert!(begun.elapsed() < Duration::from_millis(1_100), "{:?}", begun.elapsed());
    assert_eq!(d.unwrap_err().kind, EngineErrorKind::Bug);
    assert!(warm.is_warm());
}

pub async fn a_lost_host_costs_its_open_calls_and_is_started_again() {
    let engine = isolate();
    let moods = get_service(&engine, "test.moods");
    for mood in ["deadly", "confused", "endless"] {
        let warm = load(moods.as_ref(), "0", 0).await;
        let elsewhere = load(moods.as_ref(), "0", 1).await;
        let before = feel(warm.as_ref(), "calm", 0).await.unwrap();
        let (lost, beside, other) = tokio::join!(
            feel(warm.as_ref(), mood, 5_000),
            feel(warm.as_ref(), "slow", 5_000),
            feel(elsewhere.as_ref(), "slow", 300),
        );
        require_lost(lost);
        require_lost(beside);
        other.unwrap();
        assert!(!warm.is_warm() && elsewhere.is_warm(), "{mood}");
        require_lost(feel(warm.as_ref(), "calm", 0).await);
        let again = load(moods.as_ref(), "0", 0).await;
        let after = feel(again.as_ref(), "calm", 0).await.unwrap();
        assert_ne!(before["process"], after["process"], "{mood}");
    }
}

pub async fn a_hung_or_greedy_host_is_ended() {
    let limits = ServiceLimits { hosts: 1, host_bytes: 400 << 20 };
    let engine = isolate_within(limits);
    let moods = get_service(&engine, "test.moods");
    let warm = load(moods.as_ref(), "0", 0).await;
    let begun = Instant::now();
    let (context, _token) = open(Duration::from_secs(1), &Pieces::default());
    let deaf = warm.call(json!({ "mood": "deaf", "millis": 60_000 }), context);
    let (hung, beside) = tokio::join!(deaf, feel(warm.as_ref(), "slow", 8_000));
    // The caller is told at its limit; the host is ended two seconds later.
    assert_eq!(hung.unwrap_err().kind, EngineErrorKind::Resource);
    require_lost(beside);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    let warm = load(moods.as_ref(), "0", 0).await;
    let greedy = feel(warm.as_ref(), "greedy", 0).await;
    assert!(greedy.as_ref().is_err_and(|error| error.message.contains("400 MiB")), "{greedy:?}");
    require_lost(greedy);
    let warm = load(moods.as_ref(), "0", 0).await;
    feel(warm.as_ref(), "calm", 0).await.unwrap();
}

pub async fn artifacts_leave_when_others_need_room() {
    let engine = isolate_within(ServiceLimits { hosts: 1, host_bytes: 400 << 20 });
    let moods = get_service(&engine, "test.moods");
    let first = load(moods.as_ref(), "80", 0).await;
    let second = load(moods.as_ref(), "80", 1).await;
    assert!(first.resident_bytes() > 70 << 20, "{}", first.resident_bytes());
    feel(first.as_ref(), "calm", 0).await.unwrap();
    // There is room for 200 MiB; the second one was not used for longest.
    let third = load(moods.as_ref(), "80", 2).await;
    assert_eq!((first.is_warm(), second.is_warm(), third.is_warm()), (true, false, true));
    feel(first.as_ref(), "calm", 0).await.unwrap();
    drop(first);
    let _fourth = load(moods.as_ref(), "80", 3).await;
    assert!(third.is_warm());
}

pub async fn a_load_that_was_given_up_leaves_nothing_behind() {
    let engine = isolate_within(ServiceLimits { hosts: 1, host_bytes: 400 << 20 });
    let moods = get_service(&engine, "test.moods");
    let idle = load(moods.as_ref(), "80", 0).await;
    let kept = load(moods.as_ref(), "40", 0).await;
    for place in 1..4 {
        let given_up = load(moods.as_ref(), "90", place);
        assert!(tokio::time::timeout(Duration::from_millis(1), given_up).await.is_err());
        // Its answer comes after the load.
        feel(kept.as_ref(), "slow", 300).await.unwrap();
    }
    // With one of the others in it, the host would have no room for this one.
    assert!(idle.is_warm() && kept.is_warm());
}

pub async fn a_caller_that_goes_away_ends_its_call() {
    let engine = isolate();
    let moods = get_service(&engine, "test.moods");
    let warm = load(moods.as_ref(), "0", 0).await;
    let pieces = Pieces::default();
    let (context, token) = open(Duration::from_secs(10), &pieces);
    let slow = warm.call(json!({ "mood": "slow", "millis": 9_000 }), context);
    let cancel = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        token.cancel();
    };
    let begun = Instant::now();
    let (answer, ()) = tokio::join!(slow, cancel);
    assert_eq!(answer.unwrap_err().kind, EngineErrorKind::Cancelled);
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    // A dropped call stops talking: its pieces would go on for ten seconds.
    let (context, _token) = open(Duration::from_secs(10), &pieces);
    let endless = warm.call(json!({ "mood": "slow", "millis": 9_000 }), context);
    assert!(tokio::time::timeout(Duration::from_millis(200), endless).await.is_err());
    feel(warm.as_ref(), "calm", 0).await.unwrap();
}
