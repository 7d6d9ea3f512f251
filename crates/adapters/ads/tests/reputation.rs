//! A service that knows addresses is asked once, and its silence speaks against nobody.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use gantry_ads::{Reputation, ReputationSettings};
use gantry_ports::NetworkIntelligence;
use gantry_rules::fraud::NetworkMark;
use gantry_testkit::TestClock;
use gantry_testkit::fakes::reputation::{FakeReputation, REPUTATION_KEY};
use serde_json::json;

fn open(fake: &FakeReputation, key: &str, clock: &Arc<TestClock>) -> Result<Reputation> {
    let settings = ReputationSettings { key: key.to_owned(), base: fake.base() };
    Ok(Reputation::new(settings, clock.clone())?)
}

#[tokio::test]
async fn an_address_is_asked_about_once_an_hour() -> Result<()> {
    let (fake, clock) = (FakeReputation::start().await?, Arc::new(TestClock::default()));
    let service = open(&fake, REPUTATION_KEY, &clock)?;
    let (vpn, home): (IpAddr, IpAddr) = ("198.51.100.7".parse()?, "203.0.113.5".parse()?);
    fake.learn("198.51.100.7", json!({ "vpn": true, "proxy": true, "fraud_score": 90 }));
    for _ in 0..3 {
        let report = service.look_up(vpn).await;
        assert_eq!(report.marks, [NetworkMark::Vpn, NetworkMark::Abuse]);
        assert_eq!(report.unknown, None);
    }
    assert!(service.look_up(home).await.marks.is_empty());
    assert_eq!(fake.questions(), 2);
    clock.advance(Duration::from_hours(1));
    service.look_up(vpn).await;
    assert_eq!(fake.questions(), 3);
    service.look_up("127.0.0.1".parse()?).await;
    assert_eq!(fake.questions(), 3, "nobody else knows this address");
    Ok(())
}

#[tokio::test]
async fn silence_speaks_against_nobody() -> Result<()> {
    let (fake, clock) = (FakeReputation::start().await?, Arc::new(TestClock::default()));
    let service = open(&fake, REPUTATION_KEY, &clock)?;
    let address: IpAddr = "198.51.100.7".parse()?;
    fake.learn("198.51.100.7", json!({ "tor": true }));
    fake.set_down(true);
    for _ in 0..3 {
        let report = service.look_up(address).await;
        assert!(report.marks.is_empty() && report.unknown.is_some(), "{report:?}");
    }
    let asked = fake.questions();
    fake.set_down(false);
    service.look_up(address).await;
    assert_eq!(fake.questions(), asked, "it is left alone for a while");
    clock.advance(Duration::from_mins(1));
    assert_eq!(service.look_up(address).await.marks, [NetworkMark::Tor]);

    let stranger = open(&fake, "another-key", &clock)?;
    let report = stranger.look_up(address).await;
    let unknown = report.unknown.unwrap_or_default();
    assert!(unknown.contains("refuses") && !unknown.contains("another-key"), "{unknown}");
    Ok(())
}
