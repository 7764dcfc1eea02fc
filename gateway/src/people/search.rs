//! Finding people: by what is typed, by commune, by function.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::directory::{Commune, CommuneId, Function, Person, Post, Register, fold};
use crate::web::t;

/// The names of the communes, for what is said of posts.
pub(super) struct Places(BTreeMap<CommuneId, String>);

impl Places {
    pub(super) fn new(communes: &[Commune]) -> Self {
        Self(communes.iter().map(|commune| (commune.id, commune.name.to_string())).collect())
    }

    pub(super) fn name(&self, commune: CommuneId) -> &str {
        self.0.get(&commune).map_or("", String::as_str)
    }

    /// "maire, Alvimare", "président".
    pub(super) fn post(&self, post: Post) -> String {
        let function = t(post.function().text());
        match post.commune() {
            Some(commune) => format!("{function}, {}", self.name(commune)),
            None => function,
        }
    }
}

/// Whom somebody looks for.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    /// Words, of which each begins a word of the name, the function or the commune.
    pub(super) words: String,
    pub(super) commune: Option<CommuneId>,
    pub(super) function: Option<Function>,
    /// Those who hold nothing that day as well.
    pub(super) former: bool,
}

impl Wanted {
    pub(super) fn found<'a>(&self, register: &'a Register, places: &Places, today: Date) -> Vec<&'a Person> {
        let words = fold(&self.words);
        let words: Vec<&str> = words.split_whitespace().collect();
        register.choose(|person| self.is_one(person, today) && says(person, &words, places, today))
    }

    fn is_one(&self, person: &Person, today: Date) -> bool {
        let is_asked = |post: Post| {
            self.function.is_none_or(|function| post.function() == function)
                && (self.commune.is_none() || post.commune() == self.commune)
        };
        if self.former && self.commune.is_none() && self.function.is_none() {
            return true;
        }
        let mut mandates = person.mandates.iter();
        mandates.any(|mandate| is_asked(mandate.post) && (self.former || mandate.term.holds_on(today)))
    }
}

fn says(person: &Person, words: &[&str], places: &Places, today: Date) -> bool {
    if words.is_empty() {
        return true;
    }
    let posts = person.mandates_on(today).map(|mandate| places.post(mandate.post));
    let all = posts.fold(person.details.name.listed(), |all, post| all + " " + &post);
    let all = fold(&all);
    words.iter().all(|word| all.split(' ').any(|known| known.starts_with(word)))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::directory::{self, register};
    use crate::directory::{
        CommuneName, Details, Mandate, PersonName, Term, add_commune, add_person, give_mandate,
    };
    use crate::store::Store;

    #[tokio::test]
    async fn people_are_found_by_the_beginnings_of_words() {
        let today = date(2026, 11, 24);
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path()).expect("a store");
        let (communes, register) = store
            .write(async move |tx| {
                let name = CommuneName::parse("Yébleron").expect("a name");
                let yebleron = add_commune(tx, &name, false).await?.id;
                for (family, function, until) in [
                    ("Maire d’Yébleron", Function::Mayor, None),
                    ("Secrétaire", Function::Secretary, None),
                    ("Ancien délégué", Function::Delegate, Some(date(2026, 11, 23))),
                ] {
                    let name = PersonName::parse(family, "").expect("a name");
                    let details = Details { civility: None, name, phone: None, email: None };
                    let id = add_person(tx, &details).await?.id;
                    let post = Post::new(function, Some(yebleron)).expect("a post");
                    let _: Mandate =
                        give_mandate(tx, id, post, Term::new(date(2026, 3, 22), until).expect("in order"))
                            .await?;
                }
                Ok::<_, directory::Error>((directory::communes(tx).await?, register(tx).await?))
            })
            .await
            .expect("the rules allow it");
        let places = Places::new(&communes);
        let check = |words: &str, function: Option<Function>, former: bool, expected: &[&str]| {
            let wanted = Wanted { words: words.to_owned(), commune: Some(communes[0].id), function, former };
            let found = wanted.found(&register, &places, today);
            let names: Vec<_> = found.iter().map(|person| person.details.name.family()).collect();
            assert_eq!(names, expected, "{words}");
        };
        check("", None, false, &["Maire d’Yébleron", "Secrétaire"]);
        check("YEBL", None, false, &["Maire d’Yébleron", "Secrétaire"]);
        check("d'yéb maire", None, false, &["Maire d’Yébleron"]);
        check("secretaire de mairie", None, false, &["Secrétaire"]);
        check("secretariat", None, false, &[]);
        check("", Some(Function::Mayor), false, &["Maire d’Yébleron"]);
        check("", Some(Function::Delegate), false, &[]);
        check("", Some(Function::Delegate), true, &["Ancien délégué"]);
        check("délégué", None, true, &["Ancien délégué"]);
    }
}
