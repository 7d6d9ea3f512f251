//! The child's side of services: loads artifacts and answers calls on them, side by side.
//!
//! Invariants: every call is answered once; an artifact that was unloaded ends with the last call
//! on it; a panic ends its call alone.

use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use gantry_engine_api::protocol::{
    EngineManifest, EngineMessage, HostMessage, PROTOCOL, RunInput, ServiceManifest,
};
use gantry_engine_api::{
    AnyService, CallContext, CancellationToken, Engine, EngineError, InputFile, ServiceSpec,
    WarmArtifact,
};
use serde_json::Value;
use tokio::sync::mpsc::UnboundedReceiver;

use super::{Heard, derive_introduction};
use crate::error::ExternalError;
use crate::serve::line_out::LineOut;

#[derive(Default)]
struct Table {
    warm: HashMap<String, Arc<dyn WarmArtifact>>,
    calls: HashMap<String, CancellationToken>,
}

/// What the tasks of a server share.
struct Desk {
    out: LineOut,
    table: Mutex<Table>,
}

pub(super) struct ServiceServer {
    manifest: EngineManifest,
    services: BTreeMap<String, Arc<dyn AnyService>>,
    desk: Arc<Desk>,
}

impl ServiceServer {
    pub(super) fn new(engines: &[&dyn Engine], output: impl Write + Send + 'static) -> Self {
        let all = engines.iter().flat_map(|engine| engine.services());
        let services: BTreeMap<String, Arc<dyn AnyService>> =
            all.map(|service| (service.spec().id, service)).collect();
        let manifests = services.values().map(|service| derive_manifest(service.spec()));
        let manifest =
            EngineManifest { services: manifests.collect(), ..derive_introduction(engines) };
        let desk = Desk { out: LineOut::new(output), table: Mutex::default() };
        Self { manifest, services, desk: Arc::new(desk) }
    }

    pub(super) async fn serve(
        &self,
        mut messages: UnboundedReceiver<Heard>,
    ) -> Result<(), ExternalError> {
        while let Some(message) = messages.recv().await {
            self.take(message.map_err(ExternalError::Protocol)?);
        }
        Ok(())
    }

    fn take(&self, message: HostMessage) {
        let desk = &self.desk;
        match message {
            HostMessage::Hello { .. } => desk
                .out
                .say(&EngineMessage::Ready { protocol: PROTOCOL, engine: self.manifest.clone() }),
            HostMessage::ServiceLoad { run, service, artifact } => {
                self.load(run, &service, artifact);
            }
            HostMessage::ServiceCall { run, loaded, input, time_ms } => {
                self.call(run, &loaded, (input, Duration::from_millis(time_ms)));
            }
            HostMessage::ServiceUnload { loaded } => {
                desk.table().warm.remove(&loaded);
            }
            HostMessage::Cancel { run } => {
                if let Some(call) = desk.table().calls.get(&run) {
                    call.cancel();
                }
            }
            HostMessage::Estimate { run, .. } => desk.fail(run, derive_misplaced()),
            HostMessage::Run(request) => desk.fail(request.run, derive_misplaced()),
            HostMessage::Answer { .. } => {}
        }
    }

    fn load(&self, run: String, service: &str, artifact: RunInput) {
        let desk = Arc::clone(&self.desk);
        let Some(service) = self.services.get(service).map(Arc::clone) else {
            let service: String = service.chars().take(100).collect();
            return desk
                .fail(run, EngineError::bug(format!("This engine has no service `{service}`.")));
        };
        tokio::spawn(async move {
            match service.load(InputFile::new(artifact.meta, artifact.path)).await {
                Ok(warm) => {
                    desk.table().warm.insert(run.clone(), warm);
                    desk.out.say(&EngineMessage::ServiceLoaded { run });
                }
                Err(error) => desk.fail(run, error),
            }
        });
    }

    fn call(&self, run: String, loaded: &str, (input, time): (Value, Duration)) {
        let desk = Arc::clone(&self.desk);
        let Some(warm) = desk.table().warm.get(loaded).map(Arc::clone) else {
            return desk.fail(run, EngineError::transient("The artifact was unloaded."));
        };
        let token = CancellationToken::new();
        desk.table().calls.insert(run.clone(), token.clone());
        let speaker = Arc::clone(&desk);
        let name = run.clone();
        let emit = move |chunk| {
            let run = name.clone();
            speaker.out.say(&EngineMessage::ServiceChunk { run, chunk });
        };
        let context = CallContext::new(Instant::now() + time, token, Box::new(emit));
        tokio::spawn(async move {
            let answer = warm.call(input, context).await;
            desk.table().calls.remove(&run);
            match answer {
                Ok(output) => {
                    let answer = EngineMessage::ServiceAnswer { run: run.clone(), output };
                    desk.out.say_end(&answer, &run);
                }
                Err(error) => desk.fail(run, error),
            }
        });
    }
}

impl Desk {
    fn fail(&self, run: String, error: EngineError) {
        let EngineError { kind, message, next_step, .. } = error;
        self.out.say(&EngineMessage::Failed { run, kind, message, next_step });
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn derive_misplaced() -> EngineError {
    EngineError::bug("This process serves services; operations have one of their own.")
}

fn derive_manifest(spec: ServiceSpec) -> ServiceManifest {
    ServiceManifest {
        id: spec.id,
        version: spec.version,
        title: spec.title,
        input_schema: spec.input_schema,
        output_schema: spec.output_schema,
        // The host that started this process has the service's code, and counts by it.
        meters: BTreeMap::new(),
    }
}
