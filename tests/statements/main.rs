//! Every statement that a service sends is one that its database understands.
//!
//! The services' unit tests write each statement into `statements.sql` beside their sources, and fail if
//! one is missing there. Here all of them are prepared on the newest schema: by SQLite, or by a Postgres
//! of the test's own. None is run.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::fmt::Write as _;
use std::path::PathBuf;

use boxoffice_ops::personal;
use boxoffice_ops::schema::ALL;
use boxoffice_schema::{self as schema, DELETED, LIMITS, Service};
use boxoffice_tests::database::{Database, OwnPostgres};
use boxoffice_tests::workspace;

/// What every service sends; `{s}` stands for its name.
const COMMON: &str = "crates/kernel/statements.sql";

/// The file with what `service` alone sends.
fn own(service: &Service) -> PathBuf {
    workspace().join("components").join(service.name).join("statements.sql")
}

/// All that `service` sends. One that limits nothing has no table of limits, and one that knows nobody none of
/// deleted accounts.
fn statements(service: &Service) -> Vec<String> {
    let texts = [workspace().join(COMMON), own(service)].map(|file| {
        let text = std::fs::read_to_string(&file);
        text.unwrap_or_else(|error| panic!("{}: {error}", file.display()))
    });
    let text = texts.join("\n");
    let limits = service.migrations.contains(&LIMITS);
    let deleted = service.migrations.contains(&DELETED);
    let lines = text.lines().filter(|line| {
        !(line.is_empty() || line.starts_with("--"))
            && (limits || !line.contains("{s}_limits"))
            && (deleted || !line.contains("{s}_deleted"))
    });
    lines.map(|line| line.strip_suffix(';').unwrap().replace("{s}", service.name)).collect()
}

/// The tables of `service`, as the newest version has them.
fn tables(service: &Service) -> Vec<String> {
    let mut all = vec![schema::versions_table(service)];
    all.extend(schema::upgrade(service, 0, 0));
    all
}

/// What SQLite says against `sql`, as `db/dialect.rs` sends it.
fn refused_by_sqlite(database: &rusqlite::Connection, sql: &str) -> Option<String> {
    let sql = sql.replace(" FOR UPDATE SKIP LOCKED", "").replace(" FOR UPDATE", "");
    database.prepare(&sql).err().map(|error| error.to_string())
}

/// What Postgres says against `sql`, as `db/dialect.rs` sends it.
fn refused_by_postgres(database: &Database, sql: &str) -> Option<String> {
    let sql = sql.replace('?', "$");
    let prepare = format!("PREPARE it AS {sql}");
    database.execute(&prepare).err().map(|error| error.to_string())
}

#[test]
fn every_statement_can_be_prepared() {
    let postgres = OwnPostgres::create();
    let sqlite = rusqlite::Connection::open_in_memory().unwrap();
    let mut wrong = String::new();
    let mut count = 0;
    for service in ALL {
        for table in tables(service) {
            match &postgres {
                Some(own) => Database::Postgres(own.url()).define(&table).unwrap(),
                None => sqlite.execute_batch(&table).unwrap(),
            }
        }
        for sql in statements(service) {
            let refused = match &postgres {
                Some(own) => refused_by_postgres(&Database::Postgres(own.url()), &sql),
                None => refused_by_sqlite(&sqlite, &sql),
            };
            if let Some(error) = refused {
                writeln!(wrong, "{}: {error}\n  {sql}", service.name).unwrap();
            }
            count += 1;
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(count > 100, "{count} statements are too few to be all");
}

/// On SQLite the unit test of `boxoffice_ops::personal` does it.
#[test]
fn every_column_is_declared_on_postgres_too() {
    let Some(own) = OwnPostgres::create() else { return };
    let database = Database::Postgres(own.url());
    let mut declared: Vec<(String, String)> = Vec::new();
    let mut names: Vec<String> = Vec::new();
    for service in ALL {
        for table in tables(service) {
            database.define(&table).unwrap();
        }
        for (name, table) in personal::of(service) {
            declared.extend(table.columns().map(|column| (name.clone(), column.to_owned())));
            names.push(name);
        }
    }
    let sql = "SELECT table_name::text, column_name::text FROM information_schema.columns \
               WHERE table_schema = current_schema() ORDER BY table_name, column_name";
    let columns = database.rows(sql, []).unwrap();
    assert!(columns.len() > 200, "{} columns", columns.len());
    for row in columns {
        let (table, column): (String, String) = (row.get(0).unwrap(), row.get(1).unwrap());
        assert!(names.contains(&table), "declare {table} in tools/ops/src/personal.rs");
        let known = declared.contains(&(table.clone(), column.clone()));
        assert!(known, "declare {table}.{column} in tools/ops/src/personal.rs");
    }
}
