//! The events of a job over a WebSocket: the same as the stream's, for the same people.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use futures::{SinkExt, StreamExt};
use gantry_testkit::{ServerEvent, TestApp, TestClient, TestRequest, TestSettings, WithWorker};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Error, Message};

const PATIENCE: Duration = Duration::from_secs(20);

type Socket = WebSocketStream<TcpStream>;

async fn connect(app: &TestApp, path: &str, key: &str) -> Result<Result<Socket, u16>> {
    let mut request = format!("ws://{}{path}", app.address).into_client_request()?;
    let bearer = HeaderValue::from_str(&format!("Bearer {key}"))?;
    request.headers_mut().insert("authorization", bearer);
    let stream = TcpStream::connect(app.address).await?;
    match tokio_tungstenite::client_async(request, stream).await {
        Ok((socket, _)) => Ok(Ok(socket)),
        Err(Error::Http(response)) => Ok(Err(response.status().as_u16())),
        Err(error) => Err(error.into()),
    }
}

/// Every message until the server closes, and its close code.
async fn read_all(socket: &mut Socket) -> Result<(Vec<ServerEvent>, u16)> {
    let mut events = Vec::new();
    loop {
        let message = tokio::time::timeout(PATIENCE, socket.next()).await?;
        match message.context("it ended without a close")?? {
            Message::Text(text) => {
                let mut event: Value = serde_json::from_str(&text)?;
                let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                let (id, name) = (word(&event["id"]), word(&event["event"]));
                events.push(ServerEvent { id, name, data: event["data"].take() });
            }
            Message::Close(frame) => return Ok((events, frame.context("a code")?.code.into())),
            Message::Ping(_) | Message::Pong(_) => {}
            Message::Binary(_) | Message::Frame(_) => bail!("events are text"),
        }
    }
}

async fn make_key(client: &mut TestClient, scope: &str) -> Result<String> {
    let new = json!({ "name": "program", "scopes": [scope] });
    let answer = client.post("/api/v1/api-keys", &new).await?;
    answer.require_status(201)?;
    Ok(answer.json()?["key"].as_str().context("a key")?.to_owned())
}

async fn start() -> Result<(TestApp, TestClient, String)> {
    let settings = TestSettings { worker: WithWorker::Yes, ..TestSettings::default() };
    let (app, _) = TestApp::start(settings).await?;
    let mut owner = app.register("ada@example.org").await?;
    let job = json!({ "operation": "test.doors", "params": {} });
    let answer = owner.post("/api/v1/jobs", &job).await?;
    answer.require_status(202)?;
    let id = answer.json()?["id"].as_str().context("an id")?.to_owned();
    Ok((app, owner, id))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_socket_tells_what_the_stream_tells_and_goes_on_from_a_cursor() -> Result<()> {
    let (app, mut owner, id) = start().await?;
    let key = make_key(&mut owner, "read").await?;
    let path = format!("/ws/job/{id}/");
    let mut socket = connect(&app, &path, &key).await?.ok().context("let in")?;
    // What a client says changes nothing.
    socket.send(Message::text("hello")).await?;
    let (live, code) = read_all(&mut socket).await?;
    assert_eq!(code, 1000);
    assert_eq!(live.last().map(|event| event.name.as_str()), Some("end"));
    let stream = TestRequest::new("GET", &format!("/api/v1/jobs/{id}/events"));
    let streamed = owner.stream(stream).await?.collect().await?;
    let mut again = connect(&app, &path, &key).await?.ok().context("let in")?;
    assert_eq!(read_all(&mut again).await?, (streamed.clone(), 1000));
    let (first, rest) = streamed.split_first().context("an event")?;
    let after = format!("{path}?after={}", first.id);
    let mut late = connect(&app, &after, &key).await?.ok().context("let in")?;
    assert_eq!(read_all(&mut late).await?.0, rest);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_read_the_job_gets_no_socket() -> Result<()> {
    let (app, mut owner, id) = start().await?;
    let path = format!("/api/v1/jobs/{id}/socket");
    let mut stranger = app.register("eve@example.org").await?;
    let foreign = make_key(&mut stranger, "read").await?;
    let other_scope = make_key(&mut owner, "data").await?;
    for (key, status) in [(foreign.as_str(), 404), (other_scope.as_str(), 403), ("gk_none", 401)] {
        assert_eq!(connect(&app, &path, key).await?.err(), Some(status), "{key}");
    }
    let plain = owner.get(&path).await?;
    plain.require_status(400)?;
    assert!(plain.text().contains("WebSocket"), "{}", plain.text());
    let evil = TestRequest::new("GET", &path).header("origin", "https://evil.example");
    owner.send(evil).await?.require_status(403)?;
    let far = TestRequest::new("GET", &format!("{path}?after=18446744073709551615"));
    owner.send(far).await?.require_status(400)?;
    Ok(())
}
