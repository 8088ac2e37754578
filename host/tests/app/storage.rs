//! SQLite through `spin:sqlite`.

use futures::future::join_all;
use serde_json::{Value, json};

use crate::harness::{App, Running};

async fn app() -> Running {
    let grants = "sqlite_databases = [\"default\"]";
    let app = App::new().guest("one", grants, "false").guest("two", grants, "false");
    let app = app.guest("none", "", "false").start().await;
    sql(&app, "one", &["PRAGMA journal_mode = WAL", "CREATE TABLE t (x INTEGER PRIMARY KEY, y)"])
        .await;
    app
}

async fn sql(app: &Running, id: &str, statements: &[&str]) -> Value {
    app.get(&format!("/{id}/sql"), json!({ "statements": statements })).await
}

#[tokio::test]
async fn components_share_a_database_and_all_its_types() {
    let app = app().await;
    sql(&app, "one", &["INSERT INTO t VALUES (1, 0.5), (2, 'ü'), (3, x'00ff'), (4, NULL)"]).await;
    let rows = sql(&app, "two", &["SELECT x, y FROM t ORDER BY x"]).await;
    assert_eq!(rows, json!([[1, 0.5], [2, "ü"], [3, [0, 255]], [4, null]]));
    assert!(app.folder.path().join(".boxoffice/sqlite/default.db").exists());
}

#[tokio::test]
async fn a_database_that_was_not_granted_is_out_of_reach() {
    let app = app().await;
    for (id, database) in [("none", "default"), ("one", "other")] {
        let input = json!({ "database": database, "statements": ["SELECT 1"] });
        let (status, error) = app.ask(&format!("/{id}/sql"), input).await;
        assert_eq!(status, 418);
        assert!(error.to_string().contains("AccessDenied"), "{error}");
    }
}

#[tokio::test]
async fn a_failed_statement_says_what_sqlite_says() {
    let app = app().await;
    let statements = ["INSERT INTO t VALUES (1, 1)", "INSERT INTO t VALUES (1, 2)"];
    let (status, error) = app.ask("/one/sql", json!({ "statements": statements })).await;
    assert_eq!(status, 418);
    assert!(error.to_string().contains("UNIQUE constraint failed: t.x"), "{error}");
}

#[tokio::test]
async fn an_open_transaction_ends_with_its_connection() {
    let app = app().await;
    sql(&app, "one", &["BEGIN IMMEDIATE", "INSERT INTO t VALUES (1, 1)"]).await;
    // Waits until the first is rolled back, if need be.
    let rows = sql(&app, "two", &["BEGIN IMMEDIATE", "SELECT * FROM t"]).await;
    assert_eq!(rows, json!([]));
}

#[tokio::test]
async fn writers_wait_for_each_other_and_lose_nothing() {
    let app = app().await;
    let add = ["BEGIN IMMEDIATE", "INSERT INTO t (y) VALUES (1)", "COMMIT"];
    join_all((0..100).map(|n| sql(&app, if n % 2 == 0 { "one" } else { "two" }, &add))).await;
    assert_eq!(sql(&app, "one", &["SELECT count(*) FROM t"]).await, json!([[100]]));
}

#[tokio::test]
#[ignore = "needs a Postgres: set BOXOFFICE_TEST_POSTGRES to its address (postgres://…)"]
async fn postgres_takes_and_gives_all_types() {
    let address = std::env::var("BOXOFFICE_TEST_POSTGRES").unwrap();
    let grants = "allowed_outbound_hosts = [\"postgres://*:*\"]";
    let app = App::new().guest("guest", grants, "false").start().await;
    let ask = async |statement: &str, parameters: Value| {
        let input = json!({ "address": address, "statement": statement, "parameters": parameters });
        app.ask("/guest/postgres", input).await
    };
    for (cast, parameter, expected) in [
        ("bool", json!({ "boolean": true }), "DbValue::Boolean(true)"),
        ("int4", json!({ "int32": -1 }), "DbValue::Int32(-1)"),
        ("int8", json!({ "int64": 5_000_000_000_i64 }), "DbValue::Int64(5000000000)"),
        ("float8", json!({ "floating64": 0.5 }), "DbValue::Floating64(0.5)"),
        ("text", json!({ "str": "ü" }), "DbValue::Str(\"ü\")"),
        ("bytea", json!({ "binary": "a" }), "DbValue::Binary([97])"),
        ("date", json!({ "date": 0 }), "DbValue::Date((2026, 8, 21))"),
        ("time", json!({ "time": 0 }), "DbValue::Time((1, 2, 3, 4000))"),
        ("timestamp", json!({ "datetime": 0 }), "DbValue::Datetime((2026, 8, 21, 1, 2, 3, 4000))"),
        ("timestamptz", json!({ "timestamp": 60 }), "DbValue::Datetime((1970, 1, 1, 0, 1, 0, 0))"),
        (
            "uuid",
            json!({ "uuid": "01a207c4-fd03-760a-ae41-84f35277231f" }),
            "DbValue::Uuid(\"01a207c4-fd03-760a-ae41-84f35277231f\")",
        ),
        ("jsonb", json!({ "jsonb": "[1]" }), "DbValue::Jsonb([91, 49, 93])"),
        ("numeric", json!({ "decimal": "12.50" }), "DbValue::Decimal(\"12.50\")"),
        ("int4[]", json!({ "array": 0 }), "DbValue::ArrayInt32([Some(1), None])"),
        ("uuid", json!({ "null": 0 }), "DbValue::DbNull"),
    ] {
        let (status, rows) = ask(&format!("SELECT $1::{cast}"), json!([parameter])).await;
        assert_eq!((status, &rows[0][0]), (200, &json!(expected)), "{cast}: {rows}");
    }
    let (status, error) = ask("SELECT $1::int8", json!([{ "int32": 1 }])).await;
    assert_eq!(status, 418, "{error}");
    let (_, error) = ask("SELECT nothing", json!([])).await;
    assert!(error.to_string().contains("42703"), "{error}");
    // An open transaction does not outlive its connection's return to the pool.
    ask("BEGIN", json!([])).await;
    let (_, rows) = ask("SELECT pg_current_xact_id_if_assigned() IS NULL", json!([])).await;
    assert_eq!(rows[0][0], "DbValue::Boolean(true)");
}
