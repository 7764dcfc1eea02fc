//! What lists say, as they are sent after an election, and what they change.

use std::collections::BTreeMap;

use jiff::civil::{Date, date};

use super::columns::Line;
use super::plan::{Answer, Candidate, Differences, Scope, plan};
use super::{Unfit, entries, read};
use crate::directory::{
    Commune, CommuneId, CommuneName, Details, Function, Mandate, Person, PersonName, Post, Register, Term,
};
use crate::people::search::Places;
use crate::people::typed::{Wrong, written};

const TODAY: Date = date(2026, 11, 24);

fn communes() -> Vec<Commune> {
    let name = |text| CommuneName::parse(text).expect("a name");
    let commune = |(id, text)| Commune { id: CommuneId(id), name: name(text), seat: false };
    [(1, "Alvimare"), (2, "Foucart"), (3, "Yébleron")].map(commune).into()
}

fn commune(text: &str) -> Option<CommuneId> {
    communes().into_iter().find(|commune| commune.name.as_str() == text).map(|commune| commune.id)
}

/// Somebody: a number, a name, and "function, commune, from, until".
fn person(id: &str, family: &str, held: &[(&str, &str, Date, Option<Date>)]) -> Person {
    let mandates = held.iter().enumerate().map(|(place, (function, place_name, from, until))| Mandate {
        id: (place + 1).to_string().parse().expect("a number"),
        post: Post::new(Function::parse(function).expect("a function"), commune(place_name)).expect("a post"),
        term: Term::new(*from, *until).expect("in order"),
    });
    let name = PersonName::parse(family, "").expect("a name");
    Person {
        id: id.parse().expect("a number"),
        details: Details { civility: None, name, phone: None, email: None },
        mandates: mandates.collect(),
    }
}

fn understood(list: &str) -> (Vec<super::Entry>, Vec<(u64, Wrong)>) {
    let listing = read(list.as_bytes()).expect("a list");
    let (entries, mistakes) = entries(&listing.lines, &communes());
    (entries, mistakes.into_iter().map(|mistake| (mistake.line, mistake.wrong)).collect())
}

fn differences(list: &str, answers: &[(u64, Answer)], scope: Scope, people: &[Person]) -> Differences {
    let (entries, mistakes) = understood(list);
    let answers: BTreeMap<_, _> = answers.iter().copied().collect();
    plan(&entries, &answers, mistakes.is_empty(), scope, &Register::new(people.to_vec()), TODAY)
}

/// One line for each difference.
fn told(differences: &Differences) -> Vec<String> {
    let places = Places::new(&communes());
    let held = |post: &Post, term: &Term| {
        let until = term.until().map(|until| format!("-{}", written(until))).unwrap_or_default();
        format!("{} {}{until}", places.post(*post), written(term.from()))
    };
    let mut told = Vec::new();
    for (details, mandates) in &differences.newcomers {
        let mandates: Vec<_> = mandates.iter().map(|(post, term)| held(post, term)).collect();
        told.push(format!("new {}: {}", details.name, mandates.join(" + ")));
    }
    for (id, _, after) in &differences.changed {
        let phone = after.phone.as_ref().map_or("", |phone| phone.international());
        told.push(format!("changed {id}: {} {phone}", after.name));
    }
    told.extend(differences.begun.iter().map(|(id, post, term)| format!("begun {id}: {}", held(post, term))));
    let moved = differences.moved.iter();
    told.extend(moved.map(|(id, _, post, _, term)| format!("moved {id}: {}", held(post, term))));
    told.extend(
        differences.ended.iter().map(|(id, _, post, term)| format!("ended {id}: {}", held(post, term))),
    );
    told.extend(differences.questions.iter().map(|one| format!("asked on {}", one.line)));
    told.extend(differences.mistakes.iter().map(|one| format!("wrong on {}", one.line)));
    told
}

#[track_caller]
fn check(list: &str, people: &[Person], expected: &[&str]) {
    assert_eq!(told(&differences(list, &[], Scope::Whole, people)), expected, "{list}");
}

