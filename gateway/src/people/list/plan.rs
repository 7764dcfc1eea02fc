//! What a list would change in the directory. Nothing here writes.
//!
//! Somebody in a list is who has the same name in the same commune. Where that leaves a choice, it is asked, and what
//! the line says waits for the answer. Nobody's mandate ends because of a list of which a line is not yet understood.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::Entry;
use super::entry::Mistake;
use crate::directory::{
    Civility, CommuneId, Details, Email, Mandate, MandateId, Person, PersonId, Phone, Post, Register, Term,
};
use crate::people::typed::Wrong;

/// How much a list says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::people) enum Scope {
    /// Whoever holds a function somewhere of which the list speaks, and is not in it, holds it no more.
    Whole,
    /// Who is not in it stays as they are.
    Part,
}

/// Whom a line means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::people) enum Answer {
    Candidate(Candidate),
    /// Somebody whom the directory does not know.
    New,
}

/// Whom a line may mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::people) enum Candidate {
    Known(PersonId),
    /// Whoever is new on that line.
    Line(u64),
}

/// A line that may mean several people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::people) struct Question {
    pub(in crate::people) line: u64,
    pub(in crate::people) candidates: Vec<Candidate>,
}

/// What is to be done for the directory to say what the list says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::people) struct Differences {
    /// People to be added, with what they hold.
    pub(in crate::people) newcomers: Vec<(Details, Vec<(Post, Term)>)>,
    /// People whose details are others: before, after.
    pub(in crate::people) changed: Vec<(PersonId, Details, Details)>,
    /// Mandates of people who are known.
    pub(in crate::people) begun: Vec<(PersonId, Post, Term)>,
    /// Mandates whose days are others: before, after.
    pub(in crate::people) moved: Vec<(PersonId, MandateId, Post, Term, Term)>,
    /// Mandates that get a last day.
    pub(in crate::people) ended: Vec<(PersonId, MandateId, Post, Term)>,
    /// How many people of the list stay as they are.
    pub(in crate::people) unchanged: usize,
    pub(in crate::people) questions: Vec<Question>,
    /// Lines that go together with no other.
    pub(in crate::people) mistakes: Vec<Mistake>,
}

impl Differences {
    pub(in crate::people) fn is_empty(&self) -> bool {
        self.newcomers.is_empty()
            && self.changed.is_empty()
            && self.begun.is_empty()
            && self.moved.is_empty()
            && self.ended.is_empty()
    }
}

/// Compares. `all_understood` says that no line of the list had to be left out.
pub(in crate::people) fn plan(
    entries: &[Entry],
    answers: &BTreeMap<u64, Answer>,
    all_understood: bool,
    scope: Scope,
    register: &Register,
    today: Date,
) -> Differences {
    let mut planner = Planner { register, today, subjects: Vec::new(), out: Differences::default() };
    for entry in entries {
        if let Err(wrong) = planner.take(entry, answers.get(&entry.line).copied()) {
            planner.out.mistakes.push(Mistake { line: entry.line, wrong });
        }
    }
    let is_whole = all_understood && planner.out.questions.is_empty() && planner.out.mistakes.is_empty();
    if is_whole && scope == Scope::Whole {
        planner.end(entries);
    }
    planner.finish()
}

struct Planner<'a> {
    register: &'a Register,
    today: Date,
    subjects: Vec<Subject<'a>>,
    out: Differences,
}

/// Somebody of whom the list speaks, on one line or several.
struct Subject<'a> {
    known: Option<&'a Person>,
    /// The name that it goes by, for comparing.
    folded: String,
    lines: Vec<u64>,
    communes: BTreeSet<CommuneId>,
    details: Details,
    said: Said,
    /// Posts of which the list has spoken, with the first day that it gave.
    spoken: Vec<(Post, Option<Date>)>,
    /// Mandates that are meant by a line.
    claimed: BTreeSet<MandateId>,
    begun: Vec<(Post, Term)>,
    moved: Vec<(MandateId, Post, Term, Term)>,
}

/// What the lines of one person have said so far.
#[derive(Default)]
struct Said {
    civility: Option<Civility>,
    phone: Option<Phone>,
    email: Option<Email>,
}

impl<'a> Planner<'a> {
    fn take(&mut self, entry: &Entry, answer: Option<Answer>) -> Result<(), Wrong> {
        let place = match self.find(entry, answer)? {
            Found::Subject(place) => place,
            Found::Known(person) => self.begin(Some(person), entry),
            Found::New => self.begin(None, entry),
            Found::OneOf(candidates) => {
                self.out.questions.push(Question { line: entry.line, candidates });
                return Ok(());
            }
        };
        let today = self.today;
        let subject = &mut self.subjects[place];
        subject.say(entry)?;
        if let Some(post) = entry.post {
            subject.hold(post, entry, today)?;
        }
        subject.lines.push(entry.line);
        Ok(())
    }

