//! The referents' guide: the same file as in the project's documents, as a page. Each page of this door leads to the
//! paragraph that explains it.

use std::sync::LazyLock;

use askama::Template;
use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

use crate::access::{Audience, Route};
use crate::web::{self, Frame, Refusal, Reply, filters};

const PATH: &str = "/guide";

const TEXT: &str = include_str!("../../../docs/guides/referent.md");

/// Which paragraph explains which pages.
pub(super) const GUIDE: web::Guide = web::Guide {
    path: PATH,
    paragraphs: &[
        ("/", "lire-la-page-des-liaisons"),
        ("/annuaire", "lannuaire"),
        ("/annuaire/listes", "envoyer-une-liste"),
        ("/annuaire/personnes/*/effacer", "effacer-une-personne"),
        ("/appareils", "les-appareils-sans-agent"),
        ("/annonce", "publier-une-annonce"),
        ("/bons", "créer-et-imprimer-les-bons"),
        ("/communes", "ce-que-veut-dire-chaque-état"),
        ("/communes/*/appareil", "les-appareils-sans-agent"),
        ("/communes/*/fiche", "lannuaire"),
        ("/communes/*/heures", "les-alertes-et-les-horaires"),
        ("/communes/*/nom", "renommer"),
        ("/communes/*/supprimer", "ajouter-des-communes"),
        ("/communes/disponibilite", "la-disponibilité"),
        ("/communes/ajouter", "ajouter-des-communes"),
        ("/compte", "votre-compte"),
        ("/connexion", "mot-de-passe-oublié"),
        ("/installation", "la-première-fois"),
        ("/mises-a-jour", "les-mises-à-jour"),
        ("/postes/*/nom", "renommer"),
        ("/postes/*/ordinateurs", "dautres-ordinateurs-de-la-mairie"),
        ("/postes/*/remplacer", "remplacer-un-poste"),
        ("/postes/*/retirer", "retirer-un-poste"),
        ("/qui-a-fait-quoi", "qui-a-fait-quoi"),
        ("/reglages", "le-chemin-de-secours"),
        ("/reglages/cle", "la-clé-de-la-passerelle"),
    ],
};

static RENDERED: LazyLock<Rendered> = LazyLock::new(|| Rendered::of(TEXT));

/// Whoever has forgotten a password needs it before signing in.
pub(super) fn routes<S: Clone + Send + Sync + 'static>() -> Vec<Route<S>> {
    vec![Route::get(PATH, Audience::Anyone, page)]
}

#[derive(Template)]
#[template(path = "admin/templates/guide.html")]
struct GuidePage {
    frame: Frame,
    guide: &'static Rendered,
}

async fn page(frame: Frame) -> Result<Reply, Refusal> {
    Reply::page(&GuidePage { frame, guide: &RENDERED })
}

/// A text of ours as HTML.
struct Rendered {
    html: String,
    /// Its paragraphs, in their order.
    contents: Vec<Paragraph>,
}

struct Paragraph {
    anchor: String,
    title: String,
}

impl Rendered {
    fn of(text: &str) -> Self {
        let mut events: Vec<Event<'_>> = Parser::new_ext(text, Options::empty()).collect();
        let mut contents = Vec::new();
        for place in 0..events.len() {
            let Event::Start(Tag::Heading { level, .. }) = &events[place] else { continue };
            let level = *level;
            let title = title(&events[place + 1..]);
            let anchor = anchor(&title);
            if let Event::Start(Tag::Heading { id, .. }) = &mut events[place] {
                *id = Some(CowStr::from(anchor.clone()));
            }
            if level == HeadingLevel::H2 {
                contents.push(Paragraph { anchor, title });
            }
        }
        let mut rendered = String::new();
        html::push_html(&mut rendered, events.into_iter());
        Self { html: rendered, contents }
    }
}

/// The words up to the end of the heading.
fn title(events: &[Event<'_>]) -> String {
    let inside = events.iter().take_while(|event| !matches!(event, Event::End(TagEnd::Heading(_))));
    inside
        .filter_map(|event| match event {
            Event::Text(text) | Event::Code(text) => Some(text.as_ref()),
            _ => None,
        })
        .collect()
}

/// As GitHub makes them, so that a link within the file leads to the same place there and here.
fn anchor(title: &str) -> String {
    let letters = title.chars().filter_map(|letter| match letter {
        ' ' => Some('-'),
        '-' => Some('-'),
        letter if letter.is_alphanumeric() => Some(letter),
        _ => None,
    });
    letters.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchors_are_those_of_the_file_on_the_web() {
        fn check(title: &str, expected: &str) {
            assert_eq!(anchor(title), expected);
        }
        check("Mot de passe oublié", "mot-de-passe-oublié");
        check("Ce qu’il y a", "ce-quil-y-a");
        check("Le port 443, par TCP", "le-port-443-par-tcp");
    }

    #[test]
    fn every_anchor_that_is_led_to_is_there_once() {
        let html = &RENDERED.html;
        for (path, anchor) in GUIDE.paragraphs {
            assert_eq!(html.matches(&format!("id=\"{anchor}\"")).count(), 1, "{path}: {anchor}");
        }
        for inside in html.split("href=\"#").skip(1) {
            let encoded = inside.split('"').next().expect("a quote ends it");
            let is_there = RENDERED.contents.iter().any(|paragraph| paragraph.anchor == encoded);
            assert!(is_there, "{encoded}");
        }
    }

    #[test]
    fn signs_are_set_as_in_french() {
        for (number, line) in (1..).zip(TEXT.lines()) {
            // What is typed in a terminal is not French.
            let line: String = line.split('`').step_by(2).collect();
            assert!(!line.contains('\''), "{number}: {line}");
            for sign in [" :", " ;", " ?", " !", " »", "« ", " %"] {
                assert!(!line.contains(sign), "{number}: {line}");
            }
        }
    }
}
