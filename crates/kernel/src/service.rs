//! What tells one service from its siblings.

/// A service: the owner of a set of tables, of a consumer group, and of the events it emits.
#[derive(Debug)]
pub struct Service {
    /// The service's name: prefix of its tables, name of its consumer group, source of its events.
    pub name: &'static str,
    /// The variable that says where its database is: Postgres's address, or empty for SQLite. Its
    /// name is empty for a service that has none.
    pub db_url: &'static str,
    /// The schema's history, oldest first; each text holds statements that end in `;` and a line
    /// end, in which `{s}` stands for the service's name. Append only: what has been applied
    /// somewhere is never edited.
    pub migrations: &'static [&'static str],
}
