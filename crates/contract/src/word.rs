//! Words that a newer service may add to: an unknown one must not break the page that shows it.

use serde::{Deserialize, Serialize};

/// A status or the like as a client reads it: one that this version knows, or a newer word.
///
/// A client reads every answer of the API so. Events are read strictly: a worker that does not know
/// a word must leave its event to a newer replica, or to an operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Word<T> {
    /// A word of this version.
    Known(T),
    /// A word of a newer service, as it came.
    Newer(String),
}

impl<T: Copy> Word<T> {
    /// Returns the word if this version knows it.
    #[must_use]
    pub const fn known(&self) -> Option<T> {
        match self {
            Self::Known(word) => Some(*word),
            Self::Newer(_) => None,
        }
    }
}

impl<T: AsRef<str>> Word<T> {
    /// Returns the word as it is in JSON.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Known(word) => word.as_ref(),
            Self::Newer(word) => word,
        }
    }
}

impl<T> From<T> for Word<T> {
    fn from(word: T) -> Self {
        Self::Known(word)
    }
}

impl<T: PartialEq> PartialEq<T> for Word<T> {
    fn eq(&self, word: &T) -> bool {
        matches!(self, Self::Known(known) if known == word)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::orders::OrderStatus;

    #[test]
    fn a_newer_word_is_kept_and_is_none_of_ours() {
        let read = |json: &str| serde_json::from_str::<Word<OrderStatus>>(json).unwrap();
        assert_eq!(read("\"complete\"").known(), Some(OrderStatus::Complete));
        assert!(read("\"complete\"") == OrderStatus::Complete);
        let newer = read("\"shipped\"");
        assert_eq!((newer.known(), newer.as_str()), (None, "shipped"));
        assert_eq!(serde_json::to_string(&newer).unwrap(), "\"shipped\"");
        serde_json::from_str::<Word<OrderStatus>>("7").unwrap_err();
    }
}