    fn begin(&mut self, known: Option<&'a Person>, entry: &Entry) -> usize {
        let details = match known {
            Some(person) => person.details.clone(),
            None => Details { civility: None, phone: None, email: None, ..entry.details.clone() },
        };
        self.subjects.push(Subject {
            known,
            folded: details.name.folded(),
            lines: Vec::new(),
            communes: BTreeSet::new(),
            details,
            said: Said::default(),
            spoken: Vec::new(),
            claimed: BTreeSet::new(),
            begun: Vec::new(),
            moved: Vec::new(),
        });
        self.subjects.len() - 1
    }

    fn find(&self, entry: &Entry, answer: Option<Answer>) -> Result<Found<'a>, Wrong> {
        if let Some(id) = entry.identifier {
            let shares = |person: &&Person| {
                let (known, said) = (&person.details.name, &entry.details.name);
                known.folded() == said.folded()
                    || known.family() == said.family()
                    || (!known.given().is_empty() && known.given() == said.given())
            };
            let person = self.register.person(id).filter(shares);
            return person.map(|person| self.known(person)).ok_or(Wrong::Identifier(id.to_string()));
        }
        match answer {
            Some(Answer::New) => return Ok(Found::New),
            Some(Answer::Candidate(Candidate::Known(id))) => {
                if let Some(person) = self.register.person(id) {
                    return Ok(self.known(person));
                }
            }
            Some(Answer::Candidate(Candidate::Line(line))) => {
                let place = self.subjects.iter().position(|subject| subject.lines.contains(&line));
                if let Some(place) = place {
                    return Ok(Found::Subject(place));
                }
            }
            None => {}
        }
        Ok(self.of_name(entry))
    }

    fn known(&self, person: &'a Person) -> Found<'a> {
        let is_same = |subject: &Subject<'_>| subject.known.is_some_and(|known| known.id == person.id);
        self.subjects.iter().position(is_same).map_or(Found::Known(person), Found::Subject)
    }

    fn of_name(&self, entry: &Entry) -> Found<'a> {
        let folded = entry.details.name.folded();
        let commune = entry.post.and_then(Post::commune);
        let fits = |communes: &BTreeSet<CommuneId>| {
            commune.is_none_or(|commune| communes.is_empty() || communes.contains(&commune))
        };
        let (mut all, mut fitting) = (Vec::new(), Vec::new());
        for person in self.register.named(&entry.details.name) {
            let mut communes: BTreeSet<_> =
                person.mandates.iter().filter_map(|mandate| mandate.post.commune()).collect();
            let found = self.known(person);
            if let Found::Subject(place) = &found {
                communes.extend(&self.subjects[*place].communes);
            }
            all.push(Candidate::Known(person.id));
            if fits(&communes) {
                fitting.push(found);
            }
        }
        for (place, subject) in self.subjects.iter().enumerate() {
            let Some(line) = subject.lines.first().filter(|_| subject.known.is_none()) else { continue };
            if subject.folded != folded {
                continue;
            }
            all.push(Candidate::Line(*line));
            if fits(&subject.communes) {
                fitting.push(Found::Subject(place));
            }
        }
        match (fitting.len(), all.is_empty()) {
            (1, _) => fitting.remove(0),
            (_, true) => Found::New,
            (_, false) => Found::OneOf(all),
        }
    }

    /// Those who hold today what the list speaks of, and are not in it, do so until the day before it begins.
    fn end(&mut self, entries: &[Entry]) {
        let mut spoken: BTreeMap<Post, Option<Date>> = BTreeMap::new();
        let lasting = entries.iter().filter(|entry| entry.until.is_none_or(|until| until >= self.today));
        for entry in lasting {
            let Some(post) = entry.post else { continue };
            let first = spoken.entry(post).or_default();
            *first = [*first, entry.from].into_iter().flatten().min();
        }
        for person in self.register.people() {
            let subject =
                self.subjects.iter().find(|subject| subject.known.is_some_and(|known| known.id == person.id));
            for mandate in person.mandates_on(self.today) {
                let Some(first) = spoken.get(&mandate.post) else { continue };
                if subject.is_some_and(|subject| subject.claimed.contains(&mandate.id)) {
                    continue;
                }
                let last =
                    first.unwrap_or(self.today).yesterday().unwrap_or(self.today).max(mandate.term.from());
                if mandate.term.is_over(last) || mandate.term.until() == Some(last) {
                    continue;
                }
                if let Ok(term) = Term::new(mandate.term.from(), Some(last)) {
                    self.out.ended.push((person.id, mandate.id, mandate.post, term));
                }
            }
        }
    }

    fn finish(mut self) -> Differences {
        let ended: BTreeSet<PersonId> = self.out.ended.iter().map(|(id, ..)| *id).collect();
        for subject in self.subjects.into_iter().filter(|subject| !subject.lines.is_empty()) {
            let Some(person) = subject.known else {
                self.out.newcomers.push((subject.details, subject.begun));
                continue;
            };
            let is_same = person.details == subject.details
                && subject.begun.is_empty()
                && subject.moved.is_empty()
                && !ended.contains(&person.id);
            self.out.unchanged += usize::from(is_same);
            if person.details != subject.details {
                self.out.changed.push((person.id, person.details.clone(), subject.details));
            }
            let begun = subject.begun.into_iter().map(|(post, term)| (person.id, post, term));
            self.out.begun.extend(begun);
            let moved = subject.moved.into_iter();
            self.out
                .moved
                .extend(moved.map(|(id, post, before, after)| (person.id, id, post, before, after)));
        }
        self.out
    }
}

