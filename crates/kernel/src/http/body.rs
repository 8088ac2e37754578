//! JSON bodies: read, checked, and everything wrong with them reported at once.

use axum::extract::{FromRequest, Request};
use boxoffice_rules::bodies::Rules;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::query::NUL;
use crate::problem::{FieldError, MAX_COMPLAINTS, Problem};

/// The most fields that a body may have: each that is wrong has the body read again.
const MAX_FIELDS: usize = 100;

/// A JSON object read as `T`, tidied, and valid by `T`'s rules.
///
/// Fields of `T` have defaults (`#[serde(default)]`), which its rules refuse where a field is
/// needed: a missing field is one invalid field among others, not the end of the reading.
pub struct Valid<T>(pub T);

impl<S, T> FromRequest<S> for Valid<T>
where
    S: Send + Sync,
    T: DeserializeOwned + Rules,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let media_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        if !media_type.is_some_and(is_json) {
            return Err(Problem::unsupported_media_type());
        }
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|_| Problem::malformed("The request's body ended early; send it again"))?;
        parse(&bytes).map(Self)
    }
}

fn is_json(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

/// Reads a body as [`Valid`] does, of whatever media type.
///
/// # Errors
/// 400 with everything that is wrong.
pub fn parse<T: DeserializeOwned + Rules>(bytes: &[u8]) -> Result<T, Problem> {
    let mut object: Map<String, Value> = match serde_json::from_slice(bytes) {
        Ok(Value::Object(object)) => object,
        Ok(_) => return Err(Problem::malformed("The body must be a JSON object, such as {…}")),
        Err(error) => return Err(Problem::malformed(format!("The body is not JSON: {error}"))),
    };
    if object.len() > MAX_FIELDS {
        return Err(Problem::malformed(format!("The body may have at most {MAX_FIELDS} fields")));
    }
    // `null` says that a field is not given.
    object.retain(|_, value| !value.is_null());
    let mut errors = Vec::new();
    for (field, _) in object.iter().filter(|(_, value)| has_nul(value)) {
        errors.push(FieldError { message: NUL.to_owned(), field: Some(field.clone()) });
    }
    let mut value = loop {
        if errors.len() >= MAX_COMPLAINTS {
            return Err(Problem::invalid(errors));
        }
        match serde_path_to_error::deserialize::<_, T>(Value::Object(object.clone())) {
            Ok(value) => break value,
            Err(error) => {
                let path = error.path().to_string();
                let field = path.split(['.', '[']).next().unwrap_or_default().to_owned();
                let message = sentence(&error.into_inner().to_string());
                // Without the field, the reading gets further and finds the next one.
                if object.remove(&field).is_none() {
                    return Err(Problem::malformed(message));
                }
                errors.push(FieldError { message, field: Some(field) });
            }
        }
    };
    value.tidy();
    for error in value.errors() {
        if !errors.iter().any(|known| known.field == error.field) {
            errors.push(error);
        }
    }
    if errors.is_empty() { Ok(value) } else { Err(Problem::invalid(errors)) }
}

/// Whether a text in `value` holds U+0000, which Postgres does not keep.
pub(super) fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(fields) => {
            fields.iter().any(|(name, value)| name.contains('\0') || has_nul(value))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// `text` with a capital letter, without serde's position in a document that the client never
/// wrote.
fn sentence(text: &str) -> String {
    let text = text.split(" at line ").next().unwrap_or(text);
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use axum::response::IntoResponse;
    use boxoffice_rules::bodies::Checked;
    use futures::FutureExt;
    use http_body_util::BodyExt;
    use serde::Deserialize;

    #[derive(Debug, Default, Deserialize)]
    #[serde(default, rename_all = "camelCase", deny_unknown_fields)]
    struct Thing {
        title: String,
        unit_price: i64,
        note: Option<String>,
    }

    impl Rules for Thing {
        fn tidy(&mut self) {
            self.title = self.title.trim().to_owned();
        }

        fn checked(&self) -> Vec<Checked> {
            let unless = |good: bool| if good { Ok(()) } else { Err("Too little".into()) };
            vec![
                ("title", unless(!self.title.is_empty())),
                ("unitPrice", unless(self.unit_price > 0)),
            ]
        }
    }

    fn errors(body: &str) -> Vec<(String, String)> {
        let response = parse::<Thing>(body.as_bytes()).unwrap_err().into_response();
        assert_eq!(response.status(), 400);
        let bytes = response.into_body().collect().now_or_never().unwrap().unwrap().to_bytes();
        let body: Value = serde_json::from_slice(&bytes).unwrap();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let mut all: Vec<_> = body["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| (text(&error["field"]), text(&error["message"])))
            .collect();
        all.sort();
        all
    }

    #[test]
    fn a_good_body_is_read() {
        let thing: Thing = parse(br#"{"title": "A", "unitPrice": 3, "note": null}"#).unwrap();
        assert_eq!((thing.title.as_str(), thing.unit_price, thing.note), ("A", 3, None));
    }

    #[test]
    fn a_body_is_tidied_before_it_is_checked() {
        let thing: Thing = parse(br#"{"title": " A ", "unitPrice": 3}"#).unwrap();
        assert_eq!(thing.title, "A");
        assert_eq!(errors(r#"{"title": " ", "unitPrice": 3}"#)[0].0, "title");
    }

    #[test]
    fn everything_wrong_is_reported_at_once() {
        assert_eq!(errors(r#"{"title": "A", "unitPrice": 0}"#)[0].0, "unitPrice");
        let all = errors(r#"{"unitPrice": "cheap", "colour": 1}"#);
        let fields: Vec<_> = all.iter().map(|(field, _)| field.as_str()).collect();
        assert_eq!(fields, ["colour", "title", "unitPrice"]);
        assert!(all[0].1.starts_with("Unknown field `colour`"), "{}", all[0].1);
        assert!(all[2].1.starts_with("Invalid type"), "{}", all[2].1);
    }

    #[test]
    fn many_mistakes_are_a_few_complaints() {
        let fields = |count: usize| {
            let fields: Vec<String> = (0..count).map(|n| format!("\"x{n}\":0")).collect();
            errors(&format!("{{{}}}", fields.join(",")))
        };
        assert_eq!(fields(MAX_FIELDS).len(), MAX_COMPLAINTS);
        assert_eq!(fields(MAX_FIELDS + 1).len(), 1);
        let long = errors(&format!("{{\"unitPrice\": \"{}\"}}", "x".repeat(60_000)));
        assert!(long.iter().all(|(_, message)| message.chars().count() <= 300), "{long:?}");
    }

    #[test]
    fn a_text_has_no_nul() {
        let all = errors(r#"{"title": "A\u0000B", "unitPrice": 1}"#);
        assert_eq!(all, [("title".to_owned(), NUL.to_owned())]);
    }

    #[test]
    fn what_is_no_object_is_malformed() {
        for body in ["", "[]", "{", "\"x\""] {
            assert_eq!(errors(body).len(), 1, "{body}");
        }
    }
}
