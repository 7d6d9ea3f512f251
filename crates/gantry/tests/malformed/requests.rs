//! Requests that no honest client sends: bodies, queries, paths, and HTTP itself.

use gantry_testkit::TestRequest;

use crate::dice::Dice;

const BODIES: &[(&str, &str)] = &[
    (
        "/api/v1/jobs",
        r#"{"operation":"automl.train","params":{"target":"a"},"inputs":{},"seed":"7"}"#,
    ),
    ("/api/v1/datasets/uploads", r#"{"name":"people","file_name":"people.csv","bytes":60}"#),
    (
        "/api/v1/operations/automl.train/estimate",
        r#"{"params":{"target":"a","folds":3},"inputs":{}}"#,
    ),
    ("/api/v1/api-keys", r#"{"name":"k","scopes":["read"],"expires_at":null}"#),
    ("/api/v1/auth/register", r#"{"email":"a@b.c","password":"short","name":"A"}"#),
    ("/api/v1/services/automl.predict/calls", r#"{"input":{}}"#),
];

/// What stands where something else is expected.
const ODDITIES: &[&str] = &[
    "null",
    "-1",
    "1e400",
    "18446744073709551616",
    "\"\\ud800\"",
    "\"\\u0000\"",
    "[[]]",
    "{}",
    "true",
    "\"../../etc/passwd\"",
    "\"' OR 1=1 --\"",
    "{\"$ne\":1}",
    "NaN",
    "'x'",
    "\"",
    "0x10",
];

const TYPES: &[&str] = &[
    "application/json",
    "text/plain",
    "application/json; charset=utf-16",
    "multipart/form-data",
    "application/x-www-form-urlencoded",
    "",
    "application/xml",
    "json",
    "application/vnd.x+json",
];

const IDS: &[&str] = &[
    "0",
    "..",
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "00000000-0000-0000-0000-000000000000",
    "%00",
    "0190d5a2-7b1c-7c3e-9d2f-5a6b7c8d9e0f",
    "%ff%fe",
    "a%20b",
    "%F0%9F%98%80",
    "-1",
    "%",
    "0190d5a2-7b1c-7c3e-9d2f-5a6b7c8d9e0f%0d%0aX:1",
    "null",
    "*",
];

const PATHS: &[&str] = &[
    "/api/v1/jobs/{}",
    "/api/v1/jobs/{}/events",
    "/api/v1/jobs/{}/artifacts",
    "/api/v1/artifacts/{}",
    "/api/v1/artifacts/{}/content",
    "/api/v1/datasets/{}",
    "/api/v1/datasets/{}/profile",
    "/api/v1/datasets/{}/preview?rows={}",
    "/api/v1/datasets/{}/content?version={}",
    "/api/v1/datasets/uploads/{}",
    "/api/v1/operations/{}",
    "/api/v1/jobs/{}/children?limit={}",
    "/api/v1/jobs?limit={}",
    "/api/v1/jobs?cursor={}",
    "/api/v1/jobs?state={}",
    "/api/v1/jobs?q={}",
    "/api/v1/jobs?order={}&limit={}",
    "/api/v1/account/ledger?cursor={}&limit={}",
    "/api/v1/account/lots?cursor={}&limit={}",
    "/api/v1/{}",
    "/api/v1/datasets?limit={}",
    "/api/v1/audit?cursor={}",
    "/{}",
    "/app/{}",
    "/api/{}/jobs",
];

/// A whole request of a client that speaks HTTP.
pub fn spoiled_request(dice: &mut Dice) -> TestRequest {
    match dice.roll(3) {
        0 => odd_path(dice),
        1 => odd_head(dice),
        _ => odd_body(dice),
    }
}

fn odd_path(dice: &mut Dice) -> TestRequest {
    let mut path = String::new();
    for (number, piece) in dice.pick(PATHS).split("{}").enumerate() {
        if number > 0 {
            path.push_str(dice.pick(IDS));
        }
        path.push_str(piece);
    }
    let method =
        dice.pick(&["GET", "GET", "GET", "DELETE", "POST", "PUT", "PATCH", "HEAD", "QUERY"]);
    TestRequest::new(method, &path)
}

fn odd_head(dice: &mut Dice) -> TestRequest {
    let (path, body) = BODIES[dice.roll(BODIES.len())];
    let long = "x".repeat(dice.within(1..5_000));
    let request = TestRequest::new("POST", path).body(dice.pick(TYPES), body.as_bytes());
    match dice.roll(8) {
        0 => request.header("idempotency-key", dice.pick(&["", " ", "\u{e9}", &long[..]])),
        1 => request
            .header("authorization", dice.pick(&["Bearer", "Bearer gk_", "Basic eA==", &long[..]])),
        2 => request.header("accept-encoding", "gzip;q=NaN, *;q=-1, br;q=1e9"),
        3 => request.header("content-encoding", "gzip"),
        4 => request.header("cookie", &format!("gantry_session={long}; ;=; gantry_session")),
        5 => request.header("x-forwarded-for", "::1, nonsense, 999.1.1.1"),
        6 => request.header("origin", dice.pick(&["null", "http://", "https://evil.example"])),
        _ => TestRequest::new("GET", "/api/v1/jobs")
            .header("if-none-match", &long)
            .header("range", "bytes=9-1,-0,18446744073709551616-"),
    }
}

fn odd_body(dice: &mut Dice) -> TestRequest {
    let (path, body) = BODIES[dice.roll(BODIES.len())];
    let mut bytes = body.as_bytes().to_vec();
    match dice.roll(8) {
        0 => bytes.truncate(dice.roll(bytes.len())),
        1 => dice.flip(&mut bytes),
        2 | 3 => bytes = replaced(dice, body).into_bytes(),
        4 => bytes = format!("{}{body}", "[".repeat(dice.within(1..50_000))).into_bytes(),
        5 => bytes.extend_from_slice(body.as_bytes()),
        6 => bytes.splice(0..0, *b"\xEF\xBB\xBF").for_each(drop),
        _ if dice.roll(20) == 0 => {
            bytes = format!("{{\"name\":\"{}\"}}", "x".repeat(3 << 20)).into_bytes()
        }
        _ => {
            let count = dice.roll(2_000);
            bytes = dice.bytes(count);
        }
    }
    TestRequest::new("POST", path).body("application/json", &bytes)
}

/// The body with another value behind one of its colons.
fn replaced(dice: &mut Dice, body: &str) -> String {
    let colons: Vec<usize> = body.match_indices("\":").map(|(place, _)| place + 2).collect();
    let start = colons[dice.roll(colons.len())];
    let end = body[start..].find([',', '}']).map_or(body.len(), |length| start + length);
    format!("{}{}{}", &body[..start], dice.pick(ODDITIES), &body[end..])
}

/// Bytes on a connection that are not quite HTTP. `key` opens the door of the API.
pub fn spoiled_bytes(dice: &mut Dice, key: &str) -> Vec<u8> {
    let head =
        format!("Host: x\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n");
    let body = BODIES[0].1;
    let length = body.len();
    let post = |more: &str| format!("POST /api/v1/jobs HTTP/1.1\r\n{head}{more}\r\n{body}");
    let text = match dice.roll(16) {
        0 => post(&format!("Content-Length: {}\r\n", length + dice.within(1..999))),
        1 => post(&format!("Content-Length: {}\r\n", dice.roll(length))),
        2 => post(&format!("Content-Length: {length}\r\nContent-Length: {}\r\n", length + 1)),
        3 => post("Content-Length: -1\r\n"),
        4 => post("Content-Length: 99999999999999999999999\r\n"),
        5 => post("Transfer-Encoding: chunked\r\n"),
        6 => post(&format!("Transfer-Encoding: chunked\r\nContent-Length: {length}\r\n")),
        7 => post("Transfer-Encoding: gzip\r\n"),
        8 => post(&format!("X-Long: {}\r\n", "y".repeat(dice.within(1..600_000)))),
        9 => post(&"X-Many: 1\r\n".repeat(dice.within(1..400))),
        10 => post("Content-Length: 9437184\r\nExpect: 100-continue\r\n"),
        11 => format!("GET /{} HTTP/1.1\r\n{head}\r\n", "z".repeat(dice.within(1..100_000))),
        12 => format!(
            "GET /api/v1/jobs HTTP/{}\r\n{head}\r\n",
            dice.pick(&["0.9", "3.0", "1.2", "x"])
        ),
        13 => "get /api/v1/jobs HTTP/1.1\r\nHo st: x\r\nX:\u{0}\r\n\r\n".to_owned(),
        14 => {
            let mut bytes = post(&format!("Content-Length: {length}\r\n")).into_bytes();
            dice.flip(&mut bytes);
            return bytes;
        }
        _ => {
            let count = dice.within(1..500);
            return dice.bytes(count);
        }
    };
    text.into_bytes()
}
