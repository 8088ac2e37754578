//! Sets of interfaces that a dependency can be granted together: what `inherit_configuration`
//! names. Names and contents follow Spin's, without versions.

/// One set and the interfaces in it.
struct Set {
    name: &'static str,
    interfaces: &'static [&'static str],
}

const SETS: &[Set] = &[
    Set { name: "ai_models", interfaces: &["fermyon:spin/llm"] },
    Set {
        name: "allowed_outbound_hosts",
        interfaces: &[
            "fermyon:spin/http",
            "fermyon:spin/mqtt",
            "fermyon:spin/mysql",
            "fermyon:spin/postgres",
            "fermyon:spin/redis",
            "spin:mqtt/mqtt",
            "spin:mysql/mysql",
            "spin:postgres/postgres",
            "spin:redis/redis",
            "wasi:http/client",
            "wasi:http/outgoing-handler",
            "wasi:sockets/ip-name-lookup",
            "wasi:sockets/tcp",
            "wasi:sockets/tcp-create-socket",
            "wasi:sockets/udp",
            "wasi:sockets/udp-create-socket",
        ],
    },
    Set { name: "environment", interfaces: &["wasi:cli/environment"] },
    Set { name: "files", interfaces: &["wasi:filesystem/preopens"] },
    Set {
        name: "key_value_stores",
        interfaces: &["fermyon:spin/key-value", "spin:key-value/key-value", "wasi:keyvalue/store"],
    },
    Set { name: "sqlite_databases", interfaces: &["fermyon:spin/sqlite", "spin:sqlite/sqlite"] },
    Set {
        name: "variables",
        interfaces: &[
            "fermyon:spin/config",
            "fermyon:spin/variables",
            "spin:variables/variables",
            "wasi:config/store",
        ],
    },
];

/// The names of all sets.
pub(crate) const SET_NAMES: [&str; SETS.len()] = {
    let mut names = [""; SETS.len()];
    let mut n = 0;
    while n < names.len() {
        names[n] = SETS[n].name;
        n += 1;
    }
    names
};

/// Whether there is a set of this name.
pub(crate) fn is_set(name: &str) -> bool {
    SET_NAMES.contains(&name)
}

/// The set that an interface belongs to, whatever its version; None if it grants nothing, so that
/// any dependency may use it.
pub(crate) fn set_of(interface: &str) -> Option<&'static str> {
    let unversioned = interface.split_once('@').map_or(interface, |(name, _)| name);
    SETS.iter().find(|set| set.interfaces.contains(&unversioned)).map(|set| set.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interfaces_are_found_whatever_their_version() {
        assert_eq!(set_of("spin:variables/variables@3.0.0"), Some("variables"));
        assert_eq!(set_of("wasi:cli/environment@0.2.6"), Some("environment"));
        assert_eq!(set_of("wasi:cli/environment"), Some("environment"));
        assert_eq!(set_of("wasi:cli/stdout@0.2.6"), None);
        assert!(is_set("files") && !is_set("file"));
    }
}
