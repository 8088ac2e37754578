//! The trace in a request's headers: see [`Trace`].

use boxoffice_contract::Trace;
use http::HeaderMap;
use http::header::{HeaderName, HeaderValue};

/// The header of requests; the attribute of events has the same name.
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// Returns the trace that a request's headers name.
#[must_use]
pub fn of(headers: &HeaderMap) -> Trace {
    let mut values = headers.get_all(TRACEPARENT).iter();
    // Of two nobody knows which is meant.
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().map_or(Trace::NONE, Trace::parse),
        _ => Trace::NONE,
    }
}

/// Puts `trace` into the headers of a request that is part of it, unless they name one.
pub fn put(trace: Trace, headers: &mut HeaderMap) {
    let value = trace.traceparent().and_then(|value| HeaderValue::try_from(value).ok());
    if let Some(value) = value {
        headers.entry(TRACEPARENT).or_insert(value);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    const GIVEN: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn headers_name_one_trace_or_none() {
        let mut headers = HeaderMap::new();
        assert!(of(&headers).is_none());
        put(Trace::NONE, &mut headers);
        assert!(headers.is_empty());
        put(Trace::parse(GIVEN), &mut headers);
        assert_eq!(headers[TRACEPARENT], GIVEN);
        assert_eq!(of(&headers), Trace::parse(GIVEN));
        // Who has said so already is not contradicted.
        let other = Trace::parse("00-0af7651916cd43dd8448eb211c80319d-b7ad6b7169203331-01");
        put(other, &mut headers);
        assert_eq!(of(&headers), Trace::parse(GIVEN));
        headers.append(TRACEPARENT, HeaderValue::from_static(GIVEN));
        assert!(of(&headers).is_none());
        headers.insert(TRACEPARENT, HeaderValue::from_bytes(b"\xff").unwrap());
        assert!(of(&headers).is_none());
    }
}
