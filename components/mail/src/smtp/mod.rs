//! The mail server: its address, the connection, the conversation.
//!
//! Built on sockets that wait without blocking, so that no server takes more of a worker's time than it
//! may: what a library does with `std::net` cannot be called off.
//!
//! | module | holds |
//! |---|---|
//! | [`settings`] | `smtp_url`, `mail_from` and `smtp_ca`, and what is wrong with them |
//! | [`address`] | `smtp_url` as it is written |
//! | [`resolver`] | finding the server by its name |
//! | [`wire`] | bytes to and fro: by a socket, with TLS or without |
//! | [`tls`] | whose certificates are believed |
//! | [`reply`] | what the server says |
//! | [`session`] | the conversation, and what a failure of it means |

pub(crate) mod address;
pub(crate) mod reply;
pub(crate) mod resolver;
pub(crate) mod session;
pub(crate) mod settings;
pub(crate) mod tls;
pub(crate) mod wire;
