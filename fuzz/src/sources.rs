//! Files of components, of the kernel and of the host that are private where they belong.

#![allow(dead_code, unreachable_pub, reason = "their own crates use all of them")]

/// Of the embedded host.
#[path = "../../host/src"]
pub(crate) mod host {
    pub(crate) mod allowed_hosts;
    pub(crate) mod capability;
    pub(crate) mod manifest;
    pub(crate) mod problem;

    pub(crate) mod http {
        use ::http::HeaderValue;
        use ::http::request::Parts;

        mod request;

        pub(crate) use request::{REQUEST_ID, request_id};

        /// Prepares a request for the component of the route `/api/...`.
        pub(crate) fn prepare(parts: &mut Parts, rest: &str) -> Result<(), &'static str> {
            let (route, prefix) =
                (HeaderValue::from_static("/api/..."), HeaderValue::from_static("/api"));
            let client = HeaderValue::from_static("127.0.0.1:5");
            let arrival =
                request::Arrival { route: &route, prefix: &prefix, rest, client: &client };
            request::prepare(parts, &arrival)
        }
    }
}

/// Of what the services share.
#[path = "../../crates/kernel/src"]
pub(crate) mod kernel {
    pub(crate) mod keys;
    pub(crate) mod seal;

    pub(crate) mod events {
        pub(crate) mod code;
    }
}

/// Of the service that writes letters.
#[path = "../../components/mail/src"]
pub(crate) mod mail {
    pub(crate) mod token;

    pub(crate) mod smtp {
        pub(crate) mod reply;
        pub(crate) mod resolver;

        /// The connection, as far as the resolver knows it.
        pub(crate) mod wire {
            pub(crate) trait Wire {
                async fn send(&mut self, bytes: &[u8]) -> Result<(), String>;
                async fn receive(&mut self) -> Result<Vec<u8>, String>;
                async fn encrypt(&mut self, name: &str) -> Result<(), String>;
            }
        }
    }
}

/// Of the service that takes payments.
#[path = "../../components/payments/src"]
pub(crate) mod payments {
    pub(crate) mod file;

    pub(crate) mod stripe {
        mod declines;
        pub(crate) mod event;
        mod intent;

        pub(crate) use declines::Decline;
        pub(crate) use intent::Intent;
    }
}

/// Of the pages.
#[path = "../../components/storefront/src"]
pub(crate) mod storefront {
    pub(crate) mod redirect_target;

    pub(crate) mod form {
        pub(crate) mod sent;
    }
}
