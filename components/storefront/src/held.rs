//! What the visitor holds, for the bar that leads back to it from every page: a cookie that ends with the
//! hold. No page has to ask `orders` for it.

use std::time::Duration;

use anyhow::Result;
use boxoffice_contract::orders::Order;
use boxoffice_contract::{OrderId, UserId};
use boxoffice_kernel::Timestamp;
use boxoffice_web::state::Held;
use http::header::{HeaderMap, HeaderValue};

use crate::cookie;

const COOKIE: &str = "held";

/// Returns what the cookie among `headers` says that `user` holds at `now`. What another account holds in
/// the same browser is not shown.
pub(crate) fn read(headers: &HeaderMap, user: UserId, now: Timestamp) -> Option<Held> {
    let (of, held) = parse(cookie::read(headers, COOKIE)?)?;
    (of == user && held.until > now.as_millis()).then_some(held)
}

/// Returns the cookie that remembers `order`, by which `user` holds tickets.
///
/// # Errors
/// As of [`cookie::set`].
pub(crate) async fn remember(order: &Order, user: UserId) -> Result<HeaderValue> {
    let until = order.expires_at.as_millis();
    let value = format!("{}.{}.{until}.{user}", order.id, order.quantity);
    let left = u64::try_from(until - Timestamp::now().as_millis()).unwrap_or_default();
    cookie::set(COOKIE, &value, "/", Duration::from_millis(left)).await
}

/// Returns the cookie that forgets what was held.
///
/// # Errors
/// As of [`cookie::set`].
pub(crate) async fn forget() -> Result<HeaderValue> {
    cookie::set(COOKIE, "", "/", Duration::ZERO).await
}

fn parse(value: &str) -> Option<(UserId, Held)> {
    let mut parts = value.split('.');
    let order: OrderId = parts.next()?.parse().ok()?;
    let quantity: i64 = parts.next()?.parse().ok().filter(|quantity| *quantity > 0)?;
    let until = parts.next()?.parse().ok()?;
    let user = parts.next()?.parse().ok()?;
    parts.next().is_none().then_some((user, Held { order, quantity, until }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    const ORDER: &str = "01980f3c-0000-7000-8000-000000000001";
    const USER: &str = "01980f3c-0000-7000-8000-000000000002";

    fn seen(value: &str, user: &str, now: i64) -> Option<Held> {
        let cookie = format!("held={value}").parse().unwrap();
        let headers = HeaderMap::from_iter([(http::header::COOKIE, cookie)]);
        read(&headers, user.parse().unwrap(), Timestamp::from_millis(now))
    }

    #[test]
    fn a_hold_is_seen_by_its_buyer_until_it_ends() {
        let value = format!("{ORDER}.2.5000.{USER}");
        let held = Held { order: ORDER.parse().unwrap(), quantity: 2, until: 5_000 };
        assert_eq!(seen(&value, USER, 4_999), Some(held));
        assert_eq!(seen(&value, USER, 5_000), None);
        assert_eq!(seen(&value, ORDER, 0), None);
    }

    #[test]
    fn a_cookie_that_somebody_made_up_is_not_believed() {
        for value in
            ["", "....", ORDER, &format!("{ORDER}.-1.5000.{USER}"), &format!("{ORDER}.2.x.{USER}")]
        {
            assert_eq!(seen(value, USER, 0), None, "{value}");
        }
        assert_eq!(seen(&format!("{ORDER}.2.5000.{USER}.1"), USER, 0), None);
    }
}
