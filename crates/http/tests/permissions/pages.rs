//! The routes outside the API's description: pages with forms, the endpoints of OAuth, files, the
//! server's health. Who is let in, where every role and every key knocks.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use gantry_testkit::{PASSWORD, TestApp, TestClient, TestRequest, TestResponse};
use serde_json::{Value, json};

use crate::rules::{ALL, Who};
use crate::stage::{REDIRECT, set_stage};

/// Who gets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Door {
    /// Everybody, and nobody gets further by who they are.
    Open,
    /// Nobody without the token of a page of ours, whatever else they bring.
    Form,
    /// A button for who has a session, which takes its token; others have nothing to press it for.
    Button,
    /// A person in a browser; their session's token is needed to change something.
    Person,
    /// A client of OAuth by its secret, for which no session and no key stands.
    Client,
    /// Whoever knows a name that cannot be guessed.
    Named,
    /// A program on the same machine.
    Machine,
}

/// Method, path, door.
const PAGES: &[(&str, &str, Door)] = &[
    ("get", "/", Door::Open),
    ("get", "/pricing", Door::Open),
    ("get", "/sign-in", Door::Open),
    ("post", "/sign-in", Door::Form),
    ("get", "/admin/sign-in", Door::Open),
    ("post", "/admin/sign-in", Door::Form),
    ("post", "/sign-in/code", Door::Form),
    ("get", "/forgot-password", Door::Open),
    ("post", "/forgot-password", Door::Form),
    ("get", "/reset-password", Door::Open),
    ("post", "/reset-password", Door::Form),
    ("get", "/verify-email", Door::Open),
    ("post", "/verify-email", Door::Form),
    ("get", "/keep-account", Door::Open),
    ("post", "/keep-account", Door::Form),
    ("get", "/invitation", Door::Open),
    ("post", "/invitation", Door::Form),
    ("get", "/oauth/authorize", Door::Person),
    ("post", "/oauth/authorize", Door::Person),
    ("get", "/register", Door::Open),
    ("post", "/register", Door::Form),
    ("get", "/sign-up", Door::Open),
    ("get", "/setup", Door::Open),
    ("post", "/setup", Door::Form),
    ("post", "/sign-out", Door::Button),
    ("get", "/sandbox/checkout/{id}", Door::Named),
    ("post", "/sandbox/checkout/{id}", Door::Named),
    ("get", "/problems", Door::Open),
    ("get", "/problems/{slug}", Door::Open),
    ("get", "/pages/{file}", Door::Open),
    ("get", "/favicon.ico", Door::Open),
    ("get", "/robots.txt", Door::Open),
    ("post", "/oauth/token", Door::Client),
    ("post", "/oauth/revoke", Door::Client),
    ("post", "/oauth/introspect", Door::Client),
    ("get", "/.well-known/oauth-authorization-server", Door::Open),
    ("get", "/healthz", Door::Open),
    ("get", "/readyz", Door::Open),
    ("get", "/metrics", Door::Machine),
    ("get", "/api/openapi.json", Door::Open),
    ("get", "/api/docs", Door::Open),
    ("get", "/api/docs/", Door::Open),
    ("get", "/api/docs/{*path}", Door::Open),
    ("get", "/app", Door::Open),
    ("get", "/app/", Door::Open),
    ("get", "/app/{*path}", Door::Open),
];

/// Paths that the sources name by a constant.
const NAMED_PATHS: [(&str, &str); 1] = [("ADMINISTRATOR_SIGN_IN", "/admin/sign-in")];
/// How a route is added beside those of the description.
const ADDS_ROUTE: &str = ".route(";
/// How one could be added that this test does not read.
const UNREAD: [&str; 4] = [".route_service(", ".nest_service(", "any(", "on(MethodFilter"];
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

type Row = (String, String);

/// The routes that the sources in a folder add by hand.
fn find_routes(folder: &Path, found: &mut BTreeSet<Row>) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            find_routes(&path, found)?;
        } else if path.extension().is_some_and(|end| end == "rs") {
            let text = std::fs::read_to_string(&path)?;
            for unread in UNREAD {
                let is_there = text.match_indices(unread).any(|(at, _)| is_word(&text[..at]));
                ensure!(!is_there, "{}: `{unread}` adds routes unread", path.display());
            }
            for rest in text.split(ADDS_ROUTE).skip(1) {
                let context = || format!("a route in {}", path.display());
                found.extend(read_route(rest).with_context(context)?);
            }
        }
    }
    Ok(())
}

/// Whether a word begins here, and none goes on.
fn is_word(before: &str) -> bool {
    !before.ends_with(|letter: char| letter.is_alphanumeric() || letter == '_' || letter == '.')
}

/// Method and path of each handler in `"/path", get(…).post(…))`.
fn read_route(rest: &str) -> Result<Vec<Row>> {
    let (path, rest) = rest.split_once(',').context("no path")?;
    let path = path.trim();
    let path = match path.strip_prefix('"').and_then(|path| path.strip_suffix('"')) {
        Some(literal) => literal,
        None => {
            let named = NAMED_PATHS.iter().find(|(name, _)| *name == path);
            named.map(|(_, path)| *path).with_context(|| format!("add `{path}` to NAMED_PATHS"))?
        }
    };
    let mut depth = 1_i32;
    let end = rest.find(|letter: char| {
        depth += match letter {
            '(' => 1,
            ')' => -1,
            _ => 0,
        };
        depth == 0
    });
    let handlers = &rest[..end.context("no end")?];
    let is_handled = |method: &&str| {
        let call = format!("{method}(");
        let mut calls = handlers.match_indices(&call);
        calls.any(|(at, _)| at == 0 || handlers[..at].ends_with([' ', '.', '\n']))
    };
    let methods: Vec<&str> = METHODS.into_iter().filter(is_handled).collect();
    ensure!(!methods.is_empty(), "no handler for {path}");
    Ok(methods.into_iter().map(|method| (method.to_owned(), path.to_owned())).collect())
}

