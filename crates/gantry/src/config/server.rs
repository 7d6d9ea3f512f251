//! `[server]`: the HTTP server and the data folder.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who may read `/metrics`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MetricsConfig {
    /// Programs on the same machine.
    Local,
    /// Everybody who can reach the server.
    Everybody,
}

/// The HTTP server and the data folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ServerConfig {
    /// Address and port to listen on.
    pub listen: SocketAddr,
    /// Folder for the database, files and scratch space.
    pub data_dir: PathBuf,
    /// The product to serve: the name of a built-in edition, or the path of a file.
    pub edition: String,
    /// The address under which people reach the server, such as `https://gantry.example`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_url: Option<String>,
    /// Other origins whose pages may send state-changing requests.
    pub allowed_origins: Vec<String>,
    /// Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// Seconds that a request may take.
    pub request_timeout_s: u64,
    /// Who may read `/metrics`.
    pub metrics: MetricsConfig,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            data_dir: PathBuf::from("./gantry-data"),
            edition: "default".to_owned(),
            public_url: None,
            allowed_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            request_timeout_s: 60,
            metrics: MetricsConfig::Local,
        }
    }
}
