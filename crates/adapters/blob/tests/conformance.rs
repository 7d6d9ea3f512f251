//! The local folder keeps the contract of a blob store.

#![expect(clippy::expect_used, reason = "a test fails without its folder")]

use std::sync::Arc;

use gantry_blob::LocalBlobs;
use gantry_ports::BlobStore;

fn open() -> (Arc<dyn BlobStore>, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let blobs = LocalBlobs::open(&folder.path().join("blobs")).expect("a blob folder");
    (Arc::new(blobs), folder)
}

gantry_testkit::blob_conformance!(open);
