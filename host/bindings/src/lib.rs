//! Generated bindings of the interfaces that the embedded host offers to components, and of the
//! exports by which it calls them.
//!
//! They are a crate of their own since generating and compiling them takes minutes and they
//! change only with `wit/`: an edit of the host leaves them alone. Resources are uninhabited
//! types here; the host keeps its own types in the resource table under the same handles.
//!
//! | module | what |
//! |---|---|
//! | [`platform`] | imports: `spin:sqlite`, `spin:postgres`, `spin:redis`, `spin:variables`, and of old the last two for cron |
//! | [`inbound_redis`] | export: `spin:redis/inbound-redis`, called for every Redis message |
//! | [`cron`] | export: `handle-cron-event`, called for every tick of a cron trigger |
#![allow(missing_docs, unreachable_pub, reason = "generated from WIT")]

/// Host traits of the imported interfaces.
pub mod platform {
    wasmtime::component::bindgen!({
        path: "../../wit",
        inline: "
            package boxoffice:host;
            world platform {
                import spin:sqlite/sqlite@3.1.0;
                import spin:postgres/postgres@4.2.0;
                import spin:redis/redis@3.0.0;
                import spin:variables/variables@3.0.0;
                import fermyon:spin/redis@2.0.0;
                import fermyon:spin/variables@2.0.0;
            }
        ",
        world: "boxoffice:host/platform",
        // Those whose WIT type leaves no room for an error trap on a handle that is not ours.
        imports: {
            "spin:sqlite/sqlite.[method]connection.last-insert-rowid": async | trappable,
            "spin:sqlite/sqlite.[method]connection.last-insert-rowid-async": trappable,
            "spin:sqlite/sqlite.[method]connection.changes": async | trappable,
            "spin:sqlite/sqlite.[method]connection.changes-async": trappable,
            "spin:postgres/postgres.[constructor]connection-builder": async | trappable,
            default: async,
        },
    });
}

/// Calling a component that reacts to Redis messages.
pub mod inbound_redis {
    wasmtime::component::bindgen!({
        path: "../../wit",
        inline: "
            package boxoffice:host;
            world redis-subscriber {
                export spin:redis/inbound-redis@3.0.0;
            }
        ",
        world: "boxoffice:host/redis-subscriber",
        with: { "spin:redis/redis@3.0.0": crate::platform::spin::redis::redis },
        exports: { default: async },
    });
}

/// Calling a component that a schedule wakes.
pub mod cron {
    wasmtime::component::bindgen!({
        path: "../../wit",
        world: "fermyon:spin-cron/spin-cron@2.0.0",
        exports: { default: async },
    });
}
