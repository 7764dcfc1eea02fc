//! Reads a TOML table key by key and remembers everything that is wrong with it.

use std::ops::RangeInclusive;

use toml::{Table, Value};

use super::Problem;

pub(super) struct Reader {
    table: Table,
    problems: Vec<Problem>,
}

impl Reader {
    pub(super) fn new(text: &str) -> Result<Self, Vec<Problem>> {
        match text.parse::<Table>() {
            Ok(table) => Ok(Self { table, problems: Vec::new() }),
            Err(error) => Err(vec![unreadable(text, &error)]),
        }
    }

    /// The section of that name; an absent one is an empty one.
    pub(super) fn section(&mut self, name: &'static str) -> Section<'_> {
        let table = match self.table.remove(name) {
            None => Table::new(),
            Some(Value::Table(table)) => table,
            Some(other) => {
                self.problems.push(problem(name, &other, "config-section"));
                Table::new()
            }
        };
        Section { name, table, known: Vec::new(), problems: &mut self.problems }
    }

    /// Every problem met so far, and the sections that nobody asked for.
    pub(super) fn end(mut self) -> Result<(), Vec<Problem>> {
        for (key, value) in &self.table {
            self.problems.push(problem(key, value, "config-unknown-section"));
        }
        if self.problems.is_empty() { Ok(()) } else { Err(self.problems) }
    }
}

pub(super) struct Section<'a> {
    name: &'static str,
    table: Table,
    known: Vec<&'static str>,
    problems: &'a mut Vec<Problem>,
}

impl Section<'_> {
    /// `None` when absent or wrong, which is then among the problems.
    pub(super) fn required<T>(
        &mut self,
        key: &'static str,
        remedy: &'static str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        self.known.push(key);
        let value = self.table.remove(key).unwrap_or_else(|| Value::String(String::new()));
        self.parsed(key, &value, remedy, parse)
    }

    pub(super) fn optional<T>(
        &mut self,
        key: &'static str,
        remedy: &'static str,
        default: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> T {
        self.known.push(key);
        let given = self.table.remove(key).and_then(|value| self.parsed(key, &value, remedy, &parse));
        given.or_else(|| parse(default)).expect("a default is of the form that its own key asks for")
    }

    pub(super) fn optional_list<T>(
        &mut self,
        key: &'static str,
        remedy: &'static str,
        default: &[&str],
        parse: impl Fn(&str) -> Option<T>,
    ) -> Vec<T> {
        self.known.push(key);
        let values = match self.table.remove(key) {
            None => return default.iter().filter_map(|text| parse(text)).collect(),
            Some(Value::Array(values)) => values,
            Some(single) => vec![single],
        };
        values.iter().filter_map(|value| self.parsed(key, value, remedy, &parse)).collect()
    }

    pub(super) fn optional_number<T>(
        &mut self,
        key: &'static str,
        remedy: &'static str,
        default: T,
        range: RangeInclusive<i64>,
    ) -> T
    where
        T: TryFrom<i64>,
    {
        self.known.push(key);
        let Some(value) = self.table.remove(key) else { return default };
        let number = value.as_integer().filter(|number| range.contains(number));
        match number.and_then(|number| T::try_from(number).ok()) {
            Some(number) => number,
            None => {
                self.wrong(key, &value, remedy);
                default
            }
        }
    }

    /// `true` or `false`, without quotes.
    pub(super) fn optional_switch(&mut self, key: &'static str, default: bool) -> bool {
        self.known.push(key);
        let Some(value) = self.table.remove(key) else { return default };
        value.as_bool().unwrap_or_else(|| {
            self.wrong(key, &value, "config-switch");
            default
        })
    }

    /// For what is wrong with a value as a whole, once it was read.
    pub(super) fn refuse(&mut self, key: &str, remedy: &'static str) {
        let key = format!("{}.{key}", self.name);
        if !self.problems.iter().any(|problem| problem.key == key) {
            self.problems.push(Problem { key, value: String::new(), remedy, detail: String::new() });
        }
    }

    /// Names the keys that nobody asked for, with the known one that looks most like them.
    pub(super) fn end(self) {
        for (key, value) in &self.table {
            let mut found = problem(&format!("{}.{key}", self.name), value, "config-unknown-key");
            found.detail = self.known.join(", ");
            self.problems.push(found);
        }
    }

    fn parsed<T>(
        &mut self,
        key: &str,
        value: &Value,
        remedy: &'static str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let parsed = value.as_str().and_then(parse);
        if parsed.is_none() {
            self.wrong(key, value, remedy);
        }
        parsed
    }

    fn wrong(&mut self, key: &str, value: &Value, remedy: &'static str) {
        self.problems.push(problem(&format!("{}.{key}", self.name), value, remedy));
    }
}

fn problem(key: &str, value: &Value, remedy: &'static str) -> Problem {
    let value = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    Problem { key: key.to_owned(), value, remedy, detail: String::new() }
}

fn unreadable(text: &str, error: &toml::de::Error) -> Problem {
    let start = error.span().map_or(0, |span| span.start.min(text.len()));
    let number = text.as_bytes()[..start].iter().filter(|byte| **byte == b'\n').count() + 1;
    let line = text.lines().nth(number - 1).unwrap_or_default().trim();
    Problem {
        key: String::new(),
        value: line.to_owned(),
        remedy: "config-not-toml",
        detail: number.to_string(),
    }
}
