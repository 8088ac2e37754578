//! `GET /v1/payment_intents/search` (<https://docs.stripe.com/search>), as far as it goes here: by one
//! value of the metadata.

use axum::{extract::State, response::Response};
use rusqlite::params;
use serde_json::{Value, json};

use super::Intent;
use crate::{
    app::{Scope, SharedApp},
    call::Call,
    errors::{Error, Refusal},
    form::Params,
    ledger::Stored,
};

const DEFAULT_LIMIT: i64 = 10;

/// What is looked for.
struct Search {
    key: String,
    value: String,
    limit: i64,
}

pub(super) async fn search(State(app): State<SharedApp>, call: Call) -> Response {
    app.read(call, parse, |scope, search| found(scope, &search)).await
}

fn parse(params: &mut Params) -> Result<Search, Error> {
    let query = params.text("query")?.ok_or_else(|| Refusal::missing("query"))?;
    let limit = params.integer("limit")?.unwrap_or(DEFAULT_LIMIT).clamp(1, 100);
    let Some((key, value)) = terms(&query) else {
        return Err(Refusal::invalid(
            "The payment sandbox can search for one value of the metadata only, as by \
             metadata['key']:'value'.",
        )
        .param("query")
        .into());
    };
    Ok(Search { key: key.to_owned(), value: value.to_owned(), limit })
}

/// The key and the value in `metadata['key']:'value'`, with either kind of quotes.
fn terms(query: &str) -> Option<(&str, &str)> {
    let (key, value) = query.trim().strip_prefix("metadata[")?.split_once("]:")?;
    let bare = |text: &'_ str| {
        let quote = text.chars().next().filter(|letter| matches!(letter, '\'' | '"'))?;
        let text = text.strip_prefix(quote)?.strip_suffix(quote)?;
        (!text.contains(['\'', '"', '\\'])).then_some(text.len())
    };
    let (key_length, value_length) = (bare(key)?, bare(value)?);
    Some((&key[1..=key_length], &value[1..=value_length]))
}

fn found(scope: &Scope<'_>, search: &Search) -> Result<Value, Error> {
    let sql = "SELECT body FROM payment_intents WHERE body ->> ?1 = ?2 ORDER BY seq DESC LIMIT ?3";
    let path = format!("$.metadata.\"{}\"", search.key);
    let mut statement = scope.db.prepare_cached(sql)?;
    let row = params![path, search.value, search.limit];
    let rows = statement.query_map(row, |row| row.get::<_, String>(0))?;
    let found = rows
        .map(|body| Ok(serde_json::from_str::<Intent>(&body?)?.render()))
        .collect::<Result<Vec<_>, Error>>()?;
    Ok(json!({
        "object": "search_result",
        "data": found,
        "has_more": false,
        "next_page": null,
        "url": "/v1/payment_intents/search",
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_of_the_metadata_is_understood() {
        assert_eq!(terms("metadata['order_id']:'1-2'"), Some(("order_id", "1-2")));
        assert_eq!(terms(r#"metadata["a"]:"b c""#), Some(("a", "b c")));
        for other in ["amount>100", "metadata['a']:'b' AND status:'x'", "metadata[a]:b", "", "'"] {
            assert_eq!(terms(other), None, "{other}");
        }
    }
}
