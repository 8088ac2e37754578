//! Parameters in Stripe's bracket syntax: `metadata[order_id]=1`, `expand[]=a`, `expand[0]=a`.
//!
//! `form_urlencoded` does the decoding; the brackets are taken apart here. A general query-string
//! deserializer does not fit: it takes all-digit keys for list indexes, and Stripe allows them as
//! metadata keys (`metadata[0042]`).
//!
//! A parameter is *taken* when it is read, so whatever is left at [`Params::finish`] is unknown to the
//! call, and the client is told its name.

use std::collections::BTreeMap;

use crate::{
    choice::Choice,
    errors::{Error, Refusal},
};

/// How deep brackets may nest; Stripe's own parameters stay below that.
const MAX_DEPTH: usize = 8;
/// Stripe's limits on metadata: <https://docs.stripe.com/api/metadata>.
const METADATA_KEYS: usize = 50;
const METADATA_KEY_CHARS: usize = 40;
const METADATA_VALUE_CHARS: usize = 500;

/// Key-value pairs that a client attached to an object.
pub(crate) type Metadata = BTreeMap<String, String>;

/// The decoded parameters of one call, or of one bracketed group in it.
#[derive(Debug, Default)]
pub(crate) struct Params {
    prefix: String,
    entries: Vec<(String, Node)>,
}

#[derive(Debug)]
enum Node {
    Text(String),
    Group(Vec<(String, Node)>),
}

/// What a client wants done to an object's metadata: `None` as a value removes the key.
#[derive(Debug)]
pub(crate) struct MetadataChange {
    clear: bool,
    set: Vec<(String, Option<String>)>,
}

impl MetadataChange {
    /// Applies the change. Errors: more keys than Stripe allows.
    pub(crate) fn apply(self, metadata: &mut Metadata) -> Result<(), Error> {
        if self.clear {
            metadata.clear();
        }
        for (key, value) in self.set {
            match value {
                Some(value) => drop(metadata.insert(key, value)),
                None => drop(metadata.remove(&key)),
            }
        }
        if metadata.len() > METADATA_KEYS {
            return Err(Refusal::invalid(format!(
                "Metadata can have up to {METADATA_KEYS} keys, but this makes {}.",
                metadata.len()
            ))
            .param("metadata")
            .into());
        }
        Ok(())
    }
}

impl Params {
    /// Decodes an `application/x-www-form-urlencoded` body or query string.
    pub(crate) fn decode(input: &[u8]) -> Result<Self, Error> {
        let mut params = Self::default();
        for (key, value) in form_urlencoded::parse(input) {
            let segments = segments(&key).ok_or_else(|| {
                Refusal::invalid(format!("Invalid parameter name: {key}")).param(&key)
            })?;
            insert(&mut params.entries, &segments, value.into_owned()).map_err(|()| {
                Refusal::invalid(format!(
                    "The parameter {key} is given both as a value and as a group of values."
                ))
                .param(&key)
            })?;
        }
        Ok(params)
    }

    /// The same for any order of the parameters, different when one of them differs: what an
    /// idempotency key is held against.
    pub(crate) fn fingerprint(input: &[u8]) -> String {
        let mut pairs: Vec<_> = form_urlencoded::parse(input).collect();
        // A stable sort by name alone: the order of a list's members counts.
        pairs.sort_by(|a, b| a.0.cmp(&b.0));
        form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
    }

    /// Fails with the name of the first parameter that nobody took.
    pub(crate) fn finish(&self) -> Result<(), Error> {
        match self.entries.first() {
            None => Ok(()),
            Some((name, _)) => Err(Refusal::unknown(&self.full(name)).into()),
        }
    }

    /// A text; an empty one is refused, since Stripe reads it as an attempt to unset.
    pub(crate) fn text(&mut self, name: &str) -> Result<Option<String>, Error> {
        match self.clearable(name)? {
            None => Ok(None),
            Some(Some(text)) => Ok(Some(text)),
            Some(None) => {
                let name = self.full(name);
                Err(Refusal::invalid(format!(
                    "You passed an empty string for '{name}', which cannot be unset. Leave it out \
                     or give it a value."
                ))
                .code("parameter_invalid_empty")
                .param(&name)
                .into())
            }
        }
    }

