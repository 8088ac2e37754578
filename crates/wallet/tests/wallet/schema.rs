//! Checks JSON against tables of the fields that a document lists.

use serde_json::Value;

/// Whether a field may be left out.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Need {
    Required,
    Optional,
}

/// A field of an object: its name, whether it has to be there, and what it holds.
pub(crate) struct Field(pub(crate) &'static str, pub(crate) Need, pub(crate) Kind);

/// What a value is.
pub(crate) enum Kind {
    /// Any text but an empty one.
    Text,
    /// A text of these.
    OneOf(&'static [&'static str]),
    /// A date with hours and minutes, perhaps seconds, and an offset (W3C, NOTE-datetime).
    Time,
    /// `rgb(255, 255, 255)`.
    Colour,
    Whole,
    Flag,
    Object(&'static [Field]),
    /// Values of one kind; at least one.
    List(&'static Kind),
}

/// Fails unless `value` is of `kind`, and names what is not by its path.
pub(crate) fn check(path: &str, value: &Value, kind: &Kind) {
    match kind {
        Kind::Text => assert!(!text(path, value).is_empty(), "{path} is empty"),
        Kind::OneOf(words) => assert!(words.contains(&text(path, value)), "{path}: {value}"),
        Kind::Time => assert!(is_time(text(path, value)), "{path}: {value}"),
        Kind::Colour => assert!(is_colour(text(path, value)), "{path}: {value}"),
        Kind::Whole => assert!(value.is_i64(), "{path}: {value}"),
        Kind::Flag => assert!(value.is_boolean(), "{path}: {value}"),
        Kind::Object(fields) => check_object(path, value, fields),
        Kind::List(kind) => {
            let values = value.as_array().unwrap_or_else(|| panic!("{path}: {value}"));
            assert!(!values.is_empty(), "{path} is empty");
            for (index, value) in values.iter().enumerate() {
                check(&format!("{path}[{index}]"), value, kind);
            }
        }
    }
}

fn check_object(path: &str, value: &Value, fields: &[Field]) {
    let object = value.as_object().unwrap_or_else(|| panic!("{path}: {value}"));
    for (name, value) in object {
        let field = fields.iter().find(|field| field.0 == name);
        let Field(_, _, kind) = field.unwrap_or_else(|| panic!("{path}.{name} is not documented"));
        check(&format!("{path}.{name}"), value, kind);
    }
    for Field(name, need, _) in fields {
        let is_there = *need == Need::Optional || object.contains_key(*name);
        assert!(is_there, "{path}.{name} is missing");
    }
}

fn text<'a>(path: &str, value: &'a Value) -> &'a str {
    value.as_str().unwrap_or_else(|| panic!("{path}: {value}"))
}

fn is_time(text: &str) -> bool {
    let shape: String =
        text.chars().map(|char| if char.is_ascii_digit() { '0' } else { char }).collect();
    let Some(rest) = shape.strip_prefix("0000-00-00T00:00") else { return false };
    matches!(rest.strip_prefix(":00").unwrap_or(rest), "Z" | "+00:00" | "-00:00")
}

fn is_colour(text: &str) -> bool {
    let numbers = text.strip_prefix("rgb(").and_then(|text| text.strip_suffix(")"));
    let numbers = numbers.map(|text| text.split(',').map(|number| number.trim().parse::<u8>()));
    numbers.is_some_and(|numbers| numbers.filter(Result::is_ok).count() == 3)
}

#[test]
fn times_and_colours_are_told_from_others() {
    for good in ["2027-06-12T20:30+02:00", "2027-06-12T20:30:00Z"] {
        assert!(is_time(good), "{good}");
    }
    for bad in ["2027-06-12", "2027-06-12T20:30:00", "2027-06-12T20:30:00.5Z"] {
        assert!(!is_time(bad), "{bad}");
    }
    assert!(is_colour("rgb(0, 22, 255)"));
    assert!(!is_colour("rgb(0, 22, 256)") && !is_colour("#fff"));
}