#[test]
fn every_page_has_a_row() -> Result<()> {
    let mut found = BTreeSet::new();
    find_routes(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found)?;
    let rows: BTreeSet<Row> =
        PAGES.iter().map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned())).collect();
    assert_eq!(found, rows, "add a row to PAGES for every route, and none without a route");
    Ok(())
}

/// What requests are about.
struct Places {
    /// A client of OAuth.
    client: String,
    /// What it asks a person.
    question: String,
    /// The name of a checkout that waits for its payment.
    checkout: String,
}

impl Places {
    async fn prepare(owner: &mut TestClient) -> Result<Self> {
        let new = json!({
            "name": "App", "kind": "confidential", "redirect_uris": [REDIRECT], "scopes": ["read"],
        });
        let made = owner.post("/api/v1/oauth/clients", &new).await?;
        made.require_status(201)?;
        let client = text_of(&made.json()?["id"])?;
        let order = json!({ "package": crate::PACKAGE });
        let page = owner.post("/api/v1/account/checkouts", &order).await?;
        page.require_status(201)?;
        let page = text_of(&page.json()?["url"])?;
        let checkout = page.rsplit('/').next().context("a page to pay on")?.to_owned();
        let back = REDIRECT.replace(':', "%3A").replace('/', "%2F");
        let challenge = "E".repeat(43);
        let question = format!(
            "response_type=code&client_id={client}&redirect_uri={back}&scope=read&state=x\
             &code_challenge={challenge}&code_challenge_method=S256"
        );
        Ok(Self { client, question, checkout })
    }

    fn request(&self, method: &str, path: &str) -> TestRequest {
        let file = if path.starts_with("/api/docs/") { "swagger-ui.css" } else { "jobs" };
        let filled = path.replace("{id}", &self.checkout).replace("{*path}", file);
        let filled = filled.replace("{slug}", "link_not_good").replace("{file}", "pages.css");
        if method == "get" {
            return match path {
                "/oauth/authorize" => {
                    TestRequest::new("GET", &format!("{filled}?{}", self.question))
                }
                _ => TestRequest::new("GET", &filled),
            };
        }
        let form = self.form_of(path);
        let request = TestRequest::new(&method.to_uppercase(), &filled);
        request.body("application/x-www-form-urlencoded", form.as_bytes())
    }

    /// All that a form needs, but for the token of its page.
    fn form_of(&self, path: &str) -> String {
        match path {
            "/oauth/authorize" => format!("{}&decision=allow", self.question),
            "/oauth/token" | "/oauth/revoke" | "/oauth/introspect" => {
                format!("grant_type=client_credentials&client_id={}&token=none", self.client)
            }
            // A card that is always declined.
            "/sandbox/checkout/{id}" => "card=4000+0000+0000+0002".to_owned(),
            _ => {
                let password = PASSWORD.replace(' ', "+");
                format!("email=owner%40example.org&password={password}&name=x&token=x&code=x")
            }
        }
    }
}

fn text_of(value: &Value) -> Result<String> {
    value.as_str().map(str::to_owned).context("a text")
}

/// Whether an answer is what the door has for `who`.
fn fits(door: Door, (method, who): (&str, Who), answer: &TestResponse) -> bool {
    let status = answer.status;
    let sign_in = answer.header("location").is_some_and(|to| to.starts_with("/sign-in?next="));
    match (door, who.has_session()) {
        (Door::Open | Door::Named, _) => !matches!(status, 401 | 403 | 404 | 500..),
        (Door::Form, _) | (Door::Button, true) => status == 403,
        (Door::Button, false) => status == 303,
        (Door::Person, true) if method == "get" => status == 200,
        (Door::Person, true) => status == 403,
        (Door::Person, false) => status == 303 && sign_in,
        (Door::Client, _) => status == 401,
        (Door::Machine, _) => status == 200,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_let_in_whom_their_doors_name() -> Result<()> {
    let (app, administrator) = TestApp::start(crate::settings()).await?;
    let mut stage = set_stage(&app, administrator).await?;
    let owner = stage.clients.get_mut(&Who::Owner).context("an owner")?;
    let places = Places::prepare(owner).await?;
    let mut wrong = Vec::new();
    for who in ALL {
        for (method, path, door) in PAGES {
            // Each time a browser that has seen no page of ours, and so has no form's cookie.
            let mut client = stage.clients[&who].clone();
            let answer = client.send(places.request(method, path)).await?;
            if !fits(*door, (*method, who), &answer) {
                wrong.push(format!("{who:?} {method} {path} ({door:?}): {}", answer.status));
            }
        }
        let mut client = stage.clients[&who].clone();
        let unknown = client.get("/sandbox/checkout/none").await?;
        let from_afar = TestRequest::new("GET", "/metrics").header("x-forwarded-for", "192.0.2.1");
        let from_afar = client.send(from_afar).await?;
        let me = client.get("/api/v1/auth/me").await?.status;
        if (unknown.status, from_afar.status) != (404, 403) {
            wrong.push(format!("{who:?}: {} and {}", unknown.status, from_afar.status));
        }
        if (me == 200) == (who == Who::Nobody) {
            wrong.push(format!("{who:?} is signed in no more, or was never: {me}"));
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}
