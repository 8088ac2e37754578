//! Queries: read field by field, with everything wrong with them reported at once.

use crate::problem::{FieldError, MAX_COMPLAINTS, Problem};

/// The complaint about a text that holds U+0000.
pub(crate) const NUL: &str = "Leave out the character U+0000";

/// The fields of a query, and what is wrong with them so far.
#[derive(Debug)]
pub struct Fields {
    values: Vec<(String, String)>,
    errors: Vec<FieldError>,
}

impl Fields {
    /// Reads `query`, which may have each of the fields `known` once.
    #[must_use]
    pub fn parse(query: Option<&str>, known: &[&str]) -> Self {
        let mut fields = Self { values: Vec::new(), errors: Vec::new() };
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            if fields.errors.len() >= MAX_COMPLAINTS {
                break;
            }
            if !known.contains(&name.as_ref()) {
                let message =
                    format!("This parameter does not exist; use one of {}", known.join(", "));
                fields.complain(&name, message);
            } else if fields.values.iter().any(|(given, _)| *given == name) {
                fields.complain(&name, "Give this parameter only once".to_owned());
            } else if value.contains('\0') {
                // Postgres keeps no text with it.
                fields.complain(&name, NUL.to_owned());
            } else {
                fields.values.push((name.into_owned(), value.into_owned()));
            }
        }
        fields
    }

    fn complain(&mut self, field: &str, message: String) {
        if !self.errors.iter().any(|error| error.field.as_deref() == Some(field)) {
            self.errors.push(FieldError { message, field: Some(field.to_owned()) });
        }
    }

    /// The field `name` as `read` reads it; a field that was left empty counts as not given.
    pub fn take<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let (_, value) = self.values.iter().find(|(given, _)| given == name)?;
        let value = Some(value.trim()).filter(|value| !value.is_empty())?;
        match read(value) {
            Ok(value) => Some(value),
            Err(message) => {
                self.complain(name, message);
                None
            }
        }
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// 400 with everything that was wrong.
    pub fn finish(self) -> Result<(), Problem> {
        if self.errors.is_empty() { Ok(()) } else { Err(Problem::invalid(self.errors)) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn fields_are_decoded_and_empty_ones_are_not_given() {
        let mut fields = Fields::parse(Some("q=a%20b+c&city="), &["q", "city"]);
        assert_eq!(fields.take("q", |text| Ok(text.to_owned())).unwrap(), "a b c");
        assert!(fields.take("city", |_| Ok(())).is_none());
        fields.finish().unwrap();
    }

    #[test]
    fn many_mistakes_are_a_few_complaints() {
        let query: Vec<String> = (0..4_000).map(|n| format!("x{n}")).collect();
        let fields = Fields::parse(Some(&query.join("&")), &["a"]);
        assert_eq!(fields.errors.len(), MAX_COMPLAINTS);
        assert_eq!(Fields::parse(Some("a=%00"), &["a"]).errors[0].message, NUL);
    }

    #[test]
    fn everything_wrong_is_named() {
        let mut fields = Fields::parse(Some("a=1&a=2&b=x&c=3"), &["a", "b"]);
        assert!(fields.take("b", |_| Err::<(), _>("no".to_owned())).is_none());
        let named: Vec<_> = fields.errors.iter().filter_map(|error| error.field.clone()).collect();
        assert_eq!(named, ["a", "c", "b"]);
        assert_eq!(fields.finish().unwrap_err().status(), 400);
    }
}
