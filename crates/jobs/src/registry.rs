//! What can be run: the operations and services of every registered engine.
//!
//! Invariants: ids are unique; an operation's id starts with its engine's; what is for jobs or for
//! the platform alone can be run, and nobody can submit it by hand.

use std::collections::BTreeMap;
use std::sync::Arc;

use gantry_engine_api::{AnyOperation, AnyService, Audience, Engine, OperationSpec, ServiceSpec};

use crate::named_things::NamedThings;

/// An engine cannot be registered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// Two things have the same id.
    #[error("`{id}` is registered twice")]
    Duplicate {
        /// The id.
        id: String,
    },
    /// An id does not start with its engine's.
    #[error("`{id}` does not start with `{engine}.`")]
    ForeignId {
        /// The id.
        id: String,
        /// The engine.
        engine: String,
    },
}

/// What an engine says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineInfo {
    /// The name, such as `automl`.
    pub id: String,
    /// The name for people.
    pub title: String,
    /// What it is for.
    pub summary: String,
}

struct Registered {
    spec: OperationSpec,
    operation: Arc<dyn AnyOperation>,
    reach: Reach,
}

/// Who can start an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// Everybody who may run jobs.
    People,
    /// Jobs, as their child.
    Jobs,
    /// The platform itself.
    Platform,
}

/// The registered engines.
#[derive(Default)]
pub struct Registry {
    engines: Vec<EngineInfo>,
    operations: BTreeMap<String, Registered>,
    services: BTreeMap<String, Arc<dyn AnyService>>,
    /// For operations whose parameters name workflows or data.
    named: BTreeMap<String, Arc<dyn NamedThings>>,
}

impl Registry {
    /// Adds an engine with its operations and services.
    ///
    /// # Errors
    /// [`RegistryError`] for ids that are taken or foreign.
    pub fn add_engine(&mut self, engine: &dyn Engine) -> Result<(), RegistryError> {
        let prefix = format!("{}.", engine.id());
        for operation in engine.operations() {
            self.add_operation(operation, Some(&prefix))?;
        }
        for service in engine.services() {
            let id = service.spec().id;
            require_prefix(&id, &prefix)?;
            if self.services.insert(id.clone(), service).is_some() {
                return Err(RegistryError::Duplicate { id });
            }
        }
        self.engines.push(EngineInfo {
            id: engine.id().to_owned(),
            title: engine.title().to_owned(),
            summary: engine.summary().to_owned(),
        });
        Ok(())
    }

    /// Adds an operation of the platform: it can be run, and nobody can submit it by hand.
    ///
    /// # Errors
    /// [`RegistryError::Duplicate`].
    pub fn add_platform_operation(
        &mut self,
        operation: Arc<dyn AnyOperation>,
    ) -> Result<(), RegistryError> {
        self.add_operation(operation, None)
    }

    /// Says who reads what the parameters of an operation name.
    pub fn add_named_things(&mut self, operation: &str, reader: Arc<dyn NamedThings>) {
        self.named.insert(operation.to_owned(), reader);
    }

    /// Who reads what the parameters of an operation name, if they name anything.
    pub(crate) fn find_named_things(&self, operation: &str) -> Option<Arc<dyn NamedThings>> {
        self.named.get(operation).map(Arc::clone)
    }

    fn add_operation(
        &mut self,
        operation: Arc<dyn AnyOperation>,
        engine_prefix: Option<&str>,
    ) -> Result<(), RegistryError> {
        let spec = operation.spec();
        require_prefix(&spec.id, engine_prefix.unwrap_or_default())?;
        if self.operations.contains_key(&spec.id) {
            return Err(RegistryError::Duplicate { id: spec.id });
        }
        let reach = match (engine_prefix, spec.audience) {
            (None, _) => Reach::Platform,
            (Some(_), Audience::People) => Reach::People,
            (Some(_), Audience::Jobs) => Reach::Jobs,
        };
        self.operations.insert(spec.id.clone(), Registered { spec, operation, reach });
        Ok(())
    }

    /// The engines, in the order of registration.
    #[must_use]
    pub fn engines(&self) -> &[EngineInfo] {
        &self.engines
    }

    /// What users can submit, by id.
    pub fn specs(&self) -> impl Iterator<Item = &OperationSpec> {
        self.operations
            .values()
            .filter(|entry| entry.reach == Reach::People)
            .map(|entry| &entry.spec)
    }

    /// What a user can submit under this id.
    #[must_use]
    pub fn find_spec(&self, id: &str) -> Option<&OperationSpec> {
        self.operations
            .get(id)
            .filter(|entry| entry.reach == Reach::People)
            .map(|entry| &entry.spec)
    }

    /// What a job can start as its child under this id.
    #[must_use]
    pub fn find_child_spec(&self, id: &str) -> Option<&OperationSpec> {
        self.operations
            .get(id)
            .filter(|entry| entry.reach != Reach::Platform)
            .map(|entry| &entry.spec)
    }

    /// The name for people of any operation, also the platform's.
    #[must_use]
    pub fn find_title(&self, id: &str) -> Option<&str> {
        self.operations.get(id).map(|entry| entry.spec.title.as_str())
    }

    /// Any operation, also the platform's.
    #[must_use]
    pub fn find_operation(&self, id: &str) -> Option<Arc<dyn AnyOperation>> {
        self.operations.get(id).map(|entry| Arc::clone(&entry.operation))
    }

    /// What users can submit, by id.
    #[must_use]
    pub fn visible_operations(&self) -> BTreeMap<String, Arc<dyn AnyOperation>> {
        let visible = self.operations.iter().filter(|(_, entry)| entry.reach == Reach::People);
        visible.map(|(id, entry)| (id.clone(), Arc::clone(&entry.operation))).collect()
    }

    /// What every service says about itself.
    #[must_use]
    pub fn services(&self) -> Vec<ServiceSpec> {
        self.services.values().map(|service| service.spec()).collect()
    }

    /// A service.
    #[must_use]
    pub fn find_service(&self, id: &str) -> Option<Arc<dyn AnyService>> {
        self.services.get(id).map(Arc::clone)
    }

    /// The id nearest to one that is unknown, for the error's words.
    #[must_use]
    pub fn find_nearest(&self, id: &str) -> Option<&str> {
        let verb = id.rsplit('.').next().unwrap_or(id);
        let near = |spec: &&OperationSpec| {
            spec.id.contains(id) || (!verb.is_empty() && spec.id.ends_with(verb))
        };
        self.specs().find(near).map(|spec| spec.id.as_str())
    }
}

fn require_prefix(id: &str, prefix: &str) -> Result<(), RegistryError> {
    if id.starts_with(prefix) {
        return Ok(());
    }
    Err(RegistryError::ForeignId {
        id: id.to_owned(),
        engine: prefix.trim_end_matches('.').to_owned(),
    })
}
