//! Who shows ads for credits, and who knows networks: as the edition and the settings say.
//!
//! Invariant: a server that could not believe its ads does not start, and says which setting is
//! missing or wrong.

use std::sync::Arc;

use gantry_ads::{
    AdMob, AdMobSettings, AdSandbox, NetworkLists, Networks, Reputation, ReputationSettings,
};
use gantry_billing::{AdProvider, Edition, Rewards as EditionRewards};
use gantry_ports::{Clock, NetworkIntelligence, Store};
use gantry_rewards::{AdDesk, Rewards};
use gantry_rules::fraud::NetworkMark;

use crate::config::{AdsConfig, Config, FraudConfig};
use crate::failure::Failure;
use crate::house::Purpose;

/// The use-cases of ads; in a process that only works, nobody shows any.
///
/// # Errors
/// A usage failure that names the setting that is missing or wrong.
pub fn open(
    purpose: Purpose,
    edition: &Edition,
    config: &Config,
    (store, clock): (&Arc<dyn Store>, &Arc<dyn Clock>),
) -> Result<Rewards, Failure> {
    let offered = edition.rewards.as_ref().filter(|_| purpose == Purpose::Serve);
    let terms = offered.map(|offered| offered.terms);
    let rewards = Rewards::new(Arc::clone(store), Arc::clone(clock), terms);
    match offered {
        Some(offered) => Ok(rewards.with_desk(open_desk(offered, config, clock)?)),
        None => Ok(rewards),
    }
}

fn open_desk(
    offered: &EditionRewards,
    config: &Config,
    clock: &Arc<dyn Clock>,
) -> Result<AdDesk, Failure> {
    let networks = open_networks(&config.fraud, clock)?;
    match choose(offered, &config.ads)? {
        AdProvider::Sandbox => {
            let opened = AdSandbox::open().map_err(|error| Failure::broken(error.to_string()))?;
            let sandbox = Arc::new(opened);
            Ok(AdDesk { verifier: sandbox.clone(), sandbox: Some(sandbox), networks })
        }
        AdProvider::AdMob => {
            let admob = open_admob(offered, &config.ads, clock)?;
            Ok(AdDesk { verifier: Arc::new(admob), sandbox: None, networks })
        }
    }
}

/// Lets the settings name another provider than the edition does.
fn choose(offered: &EditionRewards, config: &AdsConfig) -> Result<AdProvider, Failure> {
    let Some(name) = &config.provider else { return Ok(offered.provider) };
    let found = AdProvider::ALL.iter().find(|(word, _)| word == name);
    found.map(|(_, provider)| *provider).ok_or_else(|| {
        let known: Vec<&str> = AdProvider::ALL.iter().map(|(word, _)| *word).collect();
        Failure::usage(format!("`ads.provider` names `{name}`"))
            .with_next(format!("known are: {}", known.join(", ")))
    })
}

fn open_admob(
    offered: &EditionRewards,
    config: &AdsConfig,
    clock: &Arc<dyn Clock>,
) -> Result<AdMob, Failure> {
    let units = if config.units.is_empty() { &offered.units } else { &config.units };
    let settings = AdMobSettings { units: units.clone(), key_url: config.key_url.clone() };
    AdMob::new(settings, Arc::clone(clock)).map_err(|error| {
        Failure::usage(format!("ads cannot be shown by AdMob: {error}"))
            .with_next("name the app's ad units in `rewards.units` of the edition, or `ads.units`")
    })
}

fn open_networks(
    config: &FraudConfig,
    clock: &Arc<dyn Clock>,
) -> Result<Arc<dyn NetworkIntelligence>, Failure> {
    let networks = &config.networks;
    let named = [
        (NetworkMark::Hosting, &networks.hosting),
        (NetworkMark::Vpn, &networks.vpn),
        (NetworkMark::Proxy, &networks.proxy),
        (NetworkMark::Tor, &networks.tor),
    ];
    let lists: Vec<_> = named
        .into_iter()
        .flat_map(|(mark, files)| files.iter().map(move |file| (mark, file.clone())))
        .collect();
    let mut sources: Vec<Arc<dyn NetworkIntelligence>> = Vec::new();
    if !lists.is_empty() {
        let lists = NetworkLists::open(&lists);
        let lists = lists.map_err(|error| Failure::usage(format!("`fraud.networks`: {error}")))?;
        sources.push(Arc::new(lists));
    }
    if let Some(key) = &config.reputation.key {
        let base = config.reputation.base.clone();
        let settings = ReputationSettings { key: key.expose().to_owned(), base };
        let service = Reputation::new(settings, Arc::clone(clock));
        let service = service
            .map_err(|error| Failure::usage(format!("`fraud.reputation` is wrong: {error}")))?;
        sources.push(Arc::new(service));
    }
    Ok(Arc::new(Networks::new(sources)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::editions;
    use crate::engines::built_in;
    use crate::system_clock::SystemClock;

    fn open_automl(config: &Config) -> Result<AdDesk, Failure> {
        let known = editions::derive_vocabulary(&built_in());
        let edition = editions::read("automl", &known).unwrap();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        open_desk(&edition.rewards.unwrap(), config, &clock)
    }

    #[test]
    fn the_edition_shows_ads_of_the_sandbox_until_the_settings_name_units() {
        let mut config = Config::default();
        let desk = open_automl(&config).unwrap();
        assert_eq!((desk.verifier.id(), desk.sandbox.is_some()), ("sandbox", true));
        config.ads.provider = Some("admob".to_owned());
        let refused = open_automl(&config).err().unwrap();
        assert!(refused.cause.contains("`units` is missing"), "{refused}");
        config.ads.units = vec!["ca-app-pub-1/22".to_owned()];
        let desk = open_automl(&config).unwrap();
        assert_eq!((desk.verifier.id(), desk.verifier.unit()), ("admob", "ca-app-pub-1/22"));
        config.ads.provider = Some("admop".to_owned());
        let refused = open_automl(&config).err().unwrap();
        assert!(refused.next.unwrap().contains("sandbox, admob"));
    }

    #[test]
    fn a_list_of_networks_that_is_not_there_is_named() {
        let mut config = Config::default();
        config.fraud.networks.vpn = vec!["/nowhere/vpn.txt".into()];
        let refused = open_automl(&config).err().unwrap();
        assert!(refused.cause.contains("/nowhere/vpn.txt"), "{refused}");
    }
}