enum Found<'a> {
    Subject(usize),
    Known(&'a Person),
    New,
    OneOf(Vec<Candidate>),
}

impl Subject<'_> {
    /// What a line leaves empty stays as it is; what another line has said differently is a mistake.
    fn say(&mut self, entry: &Entry) -> Result<(), Wrong> {
        fn contradicts<T: PartialEq>(said: Option<&T>, says: Option<&T>) -> bool {
            said.zip(says).is_some_and(|(said, says)| said != says)
        }
        let says = &entry.details;
        if contradicts(self.said.civility.as_ref(), says.civility.as_ref())
            || contradicts(self.said.phone.as_ref(), says.phone.as_ref())
            || contradicts(self.said.email.as_ref(), says.email.as_ref())
        {
            return Err(Wrong::Contradicts(self.lines.first().copied().unwrap_or_default()));
        }
        if entry.identifier.is_some() {
            self.details.name = says.name.clone();
            self.folded = says.name.folded();
        }
        if says.civility.is_some() {
            (self.said.civility, self.details.civility) = (says.civility, says.civility);
        }
        if says.phone.is_some() {
            (self.said.phone, self.details.phone) = (says.phone.clone(), says.phone.clone());
        }
        if says.email.is_some() {
            (self.said.email, self.details.email) = (says.email.clone(), says.email.clone());
        }
        Ok(())
    }

    fn hold(&mut self, post: Post, entry: &Entry, today: Date) -> Result<(), Wrong> {
        let first = self.lines.first().copied().unwrap_or_default();
        if self.spoken.contains(&(post, entry.from)) {
            return Err(Wrong::Repeated(first));
        }
        let held: Vec<&Mandate> = self.known.map_or_else(Vec::new, |person| {
            person.mandates.iter().filter(|mandate| mandate.post == post).collect()
        });
        let mandate = meant(&held, entry, today).filter(|mandate| !self.claimed.contains(&mandate.id));
        let from = entry.from.or_else(|| mandate.map(|mandate| mandate.term.from())).unwrap_or(today);
        let until = entry.until.or_else(|| mandate.and_then(|mandate| mandate.term.until()));
        let term = Term::new(from, until).map_err(|_| Wrong::Backwards)?;
        let mut others = held.iter().filter(|other| mandate.is_none_or(|mandate| mandate.id != other.id));
        let is_doubled = others.any(|other| other.term.overlaps(term))
            || self.begun.iter().any(|(other, begun)| *other == post && begun.overlaps(term));
        if is_doubled {
            return Err(Wrong::Overlaps);
        }
        self.spoken.push((post, entry.from));
        self.communes.extend(post.commune());
        match mandate {
            None => self.begun.push((post, term)),
            Some(mandate) => {
                self.claimed.insert(mandate.id);
                if mandate.term != term {
                    self.moved.push((mandate.id, post, mandate.term, term));
                }
            }
        }
        Ok(())
    }
}

/// Which of the mandates of one post a line means.
fn meant<'a>(held: &[&'a Mandate], entry: &Entry, today: Date) -> Option<&'a Mandate> {
    let find = |is_meant: &dyn Fn(Term) -> bool| held.iter().copied().find(|mandate| is_meant(mandate.term));
    let lasts = |term: Term| !term.is_over(today);
    match (entry.from, entry.until) {
        (Some(from), until) => {
            let line = Term::new(from, until).ok()?;
            find(&|term| term.from() == from).or_else(|| find(&|term| term.overlaps(line)))
        }
        (None, Some(until)) => find(&|term| term.until() == Some(until)).or_else(|| find(&lasts)),
        (None, None) => find(&lasts),
    }
}
