//! A service that streams, dawdles, hogs memory, or takes its process along.
//!
//! Only for calls in a host process: some moods end the process that they are in.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::{Duration, Instant};

use gantry_engine_api::{CallContext, EngineError, InputFile, Loaded, Service, ServiceSpec};
use gantry_types::MeterId;
use serde_json::{Value, json};

/// Does what `mood` says.
#[derive(Clone)]
pub(super) struct Moods;

/// Keeps as many bytes as the artifact's text says, in mebibytes.
struct Mood {
    held: Vec<u8>,
}

impl Service for Moods {
    fn spec(&self) -> ServiceSpec {
        ServiceSpec {
            id: "test.moods".to_owned(),
            version: 1,
            title: "Moods".to_owned(),
            input_schema: json!({
                "type": "object",
                "properties": { "mood": { "type": "string" }, "millis": { "type": "integer" } },
                "required": ["mood"],
            }),
            output_schema: json!({ "type": "object" }),
        }
    }

    /// One unit of `calls`.
    fn meters(&self, _: &Value) -> BTreeMap<MeterId, u64> {
        "calls".parse().ok().map(|meter| (meter, 1)).into_iter().collect()
    }

    fn load(&self, artifact: InputFile) -> Result<Box<dyn Loaded>, EngineError> {
        let text = std::fs::read_to_string(artifact.path())?;
        let mebibytes: usize = text.trim().parse().unwrap_or(0);
        // Ones, because zeros would take no memory.
        Ok(Box::new(Mood { held: vec![1; mebibytes << 20] }))
    }
}

impl Loaded for Mood {
    fn call(&self, input: Value, context: &CallContext) -> Result<Value, EngineError> {
        let time = Duration::from_millis(input["millis"].as_u64().unwrap_or(0));
        match input["mood"].as_str().unwrap_or_default() {
            "calm" => {}
            "talkative" => (0..3).for_each(|number| context.emit(json!(number))),
            "slow" => sleep(time, context)?,
            "deaf" => std::thread::sleep(time),
            "panicky" => panic_now(),
            "deadly" => std::process::abort(),
            "confused" => {
                std::io::stdout().write_all(b"Epoch 1 of 3\n")?;
                std::io::stdout().flush()?;
                std::thread::sleep(time);
            }
            "greedy" => {
                let mut hoard = Vec::new();
                while context.check().is_ok() {
                    hoard.push(vec![1_u8; 8 << 20]);
                    std::thread::sleep(Duration::from_millis(10));
                }
            }
            "endless" => loop {
                context.check()?;
                context.emit(json!("x".repeat(100_000)));
            },
            _ => return Err(EngineError::params("There is no such `mood`.")),
        }
        Ok(json!({ "process": std::process::id(), "held": self.held.len() }))
    }
}

fn sleep(time: Duration, context: &CallContext) -> Result<(), EngineError> {
    let end = Instant::now() + time;
    while Instant::now() < end {
        context.check()?;
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

#[expect(clippy::panic, reason = "this is what it is asked for")]
fn panic_now() {
    panic!("asked to panic");
}
