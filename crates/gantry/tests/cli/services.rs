//! Services on a server of the real binary: models are loaded in host processes, and what a killed
//! host costs is one retry.

#![expect(clippy::unwrap_used, reason = "what a test stands on ends it when it fails")]

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::support::{Place, Server, create_administrator, example, log_in};

const CALLS: usize = 200;

struct Desk {
    place: Place,
    server: Server,
    key: String,
}

impl Desk {
    fn open() -> Self {
        let place = Place::new();
        create_administrator(&place).require(0);
        let server = Server::start(&place);
        log_in(&place, &server).require(0);
        let file = place.path(".config/gantry/credentials.toml");
        let text = std::fs::read_to_string(&file).unwrap();
        let start = text.find("gk_").unwrap();
        let key = text[start..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_');
        Self { key: key.collect(), place, server }
    }

    fn send(&self, agent: &ureq::Agent, path: &str, body: Option<&Value>) -> (u16, Value) {
        let url = format!("{}/api/v1{path}", self.server.url);
        let bearer = format!("Bearer {}", self.key);
        let answer = match body {
            None => agent.get(url).header("authorization", bearer).call(),
            Some(body) => agent
                .post(url)
                .header("authorization", bearer)
                .header("content-type", "application/json")
                .send(body.to_string()),
        };
        let mut answer = answer.unwrap();
        let text = answer.body_mut().read_to_string().unwrap();
        (answer.status().as_u16(), serde_json::from_str(&text).unwrap_or_default())
    }

    /// Trains a small model and answers its artifact.
    fn train(&self, agent: &ureq::Agent) -> Value {
        let file = example("iris.csv");
        let words = ["datasets", "upload", file.to_str().unwrap(), "--json"];
        let dataset = self.place.run(&words).require(0).json();
        let input = json!({ "kind": "dataset", "id": dataset["id"], "version": 1 });
        let params = json!({ "target": "species", "folds": 2, "algorithms": ["random_forest"] });
        let job =
            json!({ "operation": "automl.train", "params": params, "inputs": { "data": input } });
        let (status, job) = self.send(agent, "/jobs", Some(&job));
        assert_eq!(status, 202, "{job}");
        let id = job["id"].as_str().unwrap();
        let watched = self.place.run(&["jobs", "watch", id, "--json"]).require(0).json();
        assert_eq!(watched["state"], "succeeded");
        let (_, list) = self.send(agent, &format!("/jobs/{id}/artifacts"), None);
        let is_model = |artifact: &&Value| artifact["role"] == "model";
        list["items"].as_array().unwrap().iter().find(is_model).unwrap()["id"].clone()
    }
}

#[test]
fn a_model_answers_from_a_host_process_and_survives_its_death() {
    let desk = Desk::open();
    let config = ureq::Agent::config_builder().http_status_as_error(false).proxy(None).build();
    let agent = ureq::Agent::new_with_config(config);
    let artifact = desk.train(&agent);
    let row = json!({
        "sepal_length_cm": 5.1, "sepal_width_cm": 3.5, "petal_length_cm": 1.4,
        "petal_width_cm": 0.2,
    });
    let call = json!({ "artifact_id": artifact, "input": { "rows": [row] } });
    let path = "/services/automl.model/calls";
    let ask = || desk.send(&agent, path, Some(&call));
    let (status, first) = ask();
    assert_eq!(status, 200, "{first}");
    assert_eq!(first["output"]["predictions"][0]["prediction"], "setosa");
    let mut times = Vec::with_capacity(CALLS);
    for _ in 0..CALLS {
        let begun = Instant::now();
        let (status, answer) = ask();
        times.push(begun.elapsed());
        assert_eq!((status, answer), (200, first.clone()));
    }
    times.sort_unstable();
    let (half, most) = (times[CALLS / 2], times[CALLS * 95 / 100]);
    println!("one row over HTTP through a host process: p50 {half:?}, p95 {most:?}");
    assert!(half < Duration::from_millis(200), "{half:?}");

    let wrong = json!({ "artifact_id": artifact, "input": { "rows": [{ "petal_length_cm": 1 }] } });
    let (status, problem) = desk.send(&agent, path, Some(&wrong));
    assert_eq!((status, &problem["code"]), (422, &json!("invalid_parameters")), "{problem}");

    for host in find_service_hosts() {
        assert!(Command::new("kill").args(["-KILL", &host]).status().unwrap().success());
    }
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        let (status, answer) = ask();
        if status == 200 {
            assert_eq!(answer, first);
            break;
        }
        assert_eq!((status, &answer["code"]), (503, &json!("service_restarting")), "{answer}");
        assert!(Instant::now() < end, "{answer}");
    }
    assert_eq!(desk.server.stop(), Some(0));
}

/// The service hosts of servers that this test program started.
fn find_service_hosts() -> Vec<String> {
    let parent = |pid: &str| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let rest = stat.rsplit_once(')').map(|(_, rest)| rest.to_owned()).unwrap_or_default();
        rest.split_whitespace().nth(1).map(str::to_owned).unwrap_or_default()
    };
    let own = std::process::id().to_string();
    let is_ours = |pid: &String| {
        let words = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        words.contains("engine-host") && words.contains("--services") && parent(&parent(pid)) == own
    };
    let names = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = names.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let hosts: Vec<String> = pids.filter(is_ours).collect();
    assert!(!hosts.is_empty());
    hosts
}
