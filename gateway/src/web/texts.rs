//! What people read: the Fluent catalogues, one file for each room under `locales/fr/`.
//!
//! It does not know which page a text is for. A test compares the identifiers that the sources name with
//! those that the catalogues hold, both ways.

use std::borrow::Cow;
use std::fmt;
use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

/// One for each room: a new room adds its file and its line.
const FRENCH: &[(&str, &str)] = &[
    ("access", include_str!("../../locales/fr/access.ftl")),
    ("admin", include_str!("../../locales/fr/admin.ftl")),
    ("agents", include_str!("../../locales/fr/agents.ftl")),
    ("audit", include_str!("../../locales/fr/audit.ftl")),
    ("certificates", include_str!("../../locales/fr/certificates.ftl")),
    ("command", include_str!("../../locales/fr/command.ftl")),
    ("config", include_str!("../../locales/fr/config.ftl")),
    ("devices", include_str!("../../locales/fr/devices.ftl")),
    ("directory", include_str!("../../locales/fr/directory.ftl")),
    ("enrolment", include_str!("../../locales/fr/enrolment.ftl")),
    ("links", include_str!("../../locales/fr/links.ftl")),
    ("netd", include_str!("../../locales/fr/netd.ftl")),
    ("news", include_str!("../../locales/fr/news.ftl")),
    ("people", include_str!("../../locales/fr/people.ftl")),
    ("portal", include_str!("../../locales/fr/portal.ftl")),
    ("updates", include_str!("../../locales/fr/updates.ftl")),
    ("web", include_str!("../../locales/fr/web.ftl")),
];

static BUNDLE: LazyLock<FluentBundle<FluentResource>> = LazyLock::new(|| {
    let french: LanguageIdentifier = "fr-FR".parse().expect("fr-FR is a language");
    let mut bundle = FluentBundle::new_concurrent(vec![french]);
    // The marks around arguments are for mixed writing directions, and would be typed back by people.
    bundle.set_use_isolating(false);
    for (room, text) in FRENCH {
        let resource = FluentResource::try_new((*text).to_owned()).unwrap_or_else(|(resource, errors)| {
            log::error!("the texts of {room} are partly unreadable: {errors:?}");
            resource
        });
        if let Err(errors) = bundle.add_resource(resource) {
            log::error!("the texts of {room} repeat an identifier: {errors:?}");
        }
    }
    bundle
});

/// The text of that name.
pub fn t(id: &str) -> String {
    Text::new(id).to_string()
}

/// The text of that name, with its arguments: `t_with("links-of", &[("commune", &name)])`.
pub fn t_with(id: &str, arguments: &[(&'static str, &dyn Argument)]) -> String {
    let text = arguments.iter().fold(Text::new(id), |text, (name, value)| text.with(name, *value));
    text.to_string()
}

/// A text with its arguments, not yet put into words. In a template: `{{ "links-of"|t|with("commune", name) }}`.
#[derive(Debug, Clone)]
pub struct Text {
    id: Cow<'static, str>,
    arguments: Vec<(&'static str, Value)>,
}

impl Text {
    /// The text of that name, without arguments yet.
    pub fn new(id: &str) -> Text {
        Text { id: Cow::Owned(id.to_owned()), arguments: Vec::new() }
    }

    /// Numbers stay numbers, so that a catalogue can choose between singular and plural.
    pub fn with(mut self, name: &'static str, value: &(impl Argument + ?Sized)) -> Text {
        self.arguments.push((name, value.argument()));
        self
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(pattern) = BUNDLE.get_message(&self.id).and_then(|message| message.value()) else {
            log::error!("no text is called {}", self.id);
            return f.write_str(&self.id);
        };
        let arguments: FluentArgs<'_> =
            self.arguments.iter().map(|(name, value)| (*name, value.fluent())).collect();
        let mut errors = Vec::new();
        let text = BUNDLE.format_pattern(pattern, Some(&arguments), &mut errors);
        if !errors.is_empty() {
            log::error!("the text {} lacks an argument: {errors:?}", self.id);
        }
        f.write_str(&text)
    }
}

/// What a text can be given.
pub trait Argument: Sync {
    fn argument(&self) -> Value;
}

/// A word, or a number by which a catalogue can choose between singular and plural.
#[derive(Debug, Clone)]
pub enum Value {
    Word(String),
    Whole(i64),
    Real(f64),
}

impl Value {
    fn fluent(&self) -> FluentValue<'_> {
        match self {
            Value::Word(word) => FluentValue::from(word.as_str()),
            Value::Whole(number) => FluentValue::from(*number),
            Value::Real(number) => FluentValue::from(*number),
        }
    }
}

impl Argument for str {
    fn argument(&self) -> Value {
        Value::Word(self.to_owned())
    }
}

impl Argument for String {
    fn argument(&self) -> Value {
        Value::Word(self.clone())
    }
}

impl Argument for Text {
    fn argument(&self) -> Value {
        Value::Word(self.to_string())
    }
}

impl Argument for f64 {
    fn argument(&self) -> Value {
        Value::Real(*self)
    }
}

impl<T: Argument + ?Sized> Argument for &T {
    fn argument(&self) -> Value {
        (**self).argument()
    }
}

macro_rules! whole_numbers {
    ($($number:ty)*) => {$(
        impl Argument for $number {
            fn argument(&self) -> Value {
                Value::Whole(i64::try_from(*self).unwrap_or(i64::MAX))
            }
        }
    )*};
}

whole_numbers!(u8 u16 u32 u64 usize i32 i64);

/// What templates write: `use crate::web::filters;` beside the struct that derives `Template`.
pub mod filters {
    use super::{Argument, Text};

    /// `{{ "web-home"|t }}`
    #[askama::filter_fn]
    pub fn t(id: &str, _: &dyn askama::Values) -> askama::Result<Text> {
        Ok(Text::new(id))
    }

    /// `{{ "links-of"|t|with("commune", name) }}`
    #[askama::filter_fn]
    pub fn with<T: Argument>(
        text: Text,
        _: &dyn askama::Values,
        name: &'static str,
        value: T,
    ) -> askama::Result<Text> {
        Ok(text.with(name, &value))
    }
}
