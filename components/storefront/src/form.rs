//! Forms: as they come in, and as they are shown again.

mod sent;

use boxoffice_web::state::{FieldError, Form};
use uuid::Uuid;

pub(crate) use sent::Sent;

impl Sent {
    /// The form as it is shown again, with what was typed into `fields`, what is wrong with it and
    /// the key of its next submission.
    pub(crate) fn again(&self, fields: &[&str], errors: Vec<FieldError>, key: String) -> Form {
        Form { key, values: self.typed(fields), errors }
    }
}

/// A form that nobody has filled in yet.
pub(crate) fn blank() -> Form {
    filled([])
}

/// A form that holds `values`.
pub(crate) fn filled<const N: usize>(values: [(&str, String); N]) -> Form {
    let values = values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Form { key: new_key(), values, errors: Vec::new() }
}

/// An Idempotency-Key for one submission.
pub(crate) fn new_key() -> String {
    Uuid::now_v7().to_string()
}

/// What is wrong with the field `name`.
pub(crate) fn wrong(name: &str, message: impl Into<String>) -> FieldError {
    FieldError { field: Some(name.to_owned()), message: message.into() }
}

/// What is wrong with the whole.
pub(crate) fn wrong_at_all(message: impl Into<String>) -> FieldError {
    FieldError { field: None, message: message.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_decoded_and_shown_again_as_they_were_typed() {
        let sent = Sent::parse("title=+O%27Hara+%26+Co+&price=&key=k-1&x=%3Cb%3E".as_bytes());
        assert_eq!(sent.raw("title"), " O'Hara & Co ");
        assert_eq!(sent.value("title"), "O'Hara & Co");
        assert_eq!((sent.given("price"), sent.given("nothing")), (None, None));
        assert_eq!(sent.key(), "k-1");
        let form =
            sent.again(&["title", "price", "venue"], vec![wrong("price", "How much?")], new_key());
        assert_eq!(form.value("title"), " O'Hara & Co ");
        assert_eq!(form.error("price"), Some("How much?"));
        assert!(!form.values.contains_key("x") && !form.values.contains_key("venue"));
        assert_ne!(form.key, "k-1");
    }
}
