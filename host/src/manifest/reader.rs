//! Reading TOML tables key by key. What remains when a reader is done is unknown, and reported;
//! so is a value of the wrong type. Reading goes on, so that one run finds every mistake.

use std::cell::RefCell;
use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Located;
use crate::problem::Problem;

type Value<'i> = Spanned<DeValue<'i>>;

/// The file being read and what was found wrong with it.
pub(super) struct Reader<'i> {
    file: &'i str,
    text: &'i str,
    problems: RefCell<Vec<Problem>>,
}

impl<'i> Reader<'i> {
    /// A reader of `text`, which `file` names in messages.
    pub(super) fn new(file: &'i str, text: &'i str) -> Self {
        Self { file, text, problems: RefCell::default() }
    }

    /// Everything found wrong, in the order of reading.
    pub(super) fn into_problems(self) -> Vec<Problem> {
        self.problems.into_inner()
    }

    /// The place of byte `offset`: file, line and column, both from 1.
    pub(super) fn at(&self, offset: usize) -> String {
        let before = &self.text[..offset.min(self.text.len())];
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|&c| c != '\n').count() + 1;
        format!("{}:{line}:{column}", self.file)
    }

    /// Notes a problem at `offset`.
    pub(super) fn report(&self, offset: usize, what: &str, remedy: &str) {
        let what = format!("{}: {what}", self.at(offset));
        self.problems.borrow_mut().push(Problem::new(what, remedy));
    }

    /// The whole file as a section; None if it is not TOML.
    pub(super) fn root<'r>(&'r self, table: &'r DeTable<'i>) -> Section<'r, 'i> {
        Section::new(self, String::new(), 0, table)
    }
}

/// A table that is being read.
pub(super) struct Section<'r, 'i> {
    reader: &'r Reader<'i>,
    /// The dotted name of the table, empty for the whole file.
    path: String,
    offset: usize,
    entries: BTreeMap<&'r str, (usize, &'r Value<'i>)>,
}

impl<'r, 'i> Section<'r, 'i> {
    fn new(reader: &'r Reader<'i>, path: String, offset: usize, table: &'r DeTable<'i>) -> Self {
        let entries = table
            .iter()
            .map(|(key, value)| (key.get_ref().as_ref(), (key.span().start, value)))
            .collect();
        Self { reader, path, offset, entries }
    }

    /// Where the table is.
    pub(super) fn at(&self) -> String {
        self.reader.at(self.offset)
    }

    /// Notes a problem with the table as a whole.
    pub(super) fn report(&self, what: &str, remedy: &str) {
        self.reader.report(self.offset, what, remedy);
    }

    fn name_of(&self, key: &str) -> String {
        let key = if key.contains(['.', ':', '/', '@']) { format!("{key:?}") } else { key.into() };
        if self.path.is_empty() { key } else { format!("{}.{key}", self.path) }
    }

    fn wrong_type(&self, key: &str, offset: usize, value: &DeValue<'_>, wanted: &str) {
        let what =
            format!("{} must be {wanted}, but its type is {}", self.name_of(key), value.type_str());
        self.reader.report(offset, &what, &format!("write {wanted} there"));
    }

    fn locate<T>(&self, offset: usize, value: T) -> Located<T> {
        Located { at: self.reader.at(offset), value }
    }

    /// Takes a string.
    pub(super) fn string(&mut self, key: &str) -> Option<Located<String>> {
        let (offset, value) = self.entries.remove(key)?;
        match value.get_ref().as_str() {
            Some(text) => Some(self.locate(offset, text.to_owned())),
            None => {
                self.wrong_type(key, offset, value.get_ref(), "a string");
                None
            }
        }
    }

    /// Takes a string that has to be there.
    pub(super) fn required_string(&mut self, key: &str) -> Option<Located<String>> {
        if !self.entries.contains_key(key) {
            let what = format!("{} is missing", self.name_of(key));
            self.report(&what, &format!("add `{key} = \"…\"` to this table"));
        }
        self.string(key)
    }

