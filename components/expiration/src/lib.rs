//! `expiration`: says when a hold's time is up. Whether the hold then ends is for `orders` to say.
//!
//! | module | holds |
//! |---|---|
//! | [`timer`] | one timer an order, in the database |
//! | [`worker`] | what the events of orders, and ticks, set off here |

#![allow(
    unsafe_code,
    reason = "the entry point's macro exports symbols; nothing here is unsafe by hand"
)]

#[cfg(test)]
mod statements;
mod timer;
mod worker;

use boxoffice_kernel::events::worker as events;
use bytes::Bytes;
use expiration_schema::SERVICE;
use spin_sdk::redis_subscriber;

#[redis_subscriber]
async fn on_message(message: Bytes) -> anyhow::Result<()> {
    events::answer::<worker::Expirations>(&message).await
}