    /// A text that an empty string unsets: `None` when absent, `Some(None)` to unset.
    pub(crate) fn clearable(&mut self, name: &str) -> Result<Option<Option<String>>, Error> {
        match self.take(name) {
            None => Ok(None),
            Some(Node::Text(text)) => Ok(Some((!text.is_empty()).then_some(text))),
            Some(Node::Group(_)) => Err(self.malformed(name, "string")),
        }
    }

    /// A whole number.
    pub(crate) fn integer(&mut self, name: &str) -> Result<Option<i64>, Error> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        match text.parse() {
            Ok(number) => Ok(Some(number)),
            Err(_) => {
                let name = self.full(name);
                Err(Refusal::invalid(format!("Invalid integer: {text}"))
                    .code("parameter_invalid_integer")
                    .param(&name)
                    .into())
            }
        }
    }

    /// `true` or `false`.
    pub(crate) fn boolean(&mut self, name: &str) -> Result<Option<bool>, Error> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        match text.as_str() {
            "true" => Ok(Some(true)),
            "false" => Ok(Some(false)),
            _ => Err(Refusal::invalid(format!("Invalid boolean: {text}"))
                .param(&self.full(name))
                .into()),
        }
    }

    /// One word out of a fixed set.
    pub(crate) fn choice<C: Choice>(&mut self, name: &str) -> Result<Option<C>, Error> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        match C::parse(&text) {
            Some(choice) => Ok(Some(choice)),
            None => {
                let name = self.full(name);
                Err(Refusal::invalid(format!("Invalid {name}: must be one of {}", C::listed()))
                    .param(&name)
                    .into())
            }
        }
    }

    /// A list of texts: `name[]=a&name[]=b`, `name[0]=a&name[1]=b`, or a single `name=a`.
    pub(crate) fn texts(&mut self, name: &str) -> Result<Option<Vec<String>>, Error> {
        let mut group = match self.take(name) {
            None => return Ok(None),
            Some(Node::Text(text)) => return Ok(Some(vec![text])),
            Some(Node::Group(group)) => group,
        };
        group.sort_by_key(|(index, _)| index.parse::<u32>().unwrap_or_default());
        group
            .into_iter()
            .map(|(index, node)| match node {
                Node::Text(text) if index.chars().all(|c| c.is_ascii_digit()) => Ok(text),
                _ => Err(self.malformed(name, "array")),
            })
            .collect::<Result<_, _>>()
            .map(Some)
    }

    /// A bracketed group, to be read and finished in turn.
    pub(crate) fn group(&mut self, name: &str) -> Result<Option<Params>, Error> {
        match self.take(name) {
            None => Ok(None),
            Some(Node::Group(entries)) => Ok(Some(Params { prefix: self.full(name), entries })),
            Some(Node::Text(_)) => Err(self.malformed(name, "object")),
        }
    }

    /// `metadata[key]=value`; an empty value removes the key, an empty `metadata=` all of them.
    pub(crate) fn metadata(&mut self) -> Result<Option<MetadataChange>, Error> {
        let group = match self.take("metadata") {
            None => return Ok(None),
            Some(Node::Text(text)) if text.is_empty() => {
                return Ok(Some(MetadataChange { clear: true, set: Vec::new() }));
            }
            Some(Node::Text(_)) => return Err(self.malformed("metadata", "object")),
            Some(Node::Group(group)) => group,
        };
        let set = group
            .into_iter()
            .map(|(key, node)| match node {
                Node::Text(value) => metadata_entry(key, value),
                Node::Group(_) => Err(Refusal::invalid(format!(
                    "Metadata values are strings; '{key}' is a group."
                ))
                .param(&format!("metadata[{key}]"))
                .into()),
            })
            .collect::<Result<_, Error>>()?;
        Ok(Some(MetadataChange { clear: false, set }))
    }

    /// The name as the client wrote it, with the group that it stands in.
    pub(crate) fn full(&self, name: &str) -> String {
        if self.prefix.is_empty() { name.to_owned() } else { format!("{}[{name}]", self.prefix) }
    }

    fn take(&mut self, name: &str) -> Option<Node> {
        let position = self.entries.iter().position(|(key, _)| key == name)?;
        Some(self.entries.remove(position).1)
    }

    fn malformed(&self, name: &str, expected: &str) -> Error {
        let name = self.full(name);
        Refusal::invalid(format!("Invalid {name}: it must be given as one {expected}"))
            .param(&name)
            .into()
    }
}