#[test]
fn the_columns_are_found_by_their_titles() {
    let line = |cells: [&str; 10]| Line { number: 2, cells: cells.map(str::to_owned) };
    let listing =
        read("Téléphone;FONCTION;Prénom;nom;Remarque\n'+33 2;maire;;Maire;vu\n".as_bytes()).expect("a list");
    assert_eq!(listing.lines, [line(["", "", "Maire", "", "maire", "", "+33 2", "", "", ""])]);
    assert_eq!(listing.passed_over, ["Remarque"]);
    let unfit = |text: &str| read(text.as_bytes()).err();
    assert_eq!(unfit("prénom;commune\nx;y\n"), Some(Unfit::Missing(vec!["nom", "fonction"])));
    assert_eq!(unfit("nom;commune\nx;y\n"), Some(Unfit::Missing(vec!["fonction"])));
    assert_eq!(unfit("nom;fonction;ligne\nx;maire;2\n"), Some(Unfit::Corrections));
    assert_eq!(unfit("nom;fonction\nx;\"maire\na\nb\nc\nd\n"), Some(Unfit::OpenQuote(2)));
}

#[test]
fn of_500_lines_the_7_that_are_wrong_are_explained_and_the_others_are_kept() {
    let mut list = "nom;fonction;commune;téléphone;courriel;début;fin;civilité\n".to_owned();
    let wrong = [
        ";délégué;Alvimare;;;;;",
        "Délégué;ministre;Alvimare;;;;;",
        "Délégué;délégué;Atlantide;;;;;",
        "Délégué;délégué;;;;;;",
        "Délégué;délégué;Alvimare;le matin;;;;",
        "Délégué;délégué;Alvimare;;mairie;;;",
        "Délégué;délégué;Alvimare;;;22/03/2026;21/03/2026;",
    ];
    for number in 0..500 {
        match wrong.get(number / 70).filter(|_| number % 70 == 0) {
            Some(line) => list.push_str(line),
            None => list.push_str(&format!("Conseiller {number};conseiller municipal;Foucart;;;;;")),
        }
        list.push('\n');
    }
    let (entries, mistakes) = understood(&list);
    assert_eq!(entries.len(), 493);
    assert_eq!(
        mistakes,
        [
            (2, Wrong::NoName),
            (72, Wrong::Function("ministre".to_owned())),
            (142, Wrong::Commune("Atlantide".to_owned())),
            (212, Wrong::NoCommune),
            (282, Wrong::Phone("le matin".to_owned())),
            (352, Wrong::Email("mairie".to_owned())),
            (422, Wrong::Backwards),
        ]
    );
    assert!(mistakes.iter().all(|(_, wrong)| wrong.explain().len() > 20));
}

#[test]
fn a_new_list_brings_people_and_ends_mandates_of_what_it_speaks_of() {
    let elected = date(2020, 5, 25);
    let people = [
        person(
            "1",
            "Maire d’Alvimare",
            &[("maire", "Alvimare", elected, None), ("délégué", "Alvimare", elected, None)],
        ),
        person("2", "Déléguée d’Alvimare", &[("délégué", "Alvimare", elected, None)]),
        person("3", "Délégué de Foucart", &[("délégué", "Foucart", elected, None)]),
        person("4", "Secrétaire d’Alvimare", &[("secrétaire", "Alvimare", elected, None)]),
        person("5", "Ancien délégué", &[("délégué", "Alvimare", date(2014, 4, 1), Some(date(2020, 5, 24)))]),
    ];
    let list = "nom;fonction;commune;début\n\
                MAIRE D'ALVIMARE;délégué communautaire;Alvimare;\n\
                Délégué 3 d’Alvimare;délégué communautaire;alvimare;22/11/2026\n";
    check(
        list,
        &people,
        &[
            "new Délégué 3 d’Alvimare: délégué communautaire, Alvimare 22/11/2026",
            "ended 2: délégué communautaire, \
           Alvimare 25/05/2020-21/11/2026",
        ],
    );
    let part = differences(list, &[], Scope::Part, &people);
    assert_eq!((part.ended.len(), part.newcomers.len(), part.unchanged), (0, 1, 1));
    // A line that is not understood may be that of the one whose mandate would end.
    check(
        &format!("{list}Délégue;délégué;Alvimar;\n"),
        &people,
        &["new Délégué 3 d’Alvimare: délégué communautaire, Alvimare 22/11/2026"],
    );
}

