//! Ten thousand malformed lines against what is open on a service host: whoever waits is answered
//! once, in clear words, and memory does not grow.

use std::time::{Duration, Instant};

use gantry_engine_api::protocol::EngineMessage;
use gantry_engine_api::{CallContext, CancellationToken, EngineError};
use gantry_types::EngineErrorKind;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::sync::oneshot;

use crate::kin::read_resident_bytes;
use crate::services::open_calls::{LoadedThere, Open, OpenCalls};
use crate::storm::{Dice, SEED, spoil};
use crate::wire::{Wire, WireFault};

fn valid_lines() -> Vec<Vec<u8>> {
    let run = || "s2".to_owned();
    let messages = [
        EngineMessage::ServiceLoaded { run: "s1".to_owned() },
        EngineMessage::ServiceLoaded { run: run() },
        EngineMessage::ServiceChunk { run: run(), chunk: json!("Läuft".repeat(60)) },
        EngineMessage::ServiceAnswer { run: run(), output: json!([[1, { "a": null }]]) },
        EngineMessage::Failed {
            run: run(),
            kind: EngineErrorKind::Params,
            message: "No.".to_owned(),
            next_step: None,
        },
        EngineMessage::Done { run: run(), report: json!({}) },
        EngineMessage::Progress { run: run(), fraction: 0.5 },
    ];
    messages.iter().map(|message| serde_json::to_vec(message).unwrap()).collect()
}

type Load = oneshot::Receiver<Result<LoadedThere, EngineError>>;
type Call = oneshot::Receiver<Result<Value, EngineError>>;

fn open() -> (OpenCalls, Load, Call) {
    let mut calls = OpenCalls::default();
    let (reply, load) = oneshot::channel();
    let overdue = tokio::time::Instant::now() + Duration::from_secs(10);
    calls.insert("s1".to_owned(), Open::Load { reply, file_bytes: 1, resident: 0, overdue });
    let (reply, call) = oneshot::channel();
    let deadline = Instant::now() + Duration::from_secs(10);
    let context = CallContext::new(deadline, CancellationToken::new(), Box::new(|_| ()));
    let loaded = "s0".to_owned();
    calls.insert("s2".to_owned(), Open::Call { reply, context, loaded, room: 1 << 20 });
    (calls, load, call)
}

/// Listens to one line; the words of the fault that ended the host, if one did.
async fn listen(line: &[u8], calls: &mut OpenCalls) -> Option<String> {
    let (ours, mut theirs) = tokio::io::duplex(8 << 10);
    let (reader, writer) = tokio::io::split(ours);
    let mut wire = Wire::new(reader, writer);
    // It ends with the listener, so that nobody waits for a place in the pipe.
    let speak = async move {
        // The listener may have hung up at the first fault.
        theirs.write_all(line).await.ok();
        theirs.shutdown().await.ok();
    };
    let hear = async move {
        loop {
            let before = wire.received_bytes();
            match wire.receive().await {
                Ok(message) => {
                    let bytes = wire.received_bytes() - before;
                    if let Err(error) = calls.take(message, bytes, 0) {
                        return Some(error.message);
                    }
                }
                Err(WireFault::Wrong(cause)) => return Some(cause),
                Err(WireFault::Closed) => return None,
            }
        }
    };
    let (fault, ()) = tokio::join!(hear, speak);
    fault
}

#[tokio::test]
async fn malformed_answers_of_services_are_told_and_cost_no_memory() {
    let valid = valid_lines();
    let mut dice = Dice(SEED);
    let own = i32::try_from(std::process::id()).unwrap();
    let (mut refused, mut early) = (0, 0);
    for number in 0..10_000 {
        let line = spoil(&mut dice, &valid);
        let (mut calls, load, call) = open();
        if let Some(words) = listen(&line, &mut calls).await {
            refused += 1;
            assert!(words.len() < 4_000, "{number}: {words}");
            assert!(!words.contains(char::is_control), "{number}: {words:?}");
        }
        calls.end("it spoke nonsense");
        // Both are answered by now: what was not is told to try again.
        let load = load.await.unwrap().err();
        let call = call.await.unwrap().err();
        for error in [load, call].into_iter().flatten() {
            assert!(!error.message.contains(char::is_control), "{number}: {error:?}");
        }
        assert!(calls.is_idle());
        if number == 999 {
            early = read_resident_bytes(own);
        }
    }
    let late = read_resident_bytes(own);
    println!("seed {SEED}: {refused} of 10000 lines refused, {early} then {late} bytes resident");
    assert!(refused > 7_000, "{refused}");
    assert!(late <= early + (16 << 20), "{early} {late}");
}
