//! SQLite through `spin:sqlite`.

use futures::future::join_all;
use serde_json::{Value, json};

use crate::harness::{App, Running};

async fn app() -> Running {
    let grants = "sqlite_databases = [\"default\"]";
    let app = App::new().guest("one", grants, "false").guest("two", grants, "false");
    let app = app.guest("none", "", "false").start().await;
    sql(&app, "one", &["PRAGMA journal_mode = WAL", "CREATE TABLE t (x INTEGER PRIMARY KEY, y)"]).await;
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
