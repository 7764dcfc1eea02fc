//! The bytes that are kept: whole and right ones, cut ones, damaged ones, and those that `make fuzz` once found.

use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

/// Has every file of a reader's corpus read again.
pub(crate) fn replay(name: &str, reader: fn(&[u8])) {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let mut corpora = above.map(|folder| folder.join("tests/fuzz/corpus").join(name));
    let corpus = corpora.find(|folder| folder.is_dir()).expect("a reader has a corpus");
    let mut read = 0;
    for entry in fs::read_dir(corpus).expect("it is a folder") {
        let path = entry.expect("it is a folder").path();
        let bytes = fs::read(&path).expect("it is a folder of files");
        assert!(catch_unwind(|| reader(&bytes)).is_ok(), "{} is not borne", path.display());
        read += 1;
    }
    assert!(read >= 10, "the corpus of {name} has {read} files");
}
