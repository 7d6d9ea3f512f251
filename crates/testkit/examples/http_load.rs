//! A load of requests over a fixed number of kept connections, from one thread, so that a server
//! on the same machine keeps the rest of it. Prints one JSON object.
//!
//! `http_load --address 127.0.0.1:8080 --key gk_… --connections N --requests N
//! (--submit OPERATION | --get PATH …) [--rate PER_SECOND]`
//!
//! Without a rate every connection asks again as soon as it is answered. With one, a request's
//! time is counted from when it was due, so that a server that falls behind cannot hide it.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

enum What {
    /// Submits jobs of this operation, each with an idempotency key of its own.
    Submit(String),
    /// Reads these paths in turn.
    Get(Vec<String>),
}

struct Load {
    address: SocketAddr,
    key: String,
    connections: usize,
    requests: usize,
    rate: f64,
    what: What,
}

/// What all connections share; they live in one thread.
struct Course {
    load: Load,
    begun: Instant,
    next: Cell<usize>,
    waits: RefCell<Vec<f64>>,
    refusals: Cell<usize>,
    first_refusal: RefCell<Option<String>>,
}

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, reason = "the result is printed for the bench")]
async fn main() -> Result<()> {
    let load = parse(std::env::args().skip(1))?;
    let (connections, requests) = (load.connections, load.requests);
    let mut streams = Vec::with_capacity(connections);
    for _ in 0..connections {
        let stream = TcpStream::connect(load.address).await.context("connecting")?;
        stream.set_nodelay(true)?;
        streams.push(stream);
    }
    let course = Rc::new(Course {
        load,
        begun: Instant::now(),
        next: Cell::new(0),
        waits: RefCell::new(Vec::with_capacity(requests)),
        refusals: Cell::new(0),
        first_refusal: RefCell::new(None),
    });
    let all = streams.into_iter().map(|stream| run(Rc::clone(&course), stream));
    futures::future::try_join_all(all).await?;
    let seconds = course.begun.elapsed().as_secs_f64();
    let mut waits = course.waits.take();
    waits.sort_by(f64::total_cmp);
    let at = |share: f64| waits.get(((waits.len() as f64 - 1.0) * share).round() as usize);
    let figures = json!({
        "requests": waits.len(),
        "connections": connections,
        "seconds": seconds,
        "requests_per_s": waits.len() as f64 / seconds,
        "p50_ms": at(0.5),
        "p95_ms": at(0.95),
        "p99_ms": at(0.99),
        "refused": course.refusals.get(),
        "first_refusal": course.first_refusal.take(),
    });
    println!("{figures}");
    Ok(())
}

fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Load> {
    let mut load = Load {
        address: SocketAddr::from(([127, 0, 0, 1], 8080)),
        key: String::new(),
        connections: 50,
        requests: 10_000,
        rate: 0.0,
        what: What::Get(Vec::new()),
    };
    while let Some(name) = arguments.next() {
        let value = arguments.next().with_context(|| format!("{name} needs a value"))?;
        match (name.as_str(), &mut load.what) {
            ("--address", _) => load.address = value.parse()?,
            ("--key", _) => load.key = value,
            ("--connections", _) => load.connections = value.parse()?,
            ("--requests", _) => load.requests = value.parse()?,
            ("--rate", _) => load.rate = value.parse()?,
            ("--submit", what) => *what = What::Submit(value),
            ("--get", What::Get(paths)) => paths.push(value),
            _ => bail!("unknown flag {name}"),
        }
    }
    if let What::Get(paths) = &load.what {
        ensure!(!paths.is_empty(), "give --submit OPERATION or --get PATH");
    }
    Ok(load)
}

async fn run(course: Rc<Course>, mut stream: TcpStream) -> Result<()> {
    let mut answer = Vec::with_capacity(64 << 10);
    let mut request = Vec::new();
    loop {
        let number = course.next.replace(course.next.get() + 1);
        if number >= course.load.requests {
            return Ok(());
        }
        let due = if course.load.rate > 0.0 {
            let due = course.begun + Duration::from_secs_f64(number as f64 / course.load.rate);
            tokio::time::sleep_until(due.into()).await;
            due
        } else {
            Instant::now()
        };
        write_request(&course.load, number, &mut request)?;
        let exchange = exchange(&mut stream, &request, &mut answer);
        let status = tokio::time::timeout(PATIENCE, exchange).await.context("no answer")??;
        course.waits.borrow_mut().push(due.elapsed().as_secs_f64() * 1e3);
        if !(200..300).contains(&status) {
            course.refusals.set(course.refusals.get() + 1);
            let mut first = course.first_refusal.borrow_mut();
            first.get_or_insert_with(|| String::from_utf8_lossy(&answer).into_owned());
        }
    }
}

fn write_request(load: &Load, number: usize, request: &mut Vec<u8>) -> Result<()> {
    use std::io::Write as _;
    request.clear();
    match &load.what {
        What::Submit(operation) => {
            let body = format!("{{\"operation\":\"{operation}\",\"params\":{{}}}}");
            let length = body.len();
            write!(
                request,
                "POST /api/v1/jobs HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n\
                 content-type: application/json\r\nidempotency-key: load-{}-{number}\r\n\
                 content-length: {length}\r\n\r\n{body}",
                load.address,
                load.key,
                std::process::id(),
            )?;
        }
        What::Get(paths) => {
            let path = &paths[number % paths.len()];
            write!(
                request,
                "GET {path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n\r\n",
                load.address, load.key,
            )?;
        }
    }
    Ok(())
}

/// Sends a request and reads its answer whole into `answer`; answers the status.
async fn exchange(stream: &mut TcpStream, request: &[u8], answer: &mut Vec<u8>) -> Result<u16> {
    stream.write_all(request).await?;
    answer.clear();
    let mut whole = None;
    while whole.is_none_or(|whole| answer.len() < whole) {
        let read = stream.read_buf(answer).await?;
        ensure!(read > 0, "the server closed the connection");
        if whole.is_none()
            && let Some(end) = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n")
        {
            whole = Some(end + 4 + content_length(&answer[..end])?);
        }
    }
    let status = answer.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok());
    status.and_then(|digits| digits.parse().ok()).context("an answer without a status")
}

fn content_length(head: &[u8]) -> Result<usize> {
    let head = std::str::from_utf8(head)?;
    let mut values = head.lines().filter_map(|line| line.strip_prefix("content-length: "));
    Ok(values.next().context("an answer without its length")?.trim().parse()?)
}
