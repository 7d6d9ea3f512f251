//! Stories of a blob store.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use futures::TryStreamExt;
use gantry_ports::{BlobError, BlobKey, BlobStore};

use super::Outcome;

/// Declares a test for each story; `$open` is `fn() -> (Arc<dyn BlobStore>, impl Sized)`, the
/// second being what keeps the store alive.
#[macro_export]
macro_rules! blob_conformance {
    ($open:path) => {
        $crate::blob_conformance!(@each $open:
            bytes_come_back_whole_and_in_ranges,
            files_go_in_and_out,
            joined_parts_are_one_blob,
            what_is_missing_is_not_found,
            a_failed_write_leaves_nothing,
            deleting_twice_is_fine,
            a_list_names_every_blob,
        );
    };
    (@each $open:path: $($story:ident),+ $(,)?) => {$(
        #[tokio::test]
        async fn $story() -> $crate::conformance::Outcome {
            let (blobs, _alive) = $open();
            $crate::conformance::blobs::$story(blobs).await
        }
    )+};
}

fn key(words: &[&str]) -> Result<BlobKey> {
    Ok(BlobKey::from_words(words)?)
}

async fn read(
    blobs: &dyn BlobStore,
    key: &BlobKey,
    range: std::ops::Range<u64>,
) -> Result<Vec<u8>> {
    let chunks = blobs.read_range(key, range).await?;
    Ok(chunks.try_collect::<Vec<_>>().await?.concat())
}

/// A range is what it says, and one beyond the end is cut.
pub async fn bytes_come_back_whole_and_in_ranges(blobs: Arc<dyn BlobStore>) -> Outcome {
    let key = key(&["datasets", "one", "1"])?;
    blobs.put_bytes(&key, "0123456789".into()).await?;
    ensure!(blobs.size(&key).await? == 10);
    ensure!(read(&*blobs, &key, 0..10).await? == b"0123456789");
    ensure!(read(&*blobs, &key, 3..6).await? == b"345");
    ensure!(read(&*blobs, &key, 8..99).await? == b"89");
    ensure!(read(&*blobs, &key, 4..4).await?.is_empty());
    ensure!(read(&*blobs, &key, 50..60).await?.is_empty());
    Ok(())
}

/// A local file becomes a blob, and a blob a local file; also empty ones.
pub async fn files_go_in_and_out(blobs: Arc<dyn BlobStore>) -> Outcome {
    let folder = tempfile::tempdir()?;
    let large = vec![7_u8; 9 << 20];
    for (name, content) in [("empty", &[][..]), ("small", b"abc"), ("large", &large)] {
        let source = folder.path().join(name);
        std::fs::write(&source, content)?;
        let key = key(&["artifacts", name])?;
        blobs.put_file(&key, &source).await?;
        std::fs::write(&source, b"changed afterwards")?;
        let target = folder.path().join(format!("{name}.fetched"));
        blobs.fetch_to(&key, &target).await?;
        ensure!(std::fs::read(&target)? == content, "{name} came back changed");
        ensure!(blobs.fetch_to(&key, &target).await.is_err(), "an existing file was replaced");
    }
    Ok(())
}

/// Parts are joined in their order; they stay.
pub async fn joined_parts_are_one_blob(blobs: Arc<dyn BlobStore>) -> Outcome {
    let parts = [key(&["parts", "b"])?, key(&["parts", "a"])?, key(&["parts", "c"])?];
    for (part, text) in parts.iter().zip(["first ", "second ", "third"]) {
        blobs.put_bytes(part, text.into()).await?;
    }
    let whole = key(&["whole"])?;
    blobs.join(&whole, &parts).await?;
    ensure!(read(&*blobs, &whole, 0..u64::MAX).await? == b"first second third");
    ensure!(blobs.size(&parts[0]).await? == 6);
    Ok(())
}

/// A key without a blob is told apart from a failure.
pub async fn what_is_missing_is_not_found(blobs: Arc<dyn BlobStore>) -> Outcome {
    let folder = tempfile::tempdir()?;
    let missing = key(&["not", "here"])?;
    let target = folder.path().join("target");
    let lost = |error: Option<BlobError>| matches!(error, Some(BlobError::NotFound { .. }));
    ensure!(lost(blobs.size(&missing).await.err()));
    ensure!(lost(blobs.read_range(&missing, 0..1).await.err()));
    ensure!(lost(blobs.fetch_to(&missing, &target).await.err()));
    ensure!(!target.exists(), "a fetch of nothing made a file");
    let whole = key(&["whole"])?;
    ensure!(lost(blobs.join(&whole, std::slice::from_ref(&missing)).await.err()));
    Ok(())
}

/// What could not be written whole is not visible at all.
pub async fn a_failed_write_leaves_nothing(blobs: Arc<dyn BlobStore>) -> Outcome {
    let here = key(&["parts", "here"])?;
    blobs.put_bytes(&here, "bytes".into()).await?;
    let whole = key(&["whole"])?;
    let parts = [here, key(&["parts", "missing"])?];
    ensure!(blobs.join(&whole, &parts).await.is_err());
    ensure!(blobs.size(&whole).await.is_err(), "half a blob is visible");
    let nowhere = Path::new("/no/such/file");
    ensure!(blobs.put_file(&whole, nowhere).await.is_err());
    ensure!(blobs.size(&whole).await.is_err(), "half a blob is visible");
    let kept = key(&["kept"])?;
    blobs.put_bytes(&kept, "old".into()).await?;
    ensure!(blobs.join(&kept, &parts).await.is_err());
    let content = read(&*blobs, &kept, 0..9).await.context("reading what was there before")?;
    ensure!(content == b"old", "a failed write damaged what was there");
    Ok(())
}

/// Removing is idempotent.
pub async fn deleting_twice_is_fine(blobs: Arc<dyn BlobStore>) -> Outcome {
    let key = key(&["short", "lived"])?;
    blobs.put_bytes(&key, "x".into()).await?;
    blobs.delete(&key).await?;
    ensure!(blobs.size(&key).await.is_err());
    blobs.delete(&key).await?;
    Ok(())
}

/// What is stored is listed with its time, what was removed is not.
pub async fn a_list_names_every_blob(blobs: Arc<dyn BlobStore>) -> Outcome {
    let (kept, gone) = (key(&["jobs", "one", "1", "a"])?, key(&["jobs", "one", "1", "b"])?);
    for key in [&kept, &gone] {
        blobs.put_bytes(key, "x".into()).await?;
    }
    blobs.delete(&gone).await?;
    let listed: Vec<_> = blobs.list().await.try_collect().await?;
    let keys: Vec<_> = listed.iter().map(|entry| &entry.key).collect();
    ensure!(keys == [&kept], "{keys:?} are listed");
    let year_2020 = 1_577_836_800_000_000;
    ensure!(listed[0].stored_at.as_micros() > year_2020, "{}", listed[0].stored_at);
    Ok(())
}
