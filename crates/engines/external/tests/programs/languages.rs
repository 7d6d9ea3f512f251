//! Own engines from their beginning: made, checked and run in every language.

use gantry_engine_api::JobNote;
use gantry_engine_testkit::MemoryHost;
use gantry_external::{
    ExternalConfig, ExternalEngine, Language, Severity, check_engine, new_engine,
};
use serde_json::json;

use crate::started::{configure, run, run_done};

#[tokio::test(flavor = "multi_thread")]
async fn new_engines_conform_and_run() {
    for language in Language::ALL {
        let folder = tempfile::tempdir().unwrap();
        new_engine("mine", *language, folder.path()).unwrap();
        let config = ExternalConfig::read(folder.path()).unwrap();
        let report = check_engine(config.clone()).await;
        assert!(report.findings.is_empty(), "{language}: {:#?}", report.findings);
        for check in ["handshake", "unknown operation", "estimate", "run", "determinism", "cancel"]
        {
            assert!(report.passed.iter().any(|p| p.starts_with(check)), "{language} {check}");
        }

        let engine = ExternalEngine::start(config).await.unwrap();
        let host = MemoryHost::builder().build().unwrap();
        let name = "Ada \"\\ Łovelace";
        run(&engine, "mine.greet", json!({ "name": name }), &host).await.unwrap();
        assert!(host.notes().contains(&JobNote::Progress { fraction: 0.5 }), "{language}");
        let report = run_done(&engine, "mine.greet", json!({ "name": name })).await;
        assert_eq!(report, json!({ "greeting": format!("Hello, {name}!") }), "{language}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_check_finds_what_is_wrong() {
    let report = check_engine(configure(&["python3", "-c", "print('hi')"])).await;
    assert!(!report.is_conforming() && report.passed.is_empty());
    assert!(report.findings[0].to_string().contains("`hi`"), "{}", report.findings[0]);

    let report = check_engine(configure(&["python3", "sloppy.py"])).await;
    let find = |check: &str| report.findings.iter().find(|finding| finding.check == check);
    assert!(!report.is_conforming());
    for (check, severity, words) in [
        ("messages of later versions", Severity::Warning, "ended the process"),
        ("unknown operation", Severity::Failure, "It ran one"),
        ("report of sloppy.run", Severity::Failure, "must be of type string"),
        ("determinism of sloppy.run", Severity::Warning, "different results"),
        ("quiet after sloppy.late", Severity::Failure, "said more"),
        ("cancel of sloppy.sleep", Severity::Warning, "within a second"),
    ] {
        let finding = find(check).unwrap_or_else(|| panic!("{check}: {report:#?}"));
        assert_eq!(finding.severity, severity, "{finding}");
        assert!(finding.cause.contains(words) && !finding.next_step.is_empty(), "{finding}");
    }
}

#[test]
fn the_examples_are_what_new_engine_writes() {
    let examples =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../examples/engines");
    for language in Language::ALL {
        let folder = tempfile::tempdir().unwrap();
        let name = format!("hello_{language}");
        for made in new_engine(&name, *language, folder.path()).unwrap() {
            let file = made.file_name().unwrap().to_str().unwrap().to_owned();
            let made = std::fs::read_to_string(made).unwrap();
            let shown = folder.path().to_string_lossy().into_owned();
            let made = made.replace(&shown, &format!("examples/engines/{name}"));
            let kept = std::fs::read_to_string(examples.join(&name).join(&file)).unwrap();
            assert_eq!(made, kept, "{name}/{file}: make it again with `gantry engine new`");
        }
    }
}