#[test]
fn a_list_that_comes_again_changes_nothing() {
    let list = "nom;prénom;fonction;commune\n\
                Présidente;;présidente;\n\
                Présidente;;maire;Foucart\n\
                Secrétaire;;secrétaire de mairie;Foucart\n";
    let people = [
        person("1", "Présidente", &[("président", "", TODAY, None), ("maire", "Foucart", TODAY, None)]),
        person("2", "Secrétaire", &[("secrétaire", "Foucart", date(2019, 1, 1), None)]),
    ];
    check(
        list,
        &[],
        &[
            "new Présidente: président 24/11/2026 + maire, Foucart 24/11/2026",
            "new Secrétaire: secrétaire de mairie, Foucart 24/11/2026",
        ],
    );
    check(list, &people, &[]);
    assert_eq!(differences(list, &[], Scope::Whole, &people).unchanged, 2);
}

#[test]
fn who_is_meant_is_asked_and_not_guessed() {
    let elected = date(2020, 5, 25);
    let people = [
        person("1", "Délégué", &[("délégué", "Alvimare", elected, None)]),
        person("2", "Délégué", &[("délégué", "Foucart", elected, None)]),
    ];
    let list =
        |commune: &str, function: &str| format!("nom;fonction;commune\nDélégué;{function};{commune}\n");
    check(&list("Foucart", "maire"), &people, &["begun 2: maire, Foucart 24/11/2026"]);
    check(&list("Yébleron", "maire"), &people, &["asked on 2"]);
    check(&list("", "président"), &people, &["asked on 2"]);
    let answered =
        |answer| told(&differences(&list("Yébleron", "maire"), &[(2, answer)], Scope::Whole, &people));
    assert_eq!(answered(Answer::New), ["new Délégué: maire, Yébleron 24/11/2026"]);
    let first = Candidate::Known("1".parse().expect("a number"));
    assert_eq!(answered(Answer::Candidate(first)), ["begun 1: maire, Yébleron 24/11/2026"]);

    let twice = "nom;fonction;commune\nSecrétaire;secrétaire;Alvimare\nSecrétaire;secrétaire;Foucart\n";
    check(twice, &[], &["new Secrétaire: secrétaire de mairie, Alvimare 24/11/2026", "asked on 3"]);
    let answers = [(3, Answer::Candidate(Candidate::Line(2)))];
    assert_eq!(
        told(&differences(twice, &answers, Scope::Whole, &[])),
        [
            "new Secrétaire: secrétaire de mairie, Alvimare 24/11/2026 + secrétaire de mairie, Foucart 24/11/2026"
        ]
    );
}

#[test]
fn details_and_days_are_changed_by_what_a_line_says_and_by_nothing_else() {
    let elected = date(2026, 3, 22);
    let people = [person("7", "Maire de Foucart", &[("maire", "Foucart", elected, None)])];
    let list = |cells: &str| format!("identifiant;nom;fonction;commune;téléphone;début;fin\n{cells}\n");
    check(&list(";Maire de Foucart;maire;Foucart;;;"), &people, &[]);
    check(
        &list(";maire de foucart;maire;Foucart;235000000;;"),
        &people,
        &["changed 7: Maire de Foucart +33235000000"],
    );
    check(
        &list(";Maire de Foucart;maire;Foucart;;23/03/2026;"),
        &people,
        &["moved 7: maire, Foucart 23/03/2026"],
    );
    check(
        &list(";Maire de Foucart;maire;Foucart;;;31/12/2026"),
        &people,
        &["moved 7: maire, Foucart 22/03/2026-31/12/2026"],
    );
    check(&list("7;Maire de Foucart;;;;;"), &people, &[]);
    check(&list("7;MAIRE de Foucart;;;;;"), &people, &["changed 7: MAIRE de Foucart "]);
    check(&list("7;Quelqu’un d’autre;;;;;"), &people, &["wrong on 2"]);
    check(&list("8;Maire de Foucart;;;;;"), &people, &["wrong on 2"]);
    check(
        &list(";Maire de Foucart;maire;Foucart;;;\n;Maire de Foucart;maire;Foucart;;;"),
        &people,
        &["wrong on 3"],
    );
    check(
        &list(";A;maire;Foucart;0235000000;;\n;A;délégué;Foucart;0235000001;;"),
        &[],
        &["new A: maire, Foucart 24/11/2026", "wrong on 3"],
    );
}
