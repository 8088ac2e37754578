//! `wasi:sockets`: TCP connections to the addresses that `allowed_outbound_hosts` names, as Spin 4.1
//! allows them.
//!
//! A socket knows addresses and no names. So only entries such as `tcp://203.0.113.7:587`,
//! `tcp://10.0.0.0/8:25` and `tcp://*:587` concern it. Nothing listens, and there is no UDP. Spin never
//! switches the look-up of names on, nor does this host.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use wasmtime_wasi::sockets::SocketAddrUse;

use crate::allowed_hosts::Target;
use crate::state::Grants;

/// Whether a use of an address is permitted, once that is known.
type Permitted = Pin<Box<dyn Future<Output = bool> + Send + Sync>>;

/// Makes the check that every use of an address by a component with these grants goes through.
pub(crate) fn check(
    grants: Arc<Grants>,
) -> impl Fn(SocketAddr, SocketAddrUse) -> Permitted + Send + Sync + 'static {
    move |address, purpose| Box::pin(std::future::ready(permits(&grants, address, purpose)))
}

fn permits(grants: &Grants, address: SocketAddr, purpose: SocketAddrUse) -> bool {
    match purpose {
        SocketAddrUse::TcpConnect => grants.allow(&Target::of_socket(address)),
        // Who connects is bound to some port. Naming an address or a port is denied, as on Spin.
        SocketAddrUse::TcpBind => address.ip().is_unspecified() && address.port() == 0,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::allowed_hosts::{AllowedHosts, Pattern};

    fn allows(pattern: &str, address: &str) -> bool {
        let hosts = AllowedHosts::new(vec![Pattern::parse(pattern).unwrap()]);
        let grants = Grants { hosts, ..Grants::default() };
        permits(&grants, address.parse().unwrap(), SocketAddrUse::TcpConnect)
    }

    #[test]
    fn connections_are_allowed_by_address() {
        for (pattern, address, expected) in [
            ("tcp://203.0.113.7:587", "203.0.113.7:587", true),
            ("tcp://203.0.113.7:587", "203.0.113.7:25", false),
            ("tcp://203.0.113.7:587", "203.0.113.8:587", false),
            ("tcp://*:587", "198.51.100.1:587", true),
            ("tcp://*:587", "198.51.100.1:465", false),
            ("tcp://10.0.0.0/8:25", "10.1.2.3:25", true),
            ("tcp://[::1]:1025", "[::1]:1025", true),
            ("tcp://localhost:1025", "127.0.0.1:1025", false),
            ("redis://127.0.0.1:6379", "127.0.0.1:6379", false),
            ("*://127.0.0.1:6379", "127.0.0.1:6379", true),
        ] {
            assert_eq!(allows(pattern, address), expected, "{pattern} for {address}");
        }
    }

    #[test]
    fn nothing_listens_and_no_port_is_chosen() {
        let hosts = AllowedHosts::new(vec![Pattern::parse("*://*:*").unwrap()]);
        let grants = Grants { hosts, ..Grants::default() };
        let use_of = |address: &str, purpose| permits(&grants, address.parse().unwrap(), purpose);
        assert!(use_of("0.0.0.0:0", SocketAddrUse::TcpBind));
        assert!(!use_of("127.0.0.1:0", SocketAddrUse::TcpBind));
        assert!(!use_of("0.0.0.0:8080", SocketAddrUse::TcpBind));
        assert!(!use_of("0.0.0.0:0", SocketAddrUse::TcpListen));
        assert!(!use_of("127.0.0.1:53", SocketAddrUse::UdpBind));
        assert!(!use_of("127.0.0.1:53", SocketAddrUse::UdpSend));
    }
}
