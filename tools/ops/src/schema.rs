//! The services that keep a database, each with its tables.

pub use boxoffice_schema::Service;

/// All of them.
pub static ALL: [&Service; 7] = [
    &auth_schema::SERVICE,
    &tickets_schema::SERVICE,
    &orders_schema::SERVICE,
    &payments_schema::SERVICE,
    &expiration_schema::SERVICE,
    &admissions_schema::SERVICE,
    &mail_schema::SERVICE,
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_service_with_migrations_is_one_of_them() {
        let components = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../components");
        let folders = std::fs::read_dir(components).unwrap().map(|entry| entry.unwrap().path());
        let kept: BTreeSet<String> = folders
            .filter(|folder| folder.join("migrations").is_dir())
            .map(|folder| folder.file_name().unwrap().to_str().unwrap().to_owned())
            .collect();
        assert_eq!(
            ALL.iter().map(|service| service.name.to_owned()).collect::<BTreeSet<_>>(),
            kept
        );
    }

    #[test]
    fn every_migration_is_in_its_services_list() {
        for service in ALL {
            let folder = format!("../../components/{}/migrations", service.name);
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
            let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
            let texts = paths.filter(|path| path.extension().is_some_and(|ending| ending == "sql"));
            for path in texts {
                let text = std::fs::read_to_string(&path).unwrap();
                assert!(service.migrations.contains(&text.as_str()), "{}", path.display());
            }
        }
    }

    #[test]
    fn no_statement_is_left_with_a_place_or_another_statement_in_it() {
        for service in ALL {
            for statement in boxoffice_schema::upgrade(service, 0, 0) {
                assert!(!statement.contains("{s}"), "{statement}");
                assert!(!statement.trim_end_matches(';').contains(";\n"), "{statement}");
            }
        }
    }
}
