//! What a door's page does in the browser besides what every page does.
//!
//! | module | does |
//! |---|---|
//! | `page` | tells when the page shows another door, or another verdict, and types codes into it |
//! | `camera` | asks for the camera, shows what it sees, and reports the codes in it |
//! | `reader` | finds codes in a frame, with the browser's own detector or with [`decoder`] |
//! | [`decoder`] | finds codes in a picture |
//! | [`sightings`] | tells which sightings of a code count |
//! | `sound` | lets a door's staff hear and feel each verdict |
//! | `desk` | decides on codes: asks the shop, or goes by the list of this device |
//! | `sync` | reads the list, hears of other doors, and tells the shop what it has not heard of |
//! | `store` | keeps list and queue on the device |
//! | `board` | what the page shows of all that |
//! | `net` | calls of the API |
//!
//! The server draws the page, and the shop's module replaces it with each answer to a form. This module
//! takes the form for codes over, before the shop's module sees it. Of all else it only watches the
//! document: the two know nothing of each other.

pub mod decoder;
pub mod sightings;

#[cfg(target_os = "unknown")]
mod board;
#[cfg(target_os = "unknown")]
mod camera;
#[cfg(target_os = "unknown")]
mod desk;
#[cfg(target_os = "unknown")]
mod net;
#[cfg(target_os = "unknown")]
mod page;
#[cfg(target_os = "unknown")]
mod reader;
#[cfg(target_os = "unknown")]
mod sound;
#[cfg(target_os = "unknown")]
mod store;
#[cfg(target_os = "unknown")]
mod sync;

#[cfg(target_os = "unknown")]
use wasm_bindgen::prelude::wasm_bindgen;

/// Gives the door on the page its camera, its sound, and a list to decide by.
#[cfg(target_os = "unknown")]
#[wasm_bindgen(start)]
pub(crate) fn start() {
    sound::arm();
    let typist = page::Typist::default();
    let sender = typist.clone();
    let camera = camera::start(move |code| sender.send(code));
    let waiting = typist.clone();
    let desk = desk::start(move |tone| {
        sound::sound(tone.name());
        waiting.answered();
    });
    page::watch(move |door| {
        typist.answered();
        camera.enter(door);
        sound::enter(door);
        if let Some(desk) = &desk {
            desk.enter();
        }
    });
}
