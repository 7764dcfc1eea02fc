//! The arrows between the gateway's rooms point down: doors, features, nouns, ground.
//!
//! Reads the source of the gateway as tokens, follows every `crate::room`, `super::…::room` and (in the programs)
//! `beffroi_gateway::room`, and fails with the line that points up or sideways. It does not know what the rooms do.
//! `lib.rs` and `main.rs` are outside of the building: they put it together.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context, Result};
use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// The floors, from the top. A new room is one word here.
const FLOORS: [(Floor, &[&str]); 4] = [
    (Floor::Doors, &["admin", "agents", "carrier", "command", "metrics", "portal"]),
    // `bin`: the programs beside the gateway, which know no feature.
    (Floor::Features, &["bin", "certificates", "devices", "enrolment", "links", "news", "people", "updates"]),
    (Floor::Nouns, &["access", "audit", "directory", "openings"]),
    (
        Floor::Ground,
        &[
            "config",
            "control",
            "journal",
            "listeners",
            "local_socket",
            "netd",
            "paths",
            "privileges",
            "spreadsheet",
            "store",
            "web",
            "whole_file",
        ],
    ),
];

/// The only arrows within a floor.
const WITHIN: [(&str, &str); 17] = [
    ("access", "directory"),
    ("config", "web"),
    ("control", "config"),
    ("control", "journal"),
    ("control", "local_socket"),
    ("control", "store"),
    ("listeners", "config"),
    ("listeners", "journal"),
    ("netd", "config"),
    ("netd", "journal"),
    ("netd", "local_socket"),
    ("netd", "privileges"),
    ("netd", "web"),
    ("netd", "whole_file"),
    ("store", "config"),
    ("store", "journal"),
    ("web", "journal"),
];

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Floor {
    Ground,
    Nouns,
    Features,
    Doors,
}

/// One mention of a room in the source of another.
#[derive(PartialEq, Eq, Debug)]
struct Arrow {
    line: usize,
    to: String,
}

#[test]
fn arrows_point_down() -> Result<()> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../gateway/src").canonicalize()?;
    let mut wrong = Vec::new();
    for file in files(&source)? {
        let path = file.strip_prefix(&source)?;
        let Some(place) = Place::of(path) else { continue };
        for arrow in
            arrows(&fs::read_to_string(&file)?, &place).with_context(|| path.display().to_string())?
        {
            if let Err(why) = judge(&place.room, &arrow.to) {
                wrong.push(format!("gateway/src/{}:{}: {why}", path.display(), arrow.line));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
    Ok(())
}

/// Where a file stands: its room, how deep its module is, and what the building is called from there.
#[derive(Clone)]
struct Place {
    room: String,
    depth: usize,
    building: &'static str,
}

impl Place {
    /// None for the files that may know everyone.
    fn of(path: &Path) -> Option<Place> {
        let module = path.with_extension("");
        let names: Vec<&str> = module.iter().filter_map(|part| part.to_str()).collect();
        let (room, depth, building) = match names.as_slice() {
            ["lib" | "main"] => return None,
            ["bin", ..] => ("bin", names.len(), "beffroi_gateway"),
            [room, .., "mod"] => (*room, names.len() - 1, "crate"),
            names => (names[0], names.len(), "crate"),
        };
        Some(Place { room: room.to_owned(), depth, building })
    }

    fn inner(&self) -> Place {
        Place { depth: self.depth + 1, ..self.clone() }
    }
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn arrows(source: &str, place: &Place) -> Result<Vec<Arrow>> {
    let tokens = TokenStream::from_str(source).map_err(|error| anyhow::anyhow!("not Rust: {error}"))?;
    let mut found = Vec::new();
    walk(tokens, place, &mut found);
    Ok(found)
}

fn walk(tokens: TokenStream, place: &Place, found: &mut Vec<Arrow>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut rest = tokens.as_slice();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match first {
            TokenTree::Ident(word) if word == "mod" => {
                if let [_, TokenTree::Group(body), after @ ..] = after {
                    walk(body.stream(), &place.inner(), found);
                    rest = after;
                }
            }
            // A program is a crate of its own: what is above its modules is not the building.
            TokenTree::Ident(word)
                if word == place.building || (word == "super" && place.building == "crate") =>
            {
                if let Some(after) = root(word == "super", after, place) {
                    found.extend(mentioned(after));
                }
                rest = skip_supers(after);
            }
            TokenTree::Group(group) => walk(group.stream(), place, found),
            _ => {}
        }
    }
}

/// What follows a prefix that leads to the root of the crate; None when it ends inside of a room.
fn root<'a>(is_super: bool, mut after: &'a [TokenTree], place: &Place) -> Option<&'a [TokenTree]> {
    let mut depth = if is_super { place.depth.checked_sub(1)? } else { 0 };
    loop {
        after = colons(after)?;
        match after {
            [TokenTree::Ident(word), rest @ ..] if word == "super" => {
                depth = depth.checked_sub(1)?;
                after = rest;
            }
            _ => return (depth == 0).then_some(after),
        }
    }
}

