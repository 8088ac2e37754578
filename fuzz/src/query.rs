use boxoffice_contract::Page;
use boxoffice_kernel::http::Fields;
use boxoffice_kernel::http::page::{cut, link, read_cursor, read_limit};
use boxoffice_kernel::problem::ProblemBody;
use http::uri::PathAndQuery;
use serde_json::Value;

/// The fields of the list of listings.
const KNOWN: [&str; 8] = ["q", "city", "from", "to", "maxPrice", "sort", "limit", "cursor"];

/// Reads a query, and writes the link to the page after it.
///
/// A query that is refused gets a short answer. One that is accepted has known fields alone, each
/// once. The link is one link, whatever the query holds.
pub fn query(data: &[u8]) {
    let Ok(query) = str::from_utf8(data) else { return };
    let (first, second) = (read(query), read(query));
    assert_eq!(first, second);
    if first.is_none() {
        let mut names: Vec<_> =
            form_urlencoded::parse(query.as_bytes()).map(|pair| pair.0).collect();
        assert!(names.iter().all(|name| KNOWN.contains(&name.as_ref())), "{names:?}");
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count, "a field was given twice");
    }
    if let Ok(uri) = format!("/api/tickets?{query}").parse::<PathAndQuery>() {
        linked(&uri);
    }
}

fn read(query: &str) -> Option<ProblemBody> {
    let mut fields = Fields::parse(Some(query), &KNOWN);
    for name in KNOWN {
        let given = fields.take(name, |text| match name {
            "limit" => read_limit(text).map(|_| text.to_owned()),
            "cursor" => read_cursor::<Value>(text).map(|_| text.to_owned()),
            _ => Ok(text.to_owned()),
        });
        if let Some(text) = given {
            assert!(!text.is_empty() && text.trim() == text && !text.contains('\0'), "{text:?}");
        }
    }
    fields.finish().err().map(crate::answer::check)
}

fn linked(uri: &PathAndQuery) {
    let page: Page<i64> = cut(vec![1, 2], 1, |last| *last).expect("a number is JSON");
    let [(_, value)] = link(&page, uri.path(), uri.query()).expect("an address is a header");
    let value = value.to_str().expect("an address is text");
    let target = value.strip_prefix('<').and_then(|rest| rest.strip_suffix(">; rel=\"next\""));
    let target = target.expect("one link, to the next page");
    assert!(!target.contains(['<', '>']), "{target:?}");
    let next: PathAndQuery = target.parse().expect("an address");
    let cursors = next.query().unwrap_or_default().split('&');
    assert_eq!(cursors.filter(|pair| pair.starts_with("cursor=")).count(), 1, "{target:?}");
}
