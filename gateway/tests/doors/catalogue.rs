//! The texts: every one that the sources name is in a catalogue, and every one in a catalogue is named.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn every_text_is_there_and_used() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let catalogue: BTreeSet<String> = files(&package.join("locales/fr"), "ftl")
        .iter()
        .flat_map(|file| {
            fs::read_to_string(file).expect("a catalogue").lines().filter_map(id).collect::<Vec<_>>()
        })
        .collect();
    let sources = [files(&package.join("src"), "rs"), files(&package.join("src"), "html")].concat();
    let mut named = BTreeSet::new();
    let mut missing = Vec::new();
    for file in sources {
        let text = fs::read_to_string(&file).expect("a source");
        let text: String = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        for word in text.split('"').filter(|word| is_id(word)) {
            named.insert(word.to_owned());
        }
        for id in asked_for(&text) {
            if !catalogue.contains(id) {
                missing.push(format!("{}: {id}", file.display()));
            }
        }
    }
    assert!(missing.is_empty(), "texts that are in no catalogue:\n{}", missing.join("\n"));
    let unused: Vec<_> = catalogue.difference(&named).collect();
    assert!(unused.is_empty(), "texts that nothing names: {unused:?}");
}

#[test]
fn signs_are_set_as_in_french() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    for file in files(&package.join("locales/fr"), "ftl") {
        let text = fs::read_to_string(&file).expect("a catalogue");
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.starts_with('#')) {
            let place = format!("{}:{}: {line}", file.display(), number + 1);
            assert!(!line.contains('\''), "an apostrophe is ’: {place}");
            for sign in [" :", " ;", " ?", " !", " »", "« ", " %"] {
                assert!(!line.contains(sign), "a space that breaks beside {}: {place}", sign.trim());
            }
        }
    }
}

/// The identifier that a line of a catalogue begins.
fn id(line: &str) -> Option<String> {
    let (id, _) = line.split_once(" =")?;
    is_id(id).then(|| id.to_owned())
}

fn is_id(word: &str) -> bool {
    word.contains('-')
        && word.starts_with(|letter: char| letter.is_ascii_lowercase())
        && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// The identifiers in `t("…")`, `t_with("…"`, `Text::new("…")` and `"…"|t`.
fn asked_for(text: &str) -> Vec<&str> {
    let calls = ["t(\"", "t_with(\"", "Text::new(\""].into_iter().flat_map(|call| {
        text.match_indices(call)
            .filter(|(at, _)| {
                !text[..*at].ends_with(|before: char| before.is_alphanumeric() || before == '_')
            })
            .filter_map(move |(at, call)| text[at + call.len()..].split('"').next())
    });
    let filters = text.match_indices("\"|t").filter_map(|(at, _)| text[..at].rsplit('"').next());
    calls.chain(filters).filter(|id| is_id(id)).collect()
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}
