//! A provider is asked in its form; what it refuses is told apart, and it is asked again only when
//! it says that it did nothing.

use std::time::{Duration, Instant};

use anyhow::Result;
use gantry_models::{ChatCompletions, ChatSettings, TokenLimit};
use gantry_ports::{LanguageError, LanguageModel};
use gantry_testkit::fakes::Trouble;
use gantry_testkit::fakes::chat::{CHAT_KEY, CHAT_MODEL, FakeChat};
use gantry_types::{AnswerEnd, ModelRequest, TokenUse};
use serde_json::{Value, json};

fn open(fake: &FakeChat, key: &str, patience: Duration) -> Result<ChatCompletions> {
    Ok(ChatCompletions::new(ChatSettings {
        base: fake.base(),
        key: Some(key.to_owned()),
        model: CHAT_MODEL.to_owned(),
        limit: TokenLimit::MaxTokens,
        patience,
    })?)
}

fn request(more: Value) -> Result<ModelRequest> {
    let mut body = json!({
        "messages": [
            { "role": "system", "content": "Repeat it." },
            { "role": "user", "content": "one two three four" },
        ],
        "max_tokens": 20,
    });
    for (name, value) in more.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    Ok(serde_json::from_value(body)?)
}

const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn an_answer_tells_its_tokens_and_how_it_ended() -> Result<()> {
    let fake = FakeChat::start().await?;
    let model = open(&fake, CHAT_KEY, PATIENCE)?;
    let answer = model.ask(&request(json!({ "temperature": 0.5 }))?).await?;
    assert_eq!((answer.text.as_str(), answer.end), ("one two three four", AnswerEnd::Complete));
    assert_eq!(answer.tokens, TokenUse { input_tokens: 12, output_tokens: 4 });
    assert_eq!(answer.model, CHAT_MODEL, "the name by which it was asked");
    let sent = &fake.answered()[0];
    assert_eq!((&sent["temperature"], &sent["max_tokens"]), (&json!(0.5), &json!(20)));
    assert!(sent.get("response_format").is_none(), "{sent}");

    let answer = model.ask(&request(json!({ "max_tokens": 2 }))?).await?;
    assert_eq!((answer.text.as_str(), answer.end), ("one two", AnswerEnd::CutOff));
    let schema = json!({ "type": "object", "properties": { "said": { "type": "string" } } });
    let answer = model.ask(&request(json!({ "schema": schema }))?).await?;
    assert_eq!(answer.text, json!({ "said": "one two three four" }).to_string());
    assert_eq!(fake.answered()[2]["response_format"]["json_schema"]["schema"], schema);
    Ok(())
}

#[tokio::test]
async fn refusals_are_told_apart_and_not_repeated() -> Result<()> {
    let fake = FakeChat::start().await?;
    let stranger = open(&fake, "another-key", PATIENCE)?;
    let refused = stranger.ask(&request(json!({}))?).await;
    assert_eq!(refused, Err(LanguageError::KeyRefused));
    let model = open(&fake, CHAT_KEY, PATIENCE)?;
    let unknown = model.ask(&request(json!({ "model": "large" }))?).await;
    assert_eq!(unknown, Err(LanguageError::NoSuchModel { model: "large".to_owned() }));
    let long = model.ask(&request(json!({ "max_tokens": 900 }))?).await;
    assert!(matches!(long, Err(LanguageError::TooLong { .. })), "{long:?}");
    let hot = model.ask(&request(json!({ "temperature": 3.0 }))?).await;
    assert!(matches!(hot, Err(LanguageError::Refused { .. })), "{hot:?}");
    assert_eq!((fake.requests(), fake.answered().len()), (4, 0));
    Ok(())
}

#[tokio::test]
async fn a_busy_provider_is_asked_again_after_the_wait_that_it_names() -> Result<()> {
    let fake = FakeChat::start().await?;
    let model = open(&fake, CHAT_KEY, PATIENCE)?;
    fake.trouble(Trouble::Busy, Some(1));
    fake.trouble(Trouble::Broken, None);
    let begin = Instant::now();
    assert_eq!(model.ask(&request(json!({}))?).await?.tokens.output_tokens, 4);
    assert!(begin.elapsed() >= Duration::from_secs(1), "{:?}", begin.elapsed());
    assert_eq!((fake.requests(), fake.answered().len()), (3, 1));

    let hasty = open(&fake, CHAT_KEY, Duration::from_secs(2))?;
    fake.trouble(Trouble::Busy, Some(30));
    let begin = Instant::now();
    assert_eq!(hasty.ask(&request(json!({}))?).await, Err(LanguageError::Busy));
    assert!(begin.elapsed() < Duration::from_secs(2), "it does not wait in vain");
    assert_eq!(fake.requests(), 4);
    Ok(())
}

#[tokio::test]
async fn what_may_have_been_done_is_not_asked_for_again() -> Result<()> {
    let fake = FakeChat::start().await?;
    let model = open(&fake, CHAT_KEY, PATIENCE)?;
    fake.trouble(Trouble::Cut, None);
    let lost = model.ask(&request(json!({}))?).await;
    assert!(matches!(&lost, Err(LanguageError::Unavailable { .. })), "{lost:?}");
    let told = format!("{lost:?}");
    assert!(!told.contains(CHAT_KEY) && !told.contains("127.0.0.1"), "{told}");
    assert_eq!(fake.requests(), 1);
    Ok(())
}
