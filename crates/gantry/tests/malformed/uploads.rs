//! Uploads that lie about themselves.

use anyhow::{Context, Result};
use gantry_testkit::{TestClient, TestRequest, TestResponse};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::dice::Dice;
use crate::files::spoiled_file;
use crate::require_clear;

const NAMES: &[&str] = &[
    "../../etc/passwd",
    "C:\\windows\\system32\\x.csv",
    "a/b/",
    "..",
    ".",
    "",
    " ",
    "a\u{0}.csv",
    "con",
    "\u{202e}vsc.exe",
    "report.csv.exe",
    "archive.zip",
    "x.csv.gz",
    "-rf",
    "%2e%2e%2fx",
    "<script>alert(1)</script>.csv",
    "a\r\nSet-Cookie: x=1.csv",
    "😀.csv",
];

/// What an upload says and sends.
struct Lie {
    opening: Value,
    /// Number, body and announced checksum of each part, in the order of sending.
    parts: Vec<(String, Vec<u8>, Option<String>)>,
    /// How often it is completed.
    completions: usize,
    /// Whether a part is sent once more behind the completion.
    late_part: bool,
}

/// Sends an honest upload; answers the job that profiles it.
pub async fn upload_well(client: &mut TestClient, file: &[u8]) -> Result<String> {
    let opening = json!({ "name": "well", "file_name": "well.csv", "bytes": file.len() });
    let begun = client.post("/api/v1/datasets/uploads", &opening).await?;
    begun.require_status(201)?;
    let upload = format!("/api/v1/datasets/uploads/{}", id_of(&begun)?);
    let part = ("1".to_owned(), file.to_vec(), None);
    send_part(client, &upload, &part).await?.require_status(200)?;
    let done = client.post(&format!("{upload}/complete"), &Value::Null).await?;
    done.require_status(201)?;
    let job = done.json()?["latest"]["profile_job_id"].as_str().map(str::to_owned);
    job.context("no profile is made")
}

/// Sends a malformed upload; answers the job that profiles it, if it was taken all the same.
pub async fn upload_badly(client: &mut TestClient, dice: &mut Dice) -> Result<Option<String>> {
    let lie = tell_lie(dice);
    let begun = client.post("/api/v1/datasets/uploads", &lie.opening).await?;
    require_clear(&begun)?;
    if begun.status != 201 {
        return Ok(None);
    }
    let upload = format!("/api/v1/datasets/uploads/{}", id_of(&begun)?);
    for part in &lie.parts {
        require_clear(&send_part(client, &upload, part).await?)?;
    }
    let mut profile_job = None;
    for _ in 0..lie.completions {
        let done = client.post(&format!("{upload}/complete"), &Value::Null).await?;
        require_clear(&done)?;
        if done.status == 201 {
            let job = &done.json()?["latest"]["profile_job_id"];
            profile_job = job.as_str().map(str::to_owned);
        }
    }
    if lie.late_part
        && let Some(part) = lie.parts.first()
    {
        require_clear(&send_part(client, &upload, part).await?)?;
    }
    if profile_job.is_none() && dice.roll(4) == 0 {
        require_clear(&client.delete(&upload).await?)?;
    }
    Ok(profile_job)
}

async fn send_part(
    client: &mut TestClient,
    upload: &str,
    (number, body, sha256): &(String, Vec<u8>, Option<String>),
) -> Result<TestResponse> {
    let request = TestRequest::new("PUT", &format!("{upload}/parts/{number}"))
        .body("application/octet-stream", body);
    client
        .send(match sha256 {
            Some(sha256) => request.header("x-content-sha256", sha256),
            None => request,
        })
        .await
}

fn id_of(answer: &TestResponse) -> Result<String> {
    Ok(answer.json()?["id"].as_str().context("an upload without an id")?.to_owned())
}

fn tell_lie(dice: &mut Dice) -> Lie {
    let file = spoiled_file(dice);
    let mut opening = json!({ "name": "odd", "file_name": "odd.csv", "bytes": file.len() });
    let mut lie = Lie {
        parts: vec![("1".to_owned(), file.clone(), None)],
        completions: 1,
        late_part: false,
        opening: Value::Null,
    };
    match dice.roll(20) {
        0 => opening["bytes"] = wrong_length(dice, file.len()),
        1 => opening["sha256"] = wrong_checksum(dice, &file).into(),
        2 => lie.parts[0].2 = Some(wrong_checksum(dice, &file)),
        // Two parts are announced, and one of them comes.
        3 => {
            opening["bytes"] = ((8 << 20) + file.len()).into();
            lie.parts[0].0 = dice.pick(&["1", "2"]).to_owned();
        }
        4 => lie.parts.push(("1".to_owned(), spoiled_like(dice, &file), None)),
        5 => lie.parts[0].0 = odd_number(dice),
        6 => lie.parts.clear(),
        7 => lie.completions = 3,
        8 => (lie.completions, lie.late_part) = (2, true),
        9 => opening["file_name"] = dice.pick(NAMES).into(),
        10 => opening["name"] = dice.pick(NAMES).into(),
        11 => opening["dataset_id"] = json!("0190d5a2-7b1c-7c3e-9d2f-5a6b7c8d9e0f"),
        12 => lie.parts[0].1.truncate(dice.roll(file.len())),
        // The lie is in the bytes alone.
        _ => {}
    }
    lie.opening = opening;
    lie
}

fn wrong_length(dice: &mut Dice, right: usize) -> Value {
    match dice.roll(7) {
        0 => json!(0),
        1 => json!(u64::MAX),
        2 => json!(-1),
        3 => json!(1_u64 << 40),
        4 => json!(right as f64 + 0.5),
        5 => json!(right + 1 + dice.roll(999)),
        _ => json!(right.saturating_sub(1)),
    }
}

fn wrong_checksum(dice: &mut Dice, file: &[u8]) -> String {
    let right = hex::encode(Sha256::digest(file));
    match dice.roll(5) {
        0 => "0".repeat(64),
        1 => right[1..].to_owned(),
        2 => format!("sha256:{right}"),
        3 => "z".repeat(64),
        _ => "x".repeat(dice.roll(2_000)),
    }
}

fn odd_number(dice: &mut Dice) -> String {
    dice.pick(&["0", "2", "-1", "one", "1e0", "4294967296", "%31", "1.0", "٣", "1%2f..", "+1"])
        .to_owned()
}

/// Other bytes of the same length.
fn spoiled_like(dice: &mut Dice, file: &[u8]) -> Vec<u8> {
    let mut bytes = file.to_vec();
    dice.flip(&mut bytes);
    bytes
}