    /// Takes a boolean; absent is false.
    pub(super) fn boolean(&mut self, key: &str) -> bool {
        let Some((offset, value)) = self.entries.remove(key) else { return false };
        value.get_ref().as_bool().unwrap_or_else(|| {
            self.wrong_type(key, offset, value.get_ref(), "true or false");
            false
        })
    }

    /// Takes an integer.
    pub(super) fn integer(&mut self, key: &str) -> Option<i64> {
        let (offset, value) = self.entries.remove(key)?;
        let integer = value.get_ref().as_integer();
        let parsed = integer.and_then(|i| i64::from_str_radix(i.as_str(), i.radix()).ok());
        if parsed.is_none() {
            self.wrong_type(key, offset, value.get_ref(), "an integer");
        }
        parsed
    }

    /// Takes a list of strings; absent is empty.
    pub(super) fn strings(&mut self, key: &str) -> Vec<Located<String>> {
        let Some((offset, value)) = self.entries.remove(key) else { return Vec::new() };
        let Some(array) = value.get_ref().as_array() else {
            self.wrong_type(key, offset, value.get_ref(), "a list of strings");
            return Vec::new();
        };
        let mut out = Vec::with_capacity(array.len());
        for item in array.iter() {
            match item.get_ref().as_str() {
                Some(text) => out.push(self.locate(item.span().start, text.to_owned())),
                None => self.wrong_type(key, item.span().start, item.get_ref(), "a string"),
            }
        }
        out
    }

    /// Whether the key holds a table, without taking it.
    pub(super) fn is_table(&self, key: &str) -> bool {
        self.entries.get(key).is_some_and(|(_, value)| value.get_ref().is_table())
    }

    /// Whether the key holds a list, without taking it.
    pub(super) fn is_list(&self, key: &str) -> bool {
        self.entries.get(key).is_some_and(|(_, value)| value.get_ref().is_array())
    }

    /// Takes a table.
    pub(super) fn table(&mut self, key: &str) -> Option<Section<'r, 'i>> {
        let (offset, value) = self.entries.remove(key)?;
        self.section(key, offset, value)
    }

    /// Takes a list of tables (`[[…]]`); absent is empty.
    pub(super) fn tables(&mut self, key: &str) -> Vec<Section<'r, 'i>> {
        let Some((offset, value)) = self.entries.remove(key) else { return Vec::new() };
        let Some(array) = value.get_ref().as_array() else {
            self.wrong_type(key, offset, value.get_ref(), "a list of tables ([[…]])");
            return Vec::new();
        };
        array.iter().filter_map(|item| self.section(key, item.span().start, item)).collect()
    }

    /// Takes every remaining entry as a table of its own: `[component.<name>]`.
    pub(super) fn all_tables(mut self) -> Vec<(&'r str, Section<'r, 'i>)> {
        let entries = std::mem::take(&mut self.entries);
        entries
            .into_iter()
            .filter_map(|(key, (offset, value))| Some((key, self.section(key, offset, value)?)))
            .collect()
    }

    /// Takes every remaining entry as a string.
    pub(super) fn all_strings(mut self) -> BTreeMap<String, Located<String>> {
        let keys: Vec<&str> = self.entries.keys().copied().collect();
        keys.into_iter().filter_map(|key| Some((key.to_owned(), self.string(key)?))).collect()
    }

    fn section(&self, key: &str, offset: usize, value: &'r Value<'i>) -> Option<Section<'r, 'i>> {
        match value.get_ref().as_table() {
            Some(table) => Some(Section::new(self.reader, self.name_of(key), offset, table)),
            None => {
                self.wrong_type(key, offset, value.get_ref(), "a table");
                None
            }
        }
    }

    /// Reports everything that nobody took.
    pub(super) fn finish(self) {
        for (key, (offset, _)) in &self.entries {
            let what = format!("unknown key `{}`", self.name_of(key));
            let remedy =
                "remove it, or correct its spelling: the embedded host runs only what it knows";
            self.reader.report(*offset, &what, remedy);
        }
    }
}
