//! A service that knows network addresses, in the shape of IPQualityScore's.
//!
//! Invariants: it answers for its one key alone; what it was not told of is an address of a household.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Result;
use serde_json::{Value, json};

use super::server::{Answering, FakeAnswer, FakeRequest, FakeServer, serve};

/// The one key.
pub const REPUTATION_KEY: &str = "test-key-0123456789";

#[derive(Default)]
struct Book {
    known: BTreeMap<String, Value>,
    is_down: bool,
    questions: usize,
}

#[derive(Default)]
struct Desk(Mutex<Book>);

/// The service, which ends with its owner.
pub struct FakeReputation {
    server: FakeServer,
    desk: Arc<Desk>,
}

impl FakeReputation {
    /// Starts it.
    ///
    /// # Errors
    /// When there is no port.
    pub async fn start() -> Result<Self> {
        let desk = Arc::new(Desk::default());
        let server = serve(desk.clone()).await?;
        Ok(Self { server, desk })
    }

    /// Where it is.
    #[must_use]
    pub fn base(&self) -> String {
        format!("http://{}/api", self.server.address)
    }

    /// Tells it of an address: members of its answer.
    pub fn learn(&self, address: &str, told: Value) {
        self.desk.book().known.insert(address.to_owned(), told);
    }

    /// Whether it answers.
    pub fn set_down(&self, is_down: bool) {
        self.desk.book().is_down = is_down;
    }

    /// How often it was asked.
    #[must_use]
    pub fn questions(&self) -> usize {
        self.desk.book().questions
    }
}

impl Desk {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Answering for Desk {
    fn answer(&self, request: &FakeRequest) -> Option<FakeAnswer> {
        let mut book = self.book();
        book.questions += 1;
        if book.is_down {
            return None;
        }
        let address = request.path.strip_prefix(&format!("/api/json/ip/{REPUTATION_KEY}/"));
        let Some(address) = address else {
            let refused = json!({ "success": false, "message": "Invalid or unauthorized key." });
            return Some(FakeAnswer::new(200, refused));
        };
        let mut answer = json!({
            "success": true, "message": "Success", "fraud_score": 0, "proxy": false, "vpn": false,
            "tor": false, "is_crawler": false, "bot_status": false, "recent_abuse": false,
            "connection_type": "Residential",
        });
        let told = book.known.get(address).and_then(Value::as_object);
        for (member, value) in told.into_iter().flatten() {
            answer[member] = value.clone();
        }
        Some(FakeAnswer::new(200, answer))
    }
}
