//! Pagination as <https://docs.stripe.com/api/pagination> describes it: newest first, cursors are ids.

use rusqlite::{Connection, OptionalExtension, params_from_iter, types::Value as Sql};
use serde_json::{Value, json};

use crate::{
    errors::{Error, Refusal},
    form::Params,
    ledger::Stored,
};

const LIMIT: std::ops::RangeInclusive<i64> = 1..=100;
const DEFAULT_LIMIT: i64 = 10;

/// Which part of a list is wanted.
#[derive(Debug)]
pub(crate) struct Page {
    limit: i64,
    after: Option<String>,
    before: Option<String>,
    created: Vec<(&'static str, i64)>,
}

/// What a list is narrowed to: an SQL expression over the table's columns, and its value.
pub(crate) type Filter = (&'static str, String);

impl Page {
    /// Reads `limit`, `starting_after`, `ending_before` and `created`.
    pub(crate) fn parse(params: &mut Params) -> Result<Self, Error> {
        let limit = params.integer("limit")?.unwrap_or(DEFAULT_LIMIT);
        if !LIMIT.contains(&limit) {
            let (least, most) = (LIMIT.start(), LIMIT.end());
            return Err(Refusal::invalid(format!(
                "Invalid limit: must be between {least} and {most}"
            ))
            .code("parameter_invalid_integer")
            .param("limit")
            .into());
        }
        let after = params.text("starting_after")?;
        let before = params.text("ending_before")?;
        if after.is_some() && before.is_some() {
            return Err(Refusal::invalid(
                "You may only specify one of these parameters: starting_after, ending_before.",
            )
            .into());
        }
        Ok(Self { limit, after, before, created: created(params)? })
    }
}

/// `created[gte]=…` and its siblings.
fn created(params: &mut Params) -> Result<Vec<(&'static str, i64)>, Error> {
    let Some(mut range) = params.group("created")? else { return Ok(Vec::new()) };
    let mut bounds = Vec::new();
    for (name, condition) in
        [("gt", "created > "), ("gte", "created >= "), ("lt", "created < "), ("lte", "created <= ")]
    {
        if let Some(bound) = range.integer(name)? {
            bounds.push((condition, bound));
        }
    }
    range.finish()?;
    Ok(bounds)
}

/// The page as Stripe's list object.
pub(crate) fn list<T: Stored>(
    db: &Connection,
    page: &Page,
    filters: Vec<Filter>,
) -> Result<Value, Error> {
    let mut conditions = vec!["1".to_owned()];
    let mut values: Vec<Sql> = Vec::new();
    let mut add = |condition: &str, value: Sql| {
        values.push(value);
        conditions.push(format!("{condition} ?{}", values.len()));
    };
    for (expression, value) in filters {
        add(&format!("{expression} ="), Sql::Text(value));
    }
    for (condition, bound) in &page.created {
        add(condition, Sql::Integer(*bound));
    }
    if let Some(id) = &page.after {
        add("seq <", Sql::Integer(position::<T>(db, id, "starting_after")?));
    }
    if let Some(id) = &page.before {
        add("seq >", Sql::Integer(position::<T>(db, id, "ending_before")?));
    }
    let order = if page.before.is_some() { "ASC" } else { "DESC" };
    // One more than asked for tells whether there are more.
    let sql = format!(
        "SELECT body FROM {} WHERE {} ORDER BY seq {order} LIMIT {}",
        T::TABLE,
        conditions.join(" AND "),
        page.limit + 1
    );
    let mut statement = db.prepare_cached(&sql)?;
    let rows = statement.query_map(params_from_iter(values), |row| row.get::<_, String>(0))?;
    let mut objects = rows
        .map(|body| Ok(serde_json::from_str::<T>(&body?)?.render()))
        .collect::<Result<Vec<_>, Error>>()?;
    let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let has_more = objects.len() > limit;
    objects.truncate(limit);
    if page.before.is_some() {
        objects.reverse();
    }
    Ok(json!({ "object": "list", "data": objects, "has_more": has_more, "url": T::LIST }))
}

fn position<T: Stored>(db: &Connection, id: &str, param: &str) -> Result<i64, Error> {
    let sql = format!("SELECT seq FROM {} WHERE id = ?1", T::TABLE);
    let seq = db.prepare_cached(&sql)?.query_row([id], |row| row.get(0)).optional()?;
    seq.ok_or_else(|| Refusal::no_such(T::NOUN, id, param).into())
}

/// The newest `count` objects, for the overview page.
pub(crate) fn latest<T: Stored>(db: &Connection, count: usize) -> Result<Vec<T>, Error> {
    let sql = format!("SELECT body FROM {} ORDER BY seq DESC LIMIT {count}", T::TABLE);
    let mut statement = db.prepare_cached(&sql)?;
    let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
    rows.map(|body| Ok(serde_json::from_str(&body?)?)).collect()
}
