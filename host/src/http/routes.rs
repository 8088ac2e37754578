//! Which component answers which path. Exact routes win, then the wildcard with the longest
//! prefix, as in Spin.

use std::collections::HashMap;
use std::sync::Arc;

use http::HeaderValue;

/// What the routes lead to: `T` is the component's handler.
pub(crate) struct Routes<T> {
    exact: HashMap<String, Arc<Route<T>>>,
    /// Longest prefix first.
    wildcards: Vec<Arc<Route<T>>>,
}

/// One route.
pub(crate) struct Route<T> {
    /// As written in the manifest.
    pub(crate) pattern: String,
    /// The pattern without its wildcard.
    prefix: String,
    pub(crate) target: T,
    /// The pattern, for the header that tells the component.
    pub(crate) pattern_header: HeaderValue,
    /// The prefix, for the header that tells the component.
    pub(crate) prefix_header: HeaderValue,
}

impl<T> Route<T> {
    /// A route for a pattern such as `/api/tickets/...`.
    ///
    /// # Errors
    /// What is wrong with the pattern.
    pub(crate) fn new(pattern: &str, target: T) -> Result<Self, &'static str> {
        if !pattern.starts_with('/') {
            return Err("a route starts with a slash");
        }
        let prefix = pattern.strip_suffix("/...").unwrap_or(pattern);
        if prefix.contains("...") || prefix.contains('*') {
            return Err("a wildcard is written `/...` and stands at the end");
        }
        if prefix.contains("/:") {
            return Err("named segments are not supported by the embedded host");
        }
        let header = |text| HeaderValue::from_str(text).map_err(|_| "it has a control character");
        Ok(Self {
            pattern_header: header(pattern)?,
            prefix_header: header(prefix)?,
            pattern: pattern.to_owned(),
            prefix: prefix.to_owned(),
            target,
        })
    }

    /// The part of a matching path that the wildcard stands for; empty if there is none.
    pub(crate) fn rest<'p>(&self, path: &'p str) -> &'p str {
        if self.is_wildcard() { path.get(self.prefix.len()..).unwrap_or("") } else { "" }
    }

    fn is_wildcard(&self) -> bool {
        self.pattern.len() != self.prefix.len()
    }

    /// Two routes of one key answer the same paths.
    fn key(&self) -> (bool, &str) {
        (self.is_wildcard(), trim(&self.prefix))
    }
}

/// A slash at the end makes no difference.
fn trim(path: &str) -> &str {
    path.strip_suffix('/').unwrap_or(path)
}

impl<T> Routes<T> {
    /// Routes from those of the manifest; where two answer the same paths the later one wins, as
    /// in Spin, and the pattern of the earlier is returned besides.
    pub(crate) fn new(routes: Vec<Route<T>>) -> (Self, Vec<String>) {
        let mut kept: Vec<Route<T>> = Vec::new();
        let mut hidden = Vec::new();
        for route in routes {
            if let Some(earlier) = kept.iter().position(|kept| kept.key() == route.key()) {
                hidden.push(kept.remove(earlier).pattern);
            }
            kept.push(route);
        }
        let (mut wildcards, exact): (Vec<_>, Vec<_>) =
            kept.into_iter().map(Arc::new).partition(|route| route.is_wildcard());
        wildcards.sort_by_key(|route| std::cmp::Reverse(route.prefix.len()));
        let exact = exact.into_iter().map(|route| (trim(&route.prefix).to_owned(), route));
        (Self { exact: exact.collect(), wildcards }, hidden)
    }

    /// The route for a path.
    pub(crate) fn find(&self, path: &str) -> Option<&Arc<Route<T>>> {
        self.exact.get(trim(path)).or_else(|| {
            self.wildcards.iter().find(|route| {
                path.strip_prefix(route.prefix.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            })
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn routes(patterns: &[&str]) -> (Routes<usize>, Vec<String>) {
        let routes = patterns.iter().enumerate().map(|(n, p)| Route::new(p, n).unwrap());
        Routes::new(routes.collect())
    }

    #[test]
    fn exact_wins_then_the_longest_prefix() {
        let (routes, hidden) =
            routes(&["/...", "/api/...", "/api/users/...", "/api/users/me", "/"]);
        assert!(hidden.is_empty());
        let find = |path| routes.find(path).map(|route| route.target);
        assert_eq!(find("/"), Some(4));
        assert_eq!(find("/x"), Some(0));
        assert_eq!(find("/api"), Some(1));
        assert_eq!(find("/api/"), Some(1));
        assert_eq!(find("/apis"), Some(0));
        assert_eq!(find("/api/users/me"), Some(3));
        assert_eq!(find("/api/users/me/"), Some(3));
        assert_eq!(find("/api/users/me/x"), Some(2));
    }

    #[test]
    fn without_a_wildcard_other_paths_lead_nowhere() {
        let (routes, _) = routes(&["/healthz"]);
        assert!(routes.find("/healthz").is_some());
        assert!(routes.find("/healthz/x").is_none());
        assert!(routes.find("/").is_none());
    }

    #[test]
    fn the_wildcards_part_is_told() {
        let (routes, _) = routes(&["/api/...", "/one"]);
        let rest = |path| routes.find(path).unwrap().rest(path);
        assert_eq!(rest("/api"), "");
        assert_eq!(rest("/api/"), "/");
        assert_eq!(rest("/api/a/b"), "/a/b");
        assert_eq!(rest("/one"), "");
    }

    #[test]
    fn of_two_equal_routes_the_later_wins() {
        let (routes, hidden) = routes(&["/a", "/b/...", "/a/"]);
        assert_eq!(hidden, ["/a"]);
        assert_eq!(routes.find("/a").unwrap().target, 2);
    }

    #[test]
    fn what_is_no_route_says_why() {
        for (pattern, why) in
            [("a", "slash"), ("/.../a", "end"), ("/a/*", "wildcard"), ("/:id", "named")]
        {
            let error = Route::new(pattern, ()).err().unwrap();
            assert!(error.contains(why), "{pattern}: {error}");
        }
    }
}