/// `a[b][]` as `["a", "b", ""]`; `None` if the brackets do not match or nest too deep.
fn segments(key: &str) -> Option<Vec<&str>> {
    let (head, mut rest) = match key.find('[') {
        Some(at) => key.split_at(at),
        None => (key, ""),
    };
    if head.is_empty() {
        return None;
    }
    let mut segments = vec![head];
    while !rest.is_empty() {
        let (segment, after) = rest.strip_prefix('[')?.split_once(']')?;
        segments.push(segment);
        rest = after;
    }
    (segments.len() <= MAX_DEPTH).then_some(segments)
}

/// Puts `value` at the path `segments`. The last of several equal names wins, but each `[]` adds a
/// member. Fails if a name is both a value and a group.
fn insert(entries: &mut Vec<(String, Node)>, segments: &[&str], value: String) -> Result<(), ()> {
    let [name, rest @ ..] = segments else { return Err(()) };
    let known = entries.iter().position(|(key, _)| key == name).filter(|_| !name.is_empty());
    let index = known.unwrap_or_else(|| {
        let node =
            if rest.is_empty() { Node::Text(String::new()) } else { Node::Group(Vec::new()) };
        entries.push(((*name).to_owned(), node));
        entries.len() - 1
    });
    match &mut entries[index].1 {
        Node::Text(text) if rest.is_empty() => {
            *text = value;
            Ok(())
        }
        Node::Group(group) if !rest.is_empty() => insert(group, rest, value),
        _ => Err(()),
    }
}

fn metadata_entry(key: String, value: String) -> Result<(String, Option<String>), Error> {
    let refuse = |what: &str, limit: usize, chars: usize| {
        Refusal::invalid(format!(
            "Metadata {what} can have up to {limit} characters, but you passed in one of {chars}."
        ))
        .param("metadata")
    };
    let (key_chars, value_chars) = (key.chars().count(), value.chars().count());
    if key_chars > METADATA_KEY_CHARS {
        return Err(refuse("keys", METADATA_KEY_CHARS, key_chars).into());
    }
    if value_chars > METADATA_VALUE_CHARS {
        return Err(refuse("values", METADATA_VALUE_CHARS, value_chars).into());
    }
    Ok((key, (!value.is_empty()).then_some(value)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn decode(input: &str) -> Params {
        Params::decode(input.as_bytes()).unwrap()
    }

    #[test]
    fn brackets_nest_encoded_or_not() {
        for input in ["a[b][c]=1", "a%5Bb%5D%5Bc%5D=1", "a%5bb%5d%5bc%5d=1"] {
            let mut a = decode(input).group("a").unwrap().unwrap();
            let mut b = a.group("b").unwrap().unwrap();
            assert_eq!(b.full("c"), "a[b][c]");
            assert_eq!(b.integer("c").unwrap(), Some(1), "{input}");
        }
    }

    #[test]
    fn lists_come_in_each_of_stripes_spellings() {
        for input in ["t[]=a&t[]=b", "t[1]=b&t[0]=a"] {
            assert_eq!(decode(input).texts("t").unwrap().unwrap(), ["a", "b"], "{input}");
        }
        assert_eq!(decode("t=a").texts("t").unwrap().unwrap(), ["a"]);
    }

    #[test]
    fn digits_are_fine_as_metadata_keys() {
        let mut metadata = Metadata::new();
        let change = decode("metadata[0042]=x&metadata[7]=y").metadata().unwrap().unwrap();
        change.apply(&mut metadata).unwrap();
        assert_eq!(metadata["0042"], "x");
        assert_eq!(metadata["7"], "y");
    }

    #[test]
    fn a_fingerprint_ignores_order_of_names_only() {
        let fingerprint = |input: &str| Params::fingerprint(input.as_bytes());
        assert_eq!(fingerprint("a=1&b=2"), fingerprint("b=2&a=1"));
        assert_ne!(fingerprint("t[]=a&t[]=b"), fingerprint("t[]=b&t[]=a"));
        assert_ne!(fingerprint("a=1%26b=2"), fingerprint("a=1&b=2"));
    }

    #[test]
    fn malformed_names_are_refused() {
        let deep = format!("a{}=1", "[b]".repeat(MAX_DEPTH));
        for input in ["a[b=1", "a]b[=1&x=2", "[a]=1", "a[b]c=1", "a=1&a[b]=2", &deep] {
            let outcome = Params::decode(input.as_bytes());
            // A stray `]` before any `[` is part of the name, and unknown to every call.
            let refused = outcome.is_err() || outcome.unwrap().finish().is_err();
            assert!(refused, "{input}");
        }
    }
}
