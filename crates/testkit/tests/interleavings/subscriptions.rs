//! What the provider and the server have made of subscriptions beside the messages that were taken.

use anyhow::{Context, Result, bail};
use gantry_ports::Clock;
use gantry_rules::subscription::{AtPeriodEnd, SubscriptionStatus};
use serde_json::Value;

use crate::model::Said;
use crate::server::second_of;
use crate::world::World;

impl World {
    /// What the provider told of a subscription last.
    pub async fn find_said(&self, name: &str) -> Result<Said> {
        let events = self.server.sandbox.list_undelivered().await?;
        let bodies = events.iter().rev().map(|event| serde_json::from_slice(&event.body));
        for body in bodies {
            let body: Value = body?;
            if let Some((_, said)) = Said::read(&body).filter(|(known, _)| known == name) {
                return Ok(said);
            }
        }
        bail!("the provider said nothing of {name}")
    }

    /// The provider was asked about subscriptions, and ended those that were not paid for.
    pub async fn hear_of(&mut self, asked: Vec<(String, Said)>) -> Result<()> {
        let now = self.clock.now();
        for (name, known) in asked {
            let said = Said { at: second_of(now), ..self.find_said(&name).await? };
            if (&said.status, said.end) != (&known.status, known.end) {
                self.model.hear(&name, said, now);
            }
            self.model.look(now);
        }
        Ok(())
    }

    /// Second subscriptions are cancelled, and over once their payment was given back.
    pub async fn note_duplicates(&mut self) -> Result<()> {
        let now = self.clock.now();
        for name in self.model.list_duplicates() {
            let snapshot = self.server.port.read().await?;
            let known = snapshot.payments().find_subscription_by_ref("sandbox", &name).await?;
            drop(snapshot);
            let state = known.context("a subscription")?.standing.state;
            if state.status == SubscriptionStatus::Ended {
                self.model.end(&name, now);
            } else if state.at_period_end == AtPeriodEnd::Cancel {
                let said = self.find_said(&name).await?;
                self.model.hear(&name, said, now);
            }
        }
        Ok(())
    }
}
