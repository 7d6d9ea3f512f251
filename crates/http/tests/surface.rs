//! Headers, documents, pages, and hostile input: always a problem, never a 5xx.

use anyhow::{Context, Result};
use gantry_testkit::{PASSWORD, TestApp, TestClient, TestRequest, TestSettings};
use serde_json::{Value, json};

async fn start() -> Result<(TestApp, TestClient)> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let owner = app.register("ada@example.org").await?;
    Ok((app, owner))
}

#[tokio::test]
async fn hostile_input_is_a_problem_and_never_ours() -> Result<()> {
    let (_app, mut client) = start().await?;
    let post = |path: &str| TestRequest::new("POST", path);
    let json_type = "application/json";
    let jobs = "/api/v1/jobs";
    let deep = format!("{{\"operation\": {}", "[".repeat(200_000));
    let wide = format!("{{\"operation\": \"{}\"}}", "x".repeat(3 << 20));
    let long_name = json!({ "name": "x".repeat(500), "file_name": "a.csv", "bytes": 5 });
    let nul_name = json!({ "name": "a\u{0}b", "file_name": "a.csv", "bytes": 5 });
    let huge = json!({ "name": "x", "file_name": "x.csv", "bytes": u64::MAX });
    let dots = json!({ "name": "x", "file_name": "..", "bytes": 0 });
    let many = json!({ "operation": "test.noop", "params": { "credits": 1e300 } });
    let seed = json!({ "operation": "test.noop", "seed": "18446744073709551615" });
    let label = json!({ "operation": "test.noop", "label": "a\u{0}" });
    let nul_params = json!({ "operation": "test.noop", "params": { "a\u{0}": "b" } });
    let requests = [
        (400, post(jobs).body(json_type, b"{")),
        (400, post(jobs).body(json_type, b"")),
        (400, post(jobs).body(json_type, b"\xff\xfe{}")),
        (400, post(jobs).body(json_type, deep.as_bytes())),
        (413, post(jobs).body(json_type, wide.as_bytes())),
        (415, post(jobs).body("text/plain", b"{}")),
        (415, post(jobs)),
        (400, post(jobs).json(&json!({ "operation": 7 }))),
        (400, post(jobs).json(&json!({ "operation": "a", "surprise": 1 }))),
        (400, post(jobs).json(&seed)),
        (400, post(jobs).json(&label)),
        (400, post(jobs).json(&nul_params)),
        (422, post(jobs).json(&many)),
        (400, post("/api/v1/datasets/uploads").json(&long_name)),
        (400, post("/api/v1/datasets/uploads").json(&nul_name)),
        (400, post("/api/v1/datasets/uploads").json(&dots)),
        (413, post("/api/v1/datasets/uploads").json(&huge)),
        (404, TestRequest::new("GET", "/api/v1/jobs/not-an-id")),
        (404, TestRequest::new("GET", "/api/v1/jobs/01890000-0000-7000-8000-000000000000")),
        (400, TestRequest::new("GET", "/api/v1/jobs/%ff")),
        (400, TestRequest::new("GET", "/api/v1/jobs?q=%00")),
        (400, TestRequest::new("GET", "/api/v1/operations/a%00b")),
        (404, TestRequest::new("GET", "/api/v1/operations/..%2f..%2fetc%2fpasswd")),
        (404, TestRequest::new("GET", "/api/v1/nothing")),
        (405, TestRequest::new("PATCH", jobs)),
        (404, TestRequest::new("GET", "/app/assets/..%2f..%2fCargo.toml")),
        (404, TestRequest::new("GET", "/api/docs/..%2f..%2fCargo.toml")),
        (404, TestRequest::new("GET", "/pages/..%2fmod.rs")),
        (400, TestRequest::new("GET", "/api/v1/events?after=18446744073709551615")),
        (400, TestRequest::new("GET", "/api/v1/events").header("last-event-id", "x")),
    ];
    for (status, request) in requests {
        let words = format!("{} {}", request.method, request.path);
        let answer = client.send(request).await.with_context(|| words.clone())?;
        assert_eq!(answer.status, status, "{words}: {}", answer.text());
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{words}");
        let problem = answer.json()?;
        assert_eq!(problem["status"], status);
        assert_eq!(problem["request_id"].as_str(), answer.header("x-request-id"));
        assert!(problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{words}");
    }
    Ok(())
}

#[tokio::test]
async fn every_answer_has_its_security_headers() -> Result<()> {
    let (_app, mut client) = start().await?;
    for path in ["/", "/api/v1/meta", "/api/v1/nothing", "/healthz", "/api/docs/", "/app/"] {
        let answer = client.get(path).await?;
        for name in [
            "content-security-policy",
            "x-content-type-options",
            "x-frame-options",
            "referrer-policy",
            "x-request-id",
        ] {
            assert!(answer.header(name).is_some(), "{path} has no {name}");
        }
        let policy = answer.header("content-security-policy").context("a policy")?;
        assert!(policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        assert!(!policy.contains("unsafe-eval"), "{path}: {policy}");
    }
    let app = client.get("/app/jobs/anything").await?;
    app.require_status(200)?;
    let policy = app.header("content-security-policy").context("a policy")?;
    let nonce = policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next());
    let nonce = nonce.context("a nonce")?;
    let other = client.get("/app/").await?;
    assert!(!other.header("content-security-policy").context("a policy")?.contains(nonce));
    Ok(())
}

#[tokio::test]
async fn the_description_is_complete_and_every_reference_resolves() -> Result<()> {
    let (app, _) = start().await?;
    let mut client = app.client();
    let answer = client.get("/api/openapi.json").await?;
    answer.require_status(200)?;
    let description = answer.json()?;
    assert!(description["openapi"].as_str().context("a version")?.starts_with("3.1"));
    let schemas = description["components"]["schemas"].as_object().context("schemas")?;
    let text = description.to_string();
    for reference in text.split("\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap_or_default();
        assert!(schemas.contains_key(name), "{name} is referred to and not there");
    }
    let mut ids = std::collections::BTreeSet::new();
    for (path, item) in description["paths"].as_object().context("paths")? {
        for (method, operation) in item.as_object().context("an item")? {
            let id = operation["operationId"].as_str().context("an id")?.to_owned();
            assert!(ids.insert(id.clone()), "{id} is taken twice");
            assert!(operation["responses"]["default"].is_object(), "{method} {path}");
            assert!(operation["summary"].is_string(), "{method} {path} has no summary");
        }
    }
    let docs = client.get("/api/docs").await?;
    assert_eq!((docs.status, docs.header("location")), (303, Some("/api/docs/")));
    let page = client.get("/api/docs/").await?;
    assert!(page.text().contains("swagger-ui"), "{}", page.text());
    assert!(!page.text().contains("https://"), "the page loads something from elsewhere");
    for file in ["swagger-ui-bundle.js", "swagger-ui.css", "swagger-initializer.js"] {
        client.get(&format!("/api/docs/{file}")).await?.require_status(200)?;
    }
    let initializer = client.get("/api/docs/swagger-initializer.js").await?.text();
    assert!(initializer.contains("/api/openapi.json"), "{initializer}");
    Ok(())
}

#[tokio::test]
async fn the_server_says_how_it_does() -> Result<()> {
    let (_app, mut client) = start().await?;
    assert_eq!(client.get("/healthz").await?.json()?, json!({ "status": "ok" }));
    let ready = client.get("/readyz").await?.json()?;
    assert_eq!(ready["checks"]["store"]["ok"], true);
    assert_eq!(ready["checks"]["blobs"]["ok"], true);
    client.post("/api/v1/jobs", &json!({ "operation": "test.noop" })).await?.require_status(202)?;
    let metrics = client.get("/metrics").await?.text();
    let line = "gantry_http_request_seconds_count{route=\"/api/v1/jobs\",method=\"POST\",status=\"202\"} 1";
    assert!(metrics.contains(line), "{metrics}");
    assert!(metrics.contains("gantry_jobs_queued{device=\"cpu\",class=\"normal\"} 1"), "{metrics}");
    let proxied = TestRequest::new("GET", "/metrics").header("x-forwarded-for", "203.0.113.9");
    client.send(proxied).await?.require_status(403)?;
    Ok(())
}

fn hidden(page: &str, name: &str) -> String {
    let field = format!("name=\"{name}\" value=\"");
    let value = page.split(&field).nth(1).and_then(|rest| rest.split('"').next());
    value.unwrap_or_default().replace("&#x2f;", "/")
}

fn form(path: &str, fields: &[(&str, &str)]) -> TestRequest {
    let encode = |text: &str| -> String {
        text.bytes()
            .map(|b| {
                if b.is_ascii_alphanumeric() {
                    char::from(b).to_string()
                } else {
                    format!("%{b:02X}")
                }
            })
            .collect()
    };
    let body: Vec<String> =
        fields.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
    TestRequest::new("POST", path)
        .body("application/x-www-form-urlencoded", body.join("&").as_bytes())
}

#[tokio::test]
async fn the_forms_work_without_scripts_and_only_from_our_pages() -> Result<()> {
    let app = TestApp::first_run(TestSettings::default()).await?;
    let mut browser = app.client();
    assert_eq!(browser.get("/sign-in").await?.header("location"), Some("/setup"));
    let page = browser.get("/setup?token=abc").await?.text();
    assert_eq!(hidden(&page, "token"), "");
    assert!(page.contains("value=\"abc\""));
    let csrf = hidden(&page, "csrf_token");
    let fields = [
        ("csrf_token", csrf.as_str()),
        ("email", "root@example.org"),
        ("name", "<script>alert(1)</script>"),
        ("password", "short"),
        ("token", app.setup_token.expose()),
    ];
    let again = browser.send(form("/setup", &fields)).await?;
    again.require_status(400)?;
    assert!(again.text().contains("at least 10 characters"), "{}", again.text());
    assert!(again.text().contains("&lt;script&gt;"), "what was typed is escaped");
    assert!(!again.text().contains("short\""), "the password is not sent back");
    let mut fields = fields;
    fields[3].1 = PASSWORD;
    let mut stranger = app.client();
    stranger.send(form("/setup", &fields)).await?.require_status(403)?;
    let done = browser.send(form("/setup", &fields)).await?;
    assert_eq!((done.status, done.header("location")), (303, Some("/app/")));
    browser.get("/api/v1/auth/me").await?.require_status(200)?;
    let home = browser.get("/").await?.text();
    assert!(home.contains("Open the app"));
    let csrf = hidden(&home, "csrf_token");
    browser.send(form("/sign-out", &[("csrf_token", "wrong")])).await?.require_status(403)?;
    let out = browser.send(form("/sign-out", &[("csrf_token", &csrf)])).await?;
    assert_eq!((out.status, out.header("location")), (303, Some("/")));
    browser.get("/api/v1/auth/me").await?.require_status(401)?;
    sign_in_by_form(&mut browser).await
}

async fn sign_in_by_form(browser: &mut TestClient) -> Result<()> {
    let page = browser.get("/sign-in?next=/app/jobs").await?.text();
    let (csrf, next) = (hidden(&page, "csrf_token"), hidden(&page, "next"));
    let fields = |password: &'static str| {
        form(
            "/sign-in",
            &[
                ("csrf_token", &csrf),
                ("next", &next),
                ("email", "root@example.org"),
                ("password", password),
            ],
        )
    };
    let wrong = browser.send(fields("not the password")).await?;
    wrong.require_status(401)?;
    assert!(wrong.text().contains("role=\"alert\""));
    let done = browser.send(fields(PASSWORD)).await?;
    assert_eq!((done.status, done.header("location")), (303, Some("/app/jobs")));
    assert_eq!(browser.get("/register").await?.header("location"), Some("/app/"));
    Ok(())
}

#[tokio::test]
async fn problems_have_pages_and_browsers_get_them() -> Result<()> {
    let (_app, mut client) = start().await?;
    let all = client.get("/problems").await?.text();
    for code in gantry_types::PROBLEM_CODES {
        assert!(all.contains(&format!("/problems/{}", code.slug())));
        client.get(&format!("/problems/{}", code.slug())).await?.require_status(200)?;
    }
    let browser = TestRequest::new("GET", "/nowhere").header("accept", "text/html,*/*");
    let page = client.send(browser).await?;
    page.require_status(404)?;
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(page.text().contains("<h1>Not found</h1>"));
    let api = TestRequest::new("GET", "/api/v1/nowhere").header("accept", "text/html");
    let problem: Value = client.send(api).await?.json()?;
    assert_eq!(problem["code"], "not_found");
    Ok(())
}
