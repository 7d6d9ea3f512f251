//! People who had an account elsewhere sign in by their passwords.

use anyhow::{Context, Result};
use gantry_access::{ImportedPerson, Known, Unimported};
use gantry_testkit::{TestApp, TestSettings};
use serde_json::json;

use super::sign_in;

/// Bcrypt of `a good long one`, by other software.
const BCRYPT: &str = "$2b$05$H7FhKUX9cnvp.VLZuEcMu.dqM1nOA7U/OwoLM8wrzVPVPRVpwyWP6";
/// Argon2id of the same, by other software.
const ARGON2ID: &str = "$argon2id$v=19$m=1024,t=2,p=1$egolVEXy0dbxdyfunAOyRg$WymSoN0cjkns7Aq9KrRcFwdHTGSCiOy2JZdy8YyDDBM";
const RIGHT: &str = "a good long one";

fn person(line: u64, email: &str, password_hash: &str) -> ImportedPerson {
    ImportedPerson {
        line,
        email: email.to_owned(),
        name: "Somebody".to_owned(),
        password_hash: password_hash.to_owned(),
        verified: true,
    }
}

#[tokio::test]
async fn their_hashes_are_verified_and_renewed() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let people = [person(2, "Ada@example.org", BCRYPT), person(3, "eve@example.org", ARGON2ID)];
    let imported = app.access.import_people(&people, Known::Refuse).await?;
    assert_eq!((imported.made, imported.known.len()), (2, 0));
    let kept = async |email: &str| -> Result<String> {
        let read = app.store.read().await?;
        let user = read.access().find_user_by_email(email).await?.context("a user")?;
        Ok(user.password_hash)
    };
    let highest = async || -> Result<Option<u32>> {
        Ok(app.store.read().await?.access().find_imported_cost().await?)
    };
    assert_eq!(highest().await?, Some(5));
    assert_eq!(sign_in(&app, "ada@example.org", "a good long onf").await?.0, 401);
    assert_eq!(kept("ada@example.org").await?, BCRYPT);
    let (status, me, _) = sign_in(&app, "ada@example.org", RIGHT).await?;
    assert_eq!((status, &me["user"]["email_verified"]), (200, &json!(true)));
    assert!(kept("ada@example.org").await?.starts_with("$argon2id$"));
    assert_eq!(highest().await?, None);
    for (password, status) in [(RIGHT, 200), ("a good long onf", 401)] {
        assert_eq!(sign_in(&app, "ada@example.org", password).await?.0, status);
        assert_eq!(sign_in(&app, "eve@example.org", password).await?.0, status);
    }
    Ok(())
}

#[tokio::test]
async fn one_wrong_row_imports_nobody() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    app.register("known@example.org").await?;
    let people = [
        person(2, "ada@example.org", BCRYPT),
        person(3, "ADA@example.org", BCRYPT),
        person(4, "known@example.org", BCRYPT),
        person(5, "plain@example.org", "a plain password"),
    ];
    let refused = app.access.import_people(&people, Known::Refuse).await.unwrap_err();
    let Unimported::Rows(rows) = refused else { panic!("{refused:?}") };
    let lines: Vec<u64> = rows.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [3, 4, 5], "{rows:?}");
    assert!(rows[1].1.contains("has an account here already"), "{rows:?}");
    assert!(!format!("{rows:?}").contains("a plain password"));
    assert_eq!(app.store.read().await?.access().count_users().await?, 2);

    let good = [people[0].clone(), people[2].clone()];
    let imported = app.access.import_people(&good, Known::Skip).await?;
    assert_eq!((imported.made, imported.known), (1, vec![(4, "known@example.org".to_owned())]));
    Ok(())
}

#[tokio::test]
async fn an_installation_without_an_administrator_takes_nobody() -> Result<()> {
    let app = TestApp::first_run(TestSettings::default()).await?;
    let people = [person(2, "ada@example.org", BCRYPT)];
    assert!(app.access.import_people(&people, Known::Refuse).await.is_err());
    assert!(app.access.is_setup_required().await?);
    Ok(())
}
