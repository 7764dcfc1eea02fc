//! Everything that a person reads, from the catalogue `locales/fr.ftl`. Journal lines are not texts:
//! they are in English, where they are written.

use std::io;
use std::sync::LazyLock;

pub(crate) use fluent_bundle::FluentValue as Value;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};

use crate::journal::journal_text;

const FRENCH: &str = include_str!("../locales/fr.ftl");

static CATALOGUE: LazyLock<FluentBundle<FluentResource>> = LazyLock::new(|| {
    let resource = FluentResource::try_new(FRENCH.to_owned()).expect("a test parses this very catalogue");
    let mut bundle = FluentBundle::new_concurrent(vec!["fr".parse().expect("a language")]);
    // Isolation marks are for mixed writing directions; on a terminal they show as boxes.
    bundle.set_use_isolating(false);
    bundle.add_resource(resource).expect("a test adds this very catalogue");
    bundle
});

pub(crate) fn t(id: &str) -> String {
    t_with(id, &[])
}

/// An unknown `id` gives the `id` itself: a person is better served by an odd word than by nothing.
pub(crate) fn t_with(id: &str, values: &[(&'static str, Value<'_>)]) -> String {
    let Some(pattern) = CATALOGUE.get_message(id).and_then(|message| message.value()) else {
        log::error!("text {id} is missing from the catalogue");
        return id.to_owned();
    };
    let arguments: FluentArgs<'_> = values.iter().cloned().collect();
    let mut problems = Vec::new();
    let text = CATALOGUE.format_pattern(pattern, Some(&arguments), &mut problems);
    for problem in problems {
        log::error!("text {id}: {problem}");
    }
    text.into_owned()
}

/// Why the system refused, for a person: the usual reasons in French, the rare ones as they are.
pub(crate) fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => t("reason-not-found"),
        io::ErrorKind::PermissionDenied => t("reason-permission"),
        io::ErrorKind::StorageFull => t("reason-full"),
        io::ErrorKind::ReadOnlyFilesystem => t("reason-read-only"),
        io::ErrorKind::InvalidData => t("reason-not-text"),
        _ => error.to_string(),
    }
}

/// Why the tunnel cannot be had, for a person: in French where it is their turn.
pub(crate) fn tunnel_reason(error: &beffroi_tunnel::Error) -> String {
    use beffroi_tunnel::Error::{Foreign, InUse, Taken};
    match error {
        Foreign(name) | InUse(name) | Taken(name) => {
            t_with("tunnel-not-ours", &[("interface", name.as_str().into())])
        }
        other => journal_text(other),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn an_interface_of_someone_else_is_told_in_french() {
        let told = tunnel_reason(&beffroi_tunnel::Error::Foreign("beffroi".into()));
        assert!(told.contains("« beffroi »") && told.contains("agent.toml"), "{told}");
    }

    fn sources(dir: &Path) -> String {
        fs::read_dir(dir)
            .expect("the sources are beside the tests")
            .map(|entry| entry.expect("a readable folder").path())
            .map(|path| match path.extension() {
                _ if path.is_dir() => sources(&path),
                Some(extension) if extension == "rs" => fs::read_to_string(&path).expect("a readable file"),
                _ => String::new(),
            })
            .collect()
    }

    fn ids() -> impl Iterator<Item = &'static str> {
        FRENCH
            .lines()
            .filter_map(|line| line.split_once(" ="))
            .map(|(id, _)| id)
            .filter(|id| !id.contains(' '))
    }

    #[test]
    fn every_text_is_used() {
        let sources = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
        let unused: Vec<_> = ids().filter(|id| !sources.contains(&format!("\"{id}\""))).collect();
        assert_eq!(unused, Vec::<&str>::new());
    }

    #[test]
    fn every_text_that_is_used_exists() {
        let sources = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
        let calls = ["t(\"", "t_with(\"", "t_with(\n            \"", "t_with(\n                \""];
        let used = calls.iter().flat_map(|call| sources.split(call).skip(1));
        for id in used.filter_map(|rest| rest.split('"').next()).filter(|id| id.contains('-')) {
            assert!(CATALOGUE.has_message(id), "{id}");
        }
    }
}
