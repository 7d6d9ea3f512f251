//! Ten thousand malformed lines against the relay: clear errors, no panic, no growing memory.

use std::time::Duration;

use gantry_engine_api::protocol::{EngineMessage, RunLimits, RunRequest};
use gantry_engine_api::{ArtifactRole, JobContext, LogLevel};
use gantry_types::{Attempt, Credits, Device, EngineErrorKind, JobId};
use serde_json::json;
use tokio::io::AsyncWriteExt;

use crate::check::TrialHost as CheckHost;
use crate::kin::read_resident_bytes;
use crate::relay::{Ended, Relay};
use crate::wire::Wire;

pub(crate) const SEED: u64 = 20_261_121;

/// A small generator, so that a failure can be repeated.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((word ^ (word >> 31)) % sides as u64) as usize
    }
}

fn valid_lines() -> Vec<Vec<u8>> {
    let run = || "r1".to_owned();
    let messages = [
        EngineMessage::Stage { run: run(), name: "Läuft".into(), current: 1, total: 2 },
        EngineMessage::Progress { run: run(), fraction: 0.25 },
        EngineMessage::Log { run: run(), level: LogLevel::Info, message: "x".repeat(300) },
        EngineMessage::Metric { run: run(), name: "loss".into(), step: 7, value: 1e-9 },
        EngineMessage::Partial { run: run(), name: "b".into(), value: json!([[1, {"a": null}]]) },
        EngineMessage::Charge { run: run(), credits: Credits::new(3) },
        EngineMessage::Artifact {
            run: run(),
            request: None,
            name: "a.csv".into(),
            path: "a.csv".into(),
            role: Some(ArtifactRole::Table),
            media_type: None,
        },
        EngineMessage::Checkpoint { run: run(), request: Some(1), version: 1, state: json!(2) },
        EngineMessage::Done { run: run(), report: json!({ "n": 1 }) },
    ];
    messages.iter().map(|message| serde_json::to_vec(message).unwrap()).collect()
}

/// A valid line with a fault in it, or nonsense.
pub(crate) fn spoil(dice: &mut Dice, valid: &[Vec<u8>]) -> Vec<u8> {
    let mut line = valid[dice.roll(valid.len())].clone();
    match dice.roll(8) {
        0 => line.truncate(dice.roll(line.len())),
        1 => {
            for _ in 0..=dice.roll(4) {
                let place = dice.roll(line.len());
                line[place] ^= 1 << dice.roll(8);
            }
        }
        2 => line = (0..dice.roll(2_000)).map(|_| dice.roll(256) as u8).collect(),
        3 => {
            let twice = line.clone();
            line.extend(twice);
        }
        4 => line = b"[".repeat(1 + dice.roll(3_000)),
        5 => {
            line = format!(
                "{{\"type\":\"progress\",\"run\":\"r1\",\"fraction\":{}}}",
                "9".repeat(1 + dice.roll(500))
            )
            .into_bytes()
        }
        6 => line = format!("{{\"type\":\"done\",\"run\":\"r{}\"}}", dice.roll(1_000)).into_bytes(),
        _ => line = format!("Epoch {} \u{1b}[32mok\u{1b}[0m", dice.roll(99)).into_bytes(),
    }
    line.retain(|byte| *byte != b'\n');
    line.push(b'\n');
    line
}

fn request() -> RunRequest {
    RunRequest {
        run: "r1".to_owned(),
        job: JobId::generate(),
        operation: "x.y".to_owned(),
        params: json!({}),
        seed: "1".to_owned(),
        attempt: Attempt::new(1),
        device: Device::Cpu,
        threads: 1,
        limits: RunLimits {
            time_ms: 1,
            memory_bytes: 1,
            artifact_bytes: 1,
            max_credits: Credits::ZERO,
        },
        scratch: "/nowhere".into(),
        inputs: Default::default(),
        checkpoint: None,
        children: Vec::new(),
    }
}

async fn relay(line: &[u8], context: &JobContext) -> Ended {
    let (ours, theirs) = tokio::io::duplex(8 << 10);
    let (reader, writer) = tokio::io::split(ours);
    let mut wire = Wire::new(reader, writer);
    let (mut reader, mut writer) = tokio::io::split(theirs);
    let listen = async move {
        tokio::io::copy(&mut reader, &mut tokio::io::sink()).await.ok();
    };
    let listening = tokio::spawn(listen);
    let speak = async move {
        // The relay may have hung up at the first fault.
        writer.write_all(line).await.ok();
        writer.shutdown().await.ok();
    };
    let relay = Relay { wire: &mut wire, context, former: None, output_bytes: 1 << 20 };
    let (ended, ()) = tokio::join!(relay.run(request()), speak);
    listening.abort();
    ended
}

#[tokio::test]
async fn malformed_lines_get_clear_errors_and_cost_no_memory() {
    let host = CheckHost::new(&[], Duration::from_secs(1)).unwrap();
    let context = JobContext::new(host);
    let valid = valid_lines();
    let mut dice = Dice(SEED);
    let own = i32::try_from(std::process::id()).unwrap();
    let (mut refused, mut early) = (0, 0);
    for number in 0..10_000 {
        let line = spoil(&mut dice, &valid);
        match relay(&line, &context).await {
            Ended::Broken(error) => {
                refused += 1;
                assert_eq!(error.kind, EngineErrorKind::Bug, "{number}: {error}");
                assert!(error.message.len() < 4_000, "{number}: {error}");
                assert!(!error.message.contains(char::is_control), "{number}: {error:?}");
            }
            // Some faults leave a message that is as good as another.
            Ended::Answered(_) | Ended::Closed => {}
        }
        if number == 999 {
            early = read_resident_bytes(own);
        }
    }
    let late = read_resident_bytes(own);
    println!("seed {SEED}: {refused} of 10000 lines refused, {early} then {late} bytes resident");
    assert!(refused > 7_000, "{refused}");
    assert!(late <= early + (16 << 20), "{early} {late}");
}
