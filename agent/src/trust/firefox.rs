//! Firefox keeps all its policies in one file (`Certificates` → `Install`, a list of paths): pure
//! edits of that text, which may be someone else's.

use serde_json::{Map, Value, json};

const PATH: &str = "/usr/local/share/ca-certificates/beffroi.crt";
const WAY: [&str; 2] = ["policies", "Certificates"];
const LIST: &str = "Install";

/// Outer `None`: the text is not a policy file. An empty text is an empty file.
pub(super) fn with_authority(text: &str) -> Option<Option<String>> {
    let mut whole = parse(text)?;
    let mut at = &mut whole;
    for step in WAY {
        at = at.entry(step).or_insert_with(|| json!({})).as_object_mut()?;
    }
    let list = at.entry(LIST).or_insert_with(|| json!([])).as_array_mut()?;
    if list.iter().any(|entry| entry == PATH) {
        return Some(Some(text.to_owned()));
    }
    list.push(json!(PATH));
    Some(Some(written(&whole)))
}

/// Inner `None`: nothing but our part was there.
pub(super) fn without_authority(text: &str) -> Option<Option<String>> {
    let mut whole = parse(text)?;
    if !forget(&mut whole, &WAY) {
        return Some((!text.is_empty()).then(|| text.to_owned()));
    }
    Some((!whole.is_empty()).then(|| written(&whole)))
}

/// Takes our path out, and on the way back what became empty by that. Says whether it was there.
fn forget(at: &mut Map<String, Value>, way: &[&str]) -> bool {
    let (key, found) = match way {
        [step, rest @ ..] => {
            (*step, at.get_mut(*step).and_then(Value::as_object_mut).is_some_and(|next| forget(next, rest)))
        }
        [] => (LIST, at.get_mut(LIST).and_then(Value::as_array_mut).is_some_and(forget_path)),
    };
    if found && at.get(key).is_some_and(|value| *value == json!({}) || *value == json!([])) {
        at.shift_remove(key);
    }
    found
}

fn forget_path(list: &mut Vec<Value>) -> bool {
    let before = list.len();
    list.retain(|entry| entry != PATH);
    list.len() < before
}

fn parse(text: &str) -> Option<Map<String, Value>> {
    if text.trim().is_empty() {
        return Some(Map::new());
    }
    serde_json::from_str(text).ok()
}

fn written(whole: &Map<String, Value>) -> String {
    serde_json::to_string_pretty(whole).expect("JSON values are JSON") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(text: &str, expected: &str) {
        let read = |text| serde_json::from_str::<Value>(text).expect("JSON");
        assert_eq!(read(text).to_string(), read(expected).to_string(), "also in the same order");
    }

    #[test]
    fn our_part_is_added_and_taken_away() {
        fn check(before: &str, between: &str) {
            let with = with_authority(before).flatten().expect("a policy file");
            same(&with, between);
            assert_eq!(with_authority(&with), Some(Some(with.clone())), "a second time changes nothing");
            let after = without_authority(&with).flatten().expect("something remains");
            same(&after, before);
        }
        check(
            r#"{"policies": {"DisableTelemetry": true}}"#,
            r#"{"policies": {"DisableTelemetry": true, "Certificates": {"Install":
                ["/usr/local/share/ca-certificates/beffroi.crt"]}}}"#,
        );
        check(
            r#"{"z": 1, "policies": {"Certificates": {"ImportEnterpriseRoots": true, "Install": ["school.pem"]}, "A": 2}}"#,
            r#"{"z": 1, "policies": {"Certificates": {"ImportEnterpriseRoots": true, "Install":
                ["school.pem", "/usr/local/share/ca-certificates/beffroi.crt"]}, "A": 2}}"#,
        );
    }

    #[test]
    fn a_file_of_ours_alone_is_not_kept() {
        let with = with_authority("").flatten().expect("a new file");
        assert_eq!(without_authority(&with), Some(None));
        assert_eq!(without_authority(""), Some(None));
    }

    #[test]
    fn a_file_without_our_part_stays_as_it_is() {
        for text in [r#"{"policies":{"Certificates":{"Install":[]}}}"#, "{}", r#"{ "policies": [] }"#] {
            assert_eq!(without_authority(text), Some(Some(text.to_owned())));
        }
    }

    #[test]
    fn what_is_not_a_policy_file_is_not_edited() {
        for text in
            ["{", "[]", "true", r#"{"policies": []}"#, r#"{"policies": {"Certificates": {"Install": 1}}}"#]
        {
            assert_eq!(with_authority(text), None, "{text}");
        }
    }
}
