//! Databases.

use std::collections::BTreeSet;

use crate::shop::Shop;

/// Where Postgres is in the cluster, it has a database for each service, and with CloudNativePG an
/// account for each that owns no other.
pub(super) fn databases(shop: &Shop) -> Vec<String> {
    let services: BTreeSet<String> = shop
        .apps()
        .iter()
        .flat_map(|app| &app.spec.variables)
        .filter_map(|given| Some(given.name.strip_suffix("_db_url")?.to_owned()))
        .collect();
    let mut problems = Vec::new();
    if let Some(script) = shop.setting("databases.sql") {
        let made = script.lines().filter_map(|line| line.strip_prefix("CREATE DATABASE "));
        let made: BTreeSet<String> =
            made.map(|name| name.trim_end_matches(';').to_owned()).collect();
        if made != services {
            problems.push(format!("databases.sql makes {made:?} for {services:?}"));
        }
    }
    for cluster in shop.of_kind("Cluster") {
        let roles = cluster.list("/spec/managed/roles").iter();
        let roles: BTreeSet<&str> = roles.filter_map(|role| role["name"].as_str()).collect();
        let made: BTreeSet<String> = shop
            .of_kind("Database")
            .filter(|database| database.text("/spec/cluster/name") == cluster.name())
            .filter(|database| database.text("/spec/owner") == database.text("/spec/name"))
            .filter(|database| roles.contains(database.text("/spec/owner")))
            .map(|database| database.text("/spec/name").to_owned())
            .collect();
        if made != services {
            problems.push(format!("{} has {made:?} for {services:?}", cluster.name()));
        }
    }
    problems
}
