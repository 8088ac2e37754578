//! Which requests are made again, and when.
//!
//! Every request that changes something carries an idempotency key, so that making it again cannot
//! do it twice; the others change nothing. What is then worth another try is what Stripe says is
//! (<https://docs.stripe.com/error-low-level>): a network that failed, a conflict with the same
//! request under way, too many requests, trouble on Stripe's side. Where Stripe says in
//! `Stripe-Should-Retry` whether to, that decides.

use std::time::Duration;

use bytes::Bytes;
use http::header::RETRY_AFTER;
use http::{HeaderMap, Response, StatusCode};

/// The first pause; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The longest pause that is not asked for.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// How long to wait before the request is made again that was answered with `answer`, or not at
/// all, after `made` tries; `None` if it is not to be. `jitter` is random, and spreads those who
/// failed together.
pub(super) fn pause(
    answer: Result<&Response<Bytes>, &anyhow::Error>,
    made: u32,
    jitter: u8,
) -> Option<Duration> {
    let headers = match answer {
        Ok(answer) if is_worth_it(answer) => Some(answer.headers()),
        Ok(_) => return None,
        Err(_) => None,
    };
    let full = FIRST_PAUSE.saturating_mul(1 << made.saturating_sub(1).min(8)).min(LONGEST_PAUSE);
    // From half of it to all of it.
    let pause = full / 2 + full / 2 * u32::from(jitter) / u32::from(u8::MAX);
    Some(pause.max(headers.and_then(asked_for).unwrap_or_default()))
}

fn is_worth_it(answer: &Response<Bytes>) -> bool {
    match answer.headers().get("stripe-should-retry").map(http::HeaderValue::as_bytes) {
        Some(b"true") => true,
        Some(b"false") => false,
        _ => {
            let status = answer.status();
            status == StatusCode::CONFLICT
                || status == StatusCode::TOO_MANY_REQUESTS
                || status.is_server_error()
        }
    }
}

/// The pause that an answer asks for (RFC 9110, `Retry-After` in seconds).
fn asked_for(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn answer(status: u16, headers: &[(&str, &str)]) -> Response<Bytes> {
        let mut answer = Response::builder().status(status);
        for (name, value) in headers {
            answer = answer.header(*name, *value);
        }
        answer.body(Bytes::new()).unwrap()
    }

    fn is_retried(status: u16, headers: &[(&str, &str)]) -> bool {
        pause(Ok(&answer(status, headers)), 1, 0).is_some()
    }

    #[test]
    fn what_may_be_different_next_time_is_tried_again() {
        for status in [409, 429, 500, 502, 503] {
            assert!(is_retried(status, &[]), "{status}");
        }
        for status in [200, 400, 401, 402, 403, 404] {
            assert!(!is_retried(status, &[]), "{status}");
        }
        assert!(pause(Err(&anyhow::anyhow!("reset")), 1, 0).is_some());
    }

    #[test]
    fn stripes_own_word_decides() {
        assert!(is_retried(400, &[("stripe-should-retry", "true")]));
        assert!(!is_retried(503, &[("stripe-should-retry", "false")]));
        assert!(is_retried(503, &[("stripe-should-retry", "perhaps")]));
    }

    #[test]
    fn pauses_grow_vary_and_end() {
        let lost = anyhow::anyhow!("reset");
        let ms = |made, jitter| pause(Err(&lost), made, jitter).unwrap().as_millis();
        assert_eq!((ms(1, 0), ms(1, 255)), (250, 500));
        assert_eq!((ms(2, 0), ms(2, 255)), (500, 1_000));
        assert_eq!((ms(9, 0), ms(99, 255)), (1_000, 2_000));
    }

    #[test]
    fn a_longer_pause_that_is_asked_for_is_kept() {
        let wait = |value| pause(Ok(&answer(429, &[("retry-after", value)])), 1, 0).unwrap();
        assert_eq!(wait("7"), Duration::from_secs(7));
        assert_eq!(wait("0"), FIRST_PAUSE / 2);
        assert_eq!(wait("Wed, 21 Oct 2026 07:28:00 GMT"), FIRST_PAUSE / 2);
    }
}
