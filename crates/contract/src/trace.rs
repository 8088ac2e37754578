//! The trace that something is part of, as W3C Trace Context writes it
//! (<https://www.w3.org/TR/trace-context/#traceparent-header>).
//!
//! The host says in each request's `traceparent` which trace it is part of; events carry that on to
//! whoever handles them, by CloudEvents' extension Distributed Tracing
//! (<https://github.com/cloudevents/spec/blob/main/cloudevents/extensions/distributed-tracing.md>).

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The trace that a request or an event is part of, and the place in it, if it is part of any.
///
/// It is handed on by value, to whatever is done for that request or event. An instance is at work
/// for several of them, interleaved at each await: kept anywhere else, one would have another's.
///
/// Whatever is no `traceparent` counts as none: a trace is never a reason to refuse anything. Nor is
/// a newer version than `00` understood, since nobody knows yet how to pass it on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trace(Option<Parent>);

/// What a `traceparent` of version `00` holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Parent {
    trace_id: u128,
    parent_id: u64,
    flags: u8,
}

impl Trace {
    /// No trace: of what nobody asked for, such as what a tick finds due, and of transactions that
    /// tell of nothing.
    pub const NONE: Self = Self(None);

    /// Reads a `traceparent`.
    #[must_use]
    pub fn parse(traceparent: &str) -> Self {
        Self(Parent::parse(traceparent))
    }

    /// Whether there is no trace.
    #[must_use]
    pub const fn is_none(&self) -> bool {
        self.0.is_none()
    }

    /// The `traceparent`.
    #[must_use]
    pub fn traceparent(self) -> Option<String> {
        self.0.map(|parent| parent.to_string())
    }

    /// The trace's id, in 32 hexadecimal digits.
    #[must_use]
    pub fn id(self) -> Option<String> {
        self.0.map(|Parent { trace_id, .. }| format!("{trace_id:032x}"))
    }
}

impl Parent {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let mut part = |length| {
            let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
            parts.next().filter(|part| part.len() == length && part.bytes().all(is_hex))
        };
        let (version, trace_id, parent_id, flags) = (part(2)?, part(32)?, part(16)?, part(2)?);
        if version != "00" || parts.next().is_some() {
            return None;
        }
        let trace_id = u128::from_str_radix(trace_id, 16).ok().filter(|id| *id != 0)?;
        let parent_id = u64::from_str_radix(parent_id, 16).ok().filter(|id| *id != 0)?;
        let flags = u8::from_str_radix(flags, 16).ok()?;
        Some(Self { trace_id, parent_id, flags })
    }
}

impl fmt::Display for Parent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { trace_id, parent_id, flags } = self;
        write!(f, "00-{trace_id:032x}-{parent_id:016x}-{flags:02x}")
    }
}

impl Serialize for Trace {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.traceparent().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Trace {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Of whatever type: an event is not to be lost for it.
        let value = serde_json::Value::deserialize(deserializer)?;
        Ok(value.as_str().map_or(Self::NONE, Self::parse))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    const GIVEN: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn it_is_passed_on_as_it_came() {
        for given in [GIVEN, "00-00000000000000000000000000000001-0000000000000001-00"] {
            assert_eq!(Trace::parse(given).traceparent().as_deref(), Some(given));
        }
        assert_eq!(Trace::parse(GIVEN).id().as_deref(), Some("0af7651916cd43dd8448eb211c80319c"));
        assert_eq!((Trace::NONE.traceparent(), Trace::NONE.id()), (None, None));
    }

    #[test]
    fn what_is_no_traceparent_is_left_out() {
        let wrong = [
            "",
            "nonsense",
            "00",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            // Nobody is the parent, or nothing is the trace.
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            // Digits are hexadecimal, in lower case, and as many as there must be.
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-+af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319-cb7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1",
            " 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            // Other versions, and what only other versions may have.
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-",
        ];
        for wrong in wrong {
            assert!(Trace::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn json_that_is_no_traceparent_counts_as_none() {
        let read = |json: &str| serde_json::from_str::<Trace>(json).unwrap();
        assert_eq!(read(&format!("{GIVEN:?}")), Trace::parse(GIVEN));
        for json in ["null", "7", "{\"a\":[1]}", "\"nonsense\""] {
            assert!(read(json).is_none(), "{json}");
        }
    }
}
