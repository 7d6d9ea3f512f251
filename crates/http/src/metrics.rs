//! Counters and latencies as Prometheus text.
//!
//! Invariant: labels come from closed sets (route templates, methods, status codes), never from
//! what a client sends, so that a client cannot fill the memory.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Upper bounds of the latency buckets, in seconds.
const BOUNDS: [f64; 12] = [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct RequestLabels {
    route: String,
    method: &'static str,
    status: u16,
}

#[derive(Debug, Clone, Default)]
struct Latencies {
    buckets: [u64; BOUNDS.len()],
    count: u64,
    seconds: f64,
}

/// A figure that is measured when somebody asks.
#[derive(Debug, Clone, PartialEq)]
pub struct Gauge {
    /// The name, with `gantry_` in front.
    pub name: &'static str,
    /// What it means.
    pub help: &'static str,
    /// The labels.
    pub labels: Vec<(&'static str, String)>,
    /// The value.
    pub value: f64,
}

/// A gauge's name and labels.
type GaugeKey = (&'static str, Vec<(&'static str, String)>);

/// The figures of one server.
#[derive(Debug, Default)]
pub struct Metrics {
    requests: Mutex<BTreeMap<RequestLabels, Latencies>>,
    gauges: Mutex<BTreeMap<GaugeKey, Gauge>>,
}

impl Metrics {
    /// Counts an answered request; `route` is the template, such as `/api/v1/jobs/{id}`.
    pub(crate) fn count_request(
        &self,
        route: &str,
        method: &'static str,
        status: u16,
        took: Duration,
    ) {
        let labels = RequestLabels { route: route.to_owned(), method, status };
        let seconds = took.as_secs_f64();
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        let latencies = requests.entry(labels).or_default();
        latencies.count += 1;
        latencies.seconds += seconds;
        for (bucket, bound) in latencies.buckets.iter_mut().zip(BOUNDS) {
            if seconds <= bound {
                *bucket += 1;
            }
        }
    }

    /// Sets a figure of another part of the server, such as the worker's slots in use.
    pub fn set_gauge(&self, gauge: Gauge) {
        let mut gauges = self.gauges.lock().unwrap_or_else(PoisonError::into_inner);
        gauges.insert((gauge.name, gauge.labels.clone()), gauge);
    }

    /// All figures, with those that were measured just now.
    pub(crate) fn render(&self, measured: &[Gauge]) -> String {
        let mut text = String::new();
        self.render_requests(&mut text);
        let kept = self.gauges.lock().unwrap_or_else(PoisonError::into_inner);
        let mut gauges: Vec<&Gauge> = kept.values().chain(measured).collect();
        gauges.sort_by_key(|gauge| gauge.name);
        let mut last = "";
        for gauge in gauges {
            if gauge.name != last {
                last = gauge.name;
                let _ = writeln!(text, "# HELP {last} {}\n# TYPE {last} gauge", gauge.help);
            }
            let labels: Vec<String> = gauge
                .labels
                .iter()
                .map(|(name, value)| format!("{name}=\"{}\"", escape(value)))
                .collect();
            let labels =
                if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
            let _ = writeln!(text, "{}{labels} {}", gauge.name, gauge.value);
        }
        text
    }

    fn render_requests(&self, text: &mut String) {
        const NAME: &str = "gantry_http_request_seconds";
        let _ = writeln!(text, "# HELP {NAME} Time from a request to the head of its answer.");
        let _ = writeln!(text, "# TYPE {NAME} histogram");
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        for (labels, latencies) in requests.iter() {
            let words = format!(
                "route=\"{}\",method=\"{}\",status=\"{}\"",
                escape(&labels.route),
                labels.method,
                labels.status
            );
            for (bucket, bound) in latencies.buckets.iter().zip(BOUNDS) {
                let _ = writeln!(text, "{NAME}_bucket{{{words},le=\"{bound}\"}} {bucket}");
            }
            let _ = writeln!(text, "{NAME}_bucket{{{words},le=\"+Inf\"}} {}", latencies.count);
            let _ = writeln!(text, "{NAME}_sum{{{words}}} {}", latencies.seconds);
            let _ = writeln!(text, "{NAME}_count{{{words}}} {}", latencies.count);
        }
    }
}

fn escape(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_cumulative_and_gauges_are_grouped() {
        let metrics = Metrics::default();
        metrics.count_request("/api/v1/jobs", "GET", 200, Duration::from_millis(3));
        metrics.count_request("/api/v1/jobs", "GET", 200, Duration::from_millis(300));
        let queued = |device: &str, value| Gauge {
            name: "gantry_jobs_queued",
            help: "Jobs that wait.",
            labels: vec![("device", device.to_owned())],
            value,
        };
        metrics.set_gauge(queued("gpu", 1.0));
        let text = metrics.render(&[queued("c\"pu", 2.0)]);
        let words = "route=\"/api/v1/jobs\",method=\"GET\",status=\"200\"";
        assert!(text.contains(&format!("_bucket{{{words},le=\"0.002\"}} 0\n")), "{text}");
        assert!(text.contains(&format!("_bucket{{{words},le=\"0.005\"}} 1\n")));
        assert!(text.contains(&format!("_bucket{{{words},le=\"0.5\"}} 2\n")));
        assert!(text.contains(&format!("_count{{{words}}} 2\n")));
        assert_eq!(text.matches("# TYPE gantry_jobs_queued gauge").count(), 1);
        assert!(text.contains("gantry_jobs_queued{device=\"c\\\"pu\"} 2\n"));
    }
}
