//! Draws the codes that turn, on a ticket's page in the browser. It needs no network.
//!
//! | module | does |
//! |---|---|
//! | [`clock`] | tells by how much this device's clock is wrong |
//! | `page` | draws the code of each moment, or says when there is one |

pub mod clock;

#[cfg(target_os = "unknown")]
mod page;

#[cfg(target_os = "unknown")]
use wasm_bindgen::prelude::wasm_bindgen;

/// Draws the code on the page, and each one that takes its place.
#[cfg(target_os = "unknown")]
#[wasm_bindgen(start)]
pub(crate) fn start() {
    page::watch();
}