fn skip_supers(mut rest: &[TokenTree]) -> &[TokenTree] {
    while let Some([TokenTree::Ident(word), after @ ..]) = colons(rest) {
        if word != "super" {
            break;
        }
        rest = after;
    }
    rest
}

fn colons(tokens: &[TokenTree]) -> Option<&[TokenTree]> {
    match tokens {
        [TokenTree::Punct(a), TokenTree::Punct(b), rest @ ..] if a.as_char() == ':' && b.as_char() == ':' => {
            Some(rest)
        }
        _ => None,
    }
}

/// The rooms named right after the root: one, or several in braces.
fn mentioned(tokens: &[TokenTree]) -> Vec<Arrow> {
    match tokens.first() {
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
            let inside: Vec<TokenTree> = group.stream().into_iter().collect();
            inside
                .split(|token| matches!(token, TokenTree::Punct(mark) if mark.as_char() == ','))
                .flat_map(mentioned)
                .collect()
        }
        Some(TokenTree::Ident(word)) if word == "self" => Vec::new(),
        Some(token) => vec![Arrow { line: token.span().start().line, to: token.to_string() }],
        None => Vec::new(),
    }
}

fn floor(room: &str) -> Option<Floor> {
    FLOORS.iter().find(|(_, rooms)| rooms.contains(&room)).map(|(floor, _)| *floor)
}

fn judge(from: &str, to: &str) -> Result<(), Complaint> {
    if from == to {
        return Ok(());
    }
    let upper = floor(from).ok_or_else(|| Complaint::Unknown(from.to_owned()))?;
    let lower = floor(to).ok_or_else(|| Complaint::Unknown(to.to_owned()))?;
    if upper > lower || WITHIN.contains(&(from, to)) {
        return Ok(());
    }
    let arrow = format!("{from} ({upper:?}) -> {to} ({lower:?})");
    Err(if upper == lower { Complaint::Sideways(arrow) } else { Complaint::Up(arrow) })
}

#[derive(PartialEq, Eq, Debug)]
enum Complaint {
    Up(String),
    Sideways(String),
    Unknown(String),
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Complaint::Up(arrow) => write!(f, "points up: {arrow}"),
            Complaint::Sideways(arrow) => {
                write!(f, "points sideways: {arrow}; the shared word belongs a floor below")
            }
            Complaint::Unknown(room) => write!(f, "no room is called {room}: give it a floor in {}", file!()),
        }
    }
}

#[test]
fn every_way_of_naming_a_room_is_seen() {
    let check = |path: &str, source: &str, expected: &[(usize, &str)]| {
        let place = Place::of(Path::new(path)).expect("the examples are in rooms");
        let expected: Vec<Arrow> =
            expected.iter().map(|(line, to)| Arrow { line: *line, to: (*to).to_owned() }).collect();
        assert_eq!(arrows(source, &place).expect("the examples are Rust"), expected, "{source}");
    };
    check("news/mod.rs", "use crate::web;", &[(1, "web")]);
    check("news/mod.rs", "use crate::web::{Refusal, self};", &[(1, "web")]);
    check("news/mod.rs", "\nuse crate::{store::{Read, Store},\n web};", &[(2, "store"), (3, "web")]);
    check("news/mod.rs", "use super::links::Board;", &[(1, "links")]);
    check("news/mod.rs", "use super::{links, admin};", &[(1, "links"), (1, "admin")]);
    check("news/pages.rs", "use super::Notice;", &[]);
    check("news/pages.rs", "fn f() { super::super::links::board() }", &[(1, "links")]);
    check("news/pages.rs", "mod tests { use super::*; use super::super::super::links; }", &[(1, "links")]);
    check("news/pages.rs", "fn f() { log::info!(\"{}\", crate::links::age()); }", &[(1, "links")]);
    check("news/pages.rs", "pub(crate) fn f() {} // crate::links", &[]);
    check("bin/netd.rs", "use beffroi_gateway::netd::serve;", &[(1, "netd")]);
    check("bin/netd.rs", "mod tests { use super::*; }", &[]);
    check("config.rs", "use super::web;", &[(1, "web")]);
}

#[test]
fn arrows_that_point_up_or_sideways_are_refused() {
    let check = |from: &str, to: &str, expected: Option<&str>| {
        let found = judge(from, to).err().map(|complaint| complaint.to_string());
        assert_eq!(found.as_deref(), expected, "{from} -> {to}");
    };
    check("admin", "news", None);
    check("news", "directory", None);
    check("access", "directory", None);
    check("news", "news", None);
    check(
        "directory",
        "access",
        Some("points sideways: directory (Nouns) -> access (Nouns); the shared word belongs a floor below"),
    );
    check(
        "portal",
        "admin",
        Some("points sideways: portal (Doors) -> admin (Doors); the shared word belongs a floor below"),
    );
    check("store", "news", Some("points up: store (Ground) -> news (Features)"));
    check(
        "store",
        "web",
        Some("points sideways: store (Ground) -> web (Ground); the shared word belongs a floor below"),
    );
}
