//! The artifacts that services keep warm, wherever they are loaded.
//!
//! Invariants: an artifact is loaded once and shared by its callers, also when they come at the
//! same time; beyond the bound on bytes or on number the longest unused ones are let go, never
//! the one that was loaded last.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gantry_engine_api::WarmArtifact;

use crate::error::JobsError;

/// The most artifacts that are kept, however small.
const MOST_WARM: usize = 64;
/// The most bytes of memory that they take together, unless somebody says otherwise.
const USUAL_BYTES: u64 = 3 << 30;

/// The service and the hash of the artifact.
pub(crate) type Key = (String, String);

#[derive(Default)]
struct Place {
    warm: tokio::sync::Mutex<Option<Arc<dyn WarmArtifact>>>,
    bytes: AtomicU64,
    used: AtomicU64,
}

/// The artifacts that are in memory.
pub struct WarmArtifacts {
    bytes: u64,
    uses: AtomicU64,
    places: Mutex<HashMap<Key, Arc<Place>>>,
}

impl Default for WarmArtifacts {
    fn default() -> Self {
        Self::within(USUAL_BYTES)
    }
}

impl WarmArtifacts {
    /// Keeps artifacts of at most so many bytes of memory together.
    #[must_use]
    pub fn within(bytes: u64) -> Self {
        Self { bytes, uses: AtomicU64::new(1), places: Mutex::default() }
    }

    /// The artifact of `key`, which `load` loads unless it is warm.
    pub(crate) async fn get_or_load<F>(
        &self,
        key: Key,
        load: F,
    ) -> Result<Arc<dyn WarmArtifact>, JobsError>
    where
        F: Future<Output = Result<Arc<dyn WarmArtifact>, JobsError>> + Send,
    {
        let place = Arc::clone(self.places().entry(key.clone()).or_default());
        place.used.store(self.uses.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
        let mut warm = place.warm.lock().await;
        if let Some(warm) = warm.as_ref().filter(|warm| warm.is_warm()) {
            return Ok(Arc::clone(warm));
        }
        *warm = None;
        let loaded = load.await;
        match &loaded {
            Ok(loaded) => {
                place.bytes.store(loaded.resident_bytes(), Ordering::Relaxed);
                *warm = Some(Arc::clone(loaded));
                self.make_room(&key);
            }
            Err(_) => {
                self.places().remove(&key);
            }
        }
        loaded
    }

    fn make_room(&self, newest: &Key) {
        let mut places = self.places();
        let mut others: Vec<(u64, u64, Key)> = places
            .iter()
            .filter(|(key, _)| *key != newest)
            .map(|(key, place)| {
                let (used, bytes) = (&place.used, &place.bytes);
                (used.load(Ordering::Relaxed), bytes.load(Ordering::Relaxed), key.clone())
            })
            .collect();
        others.sort_unstable();
        let mut taken: u64 = places.values().map(|place| place.bytes.load(Ordering::Relaxed)).sum();
        for (_, bytes, key) in others {
            if taken <= self.bytes && places.len() <= MOST_WARM {
                return;
            }
            taken = taken.saturating_sub(bytes);
            places.remove(&key);
        }
    }

    fn places(&self) -> MutexGuard<'_, HashMap<Key, Arc<Place>>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use gantry_engine_api::{CallContext, EngineError};
    use serde_json::Value;
    use std::sync::atomic::AtomicBool;

    use super::*;

    struct Thing {
        bytes: u64,
        is_warm: Arc<AtomicBool>,
    }

    #[async_trait]
    impl WarmArtifact for Thing {
        async fn call(&self, input: Value, _: CallContext) -> Result<Value, EngineError> {
            Ok(input)
        }

        fn resident_bytes(&self) -> u64 {
            self.bytes
        }

        fn is_warm(&self) -> bool {
            self.is_warm.load(Ordering::Relaxed)
        }
    }

    struct Loads {
        count: AtomicU64,
        is_warm: Arc<AtomicBool>,
    }

    impl Loads {
        async fn get(&self, warm: &WarmArtifacts, name: &str) {
            let load = async {
                tokio::task::yield_now().await;
                self.count.fetch_add(1, Ordering::Relaxed);
                let thing = Thing { bytes: 40, is_warm: Arc::clone(&self.is_warm) };
                Ok(Arc::new(thing) as Arc<dyn WarmArtifact>)
            };
            warm.get_or_load(("x".to_owned(), name.to_owned()), load).await.unwrap();
        }

        fn take(&self) -> u64 {
            self.count.swap(0, Ordering::Relaxed)
        }
    }

    #[tokio::test]
    async fn the_longest_unused_leaves_and_what_went_cold_is_loaded_again() {
        let warm = WarmArtifacts::within(100);
        let loads = Loads { count: AtomicU64::new(0), is_warm: Arc::new(AtomicBool::new(true)) };
        tokio::join!(loads.get(&warm, "a"), loads.get(&warm, "a"), loads.get(&warm, "a"));
        assert_eq!(loads.take(), 1);
        loads.get(&warm, "b").await;
        loads.get(&warm, "a").await;
        // There is room for two; `b` was not used for longest.
        loads.get(&warm, "c").await;
        loads.get(&warm, "a").await;
        loads.get(&warm, "c").await;
        assert_eq!(loads.take(), 2);
        loads.get(&warm, "b").await;
        assert_eq!(loads.take(), 1);
        loads.is_warm.store(false, Ordering::Relaxed);
        loads.get(&warm, "b").await;
        assert_eq!(loads.take(), 1);
    }
}
