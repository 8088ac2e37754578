//! The QR code of a ticket: its size, and that another program reads it.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use boxoffice_admission_code::qr::{QUIET_ZONE, Qr, TooLong};
use boxoffice_admission_code::{CHARACTERS, TURNING_CHARACTERS};

/// Pixels a module.
const SCALE: usize = 4;

/// A text with every character of base45 that is as long as a code.
fn text() -> String {
    text_of(CHARACTERS)
}

/// A text with every character of base45, so many long.
fn text_of(length: usize) -> String {
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:".chars().cycle().take(length).collect()
}

/// Draws a path as an SVG viewer does, one pixel a module; `true` is dark.
fn drawn(qr: &Qr) -> Vec<Vec<bool>> {
    let side: usize = qr.view_box().split(' ').nth(2).unwrap().parse().unwrap();
    let mut modules = vec![vec![false; side]; side];
    let (mut x, mut y) = (0, 0);
    let path = qr.path();
    let starts = path.char_indices().filter(|(_, c)| c.is_alphabetic()).map(|(at, _)| at);
    let ends = starts.clone().skip(1).chain([path.len()]);
    for (start, end) in starts.zip(ends) {
        let (command, numbers) = path[start..end].split_at(1);
        let mut numbers = numbers.split(' ');
        let first: usize = numbers.next().unwrap().parse().unwrap();
        match (command, numbers.next()) {
            ("M", Some(second)) => {
                (x, y) = (first, second.strip_suffix(".5").unwrap().parse().unwrap());
            }
            ("m", Some("0")) => x += first,
            ("h", None) => {
                modules[y][x..x + first].fill(true);
                x += first;
            }
            other => panic!("{other:?}"),
        }
    }
    modules
}

/// Returns what another program reads of the drawing: the text, the version, the level of correction.
fn decoded(qr: &Qr) -> (String, usize, u16) {
    let modules = drawn(qr);
    let side = modules.len() * SCALE;
    let pixel = |x: usize, y: usize| if modules[y / SCALE][x / SCALE] { 0 } else { 255 };
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(side, side, pixel);
    let grids = image.detect_grids();
    let [grid] = grids.as_slice() else { panic!("{} codes", grids.len()) };
    let (meta, text) = grid.decode().unwrap();
    (text, meta.version.0, meta.ecc_level)
}

/// Version 7 holds 154 bytes at most, at the lowest level of correction. Only in the alphanumeric mode
/// it holds 178 characters at level M, whose number in the code is 0.
#[test]
fn a_code_takes_version_7_and_the_alphanumeric_mode() {
    let qr = Qr::encode(&text()).unwrap();
    assert_eq!((qr.size(), qr.view_box().as_str()), (45, "0 0 53 53"));
    let (text, version, level) = decoded(&qr);
    assert_eq!((text.len(), version, level), (CHARACTERS, 7, 0));
}

/// Version 8 holds 221 such characters at level M.
#[test]
fn a_code_that_turns_takes_version_8() {
    let qr = Qr::encode(&text_of(TURNING_CHARACTERS)).unwrap();
    assert_eq!(qr.size(), 49);
    let (text, version, level) = decoded(&qr);
    assert_eq!((text.len(), version, level), (TURNING_CHARACTERS, 8, 0));
}

#[test]
fn another_program_reads_what_was_drawn() {
    for text in [text(), "https://tickets.example/door#a".to_owned(), "Ü".repeat(40)] {
        assert_eq!(decoded(&Qr::encode(&text).unwrap()).0, text);
    }
}

#[test]
fn the_path_draws_the_dark_modules_and_no_others() {
    let qr = Qr::encode(&text()).unwrap();
    let quiet = QUIET_ZONE as usize;
    for (y, row) in drawn(&qr).iter().enumerate() {
        for (x, dark) in row.iter().enumerate() {
            let module = |at: usize| at.checked_sub(quiet).map_or(u32::MAX, |at| at as u32);
            assert_eq!(*dark, qr.is_dark(module(x), module(y)), "{x} {y}");
        }
    }
}

#[test]
fn the_path_is_small() {
    let length = Qr::encode(&text()).unwrap().path().len();
    assert!(length < 4_000, "{length} bytes");
}

#[test]
fn a_text_that_no_qr_code_holds_is_an_error() {
    assert!(Qr::encode(&"é".repeat(1165)).is_ok());
    for length in [1166, 2000, 100_000] {
        assert_eq!(Qr::encode(&"é".repeat(length)), Err(TooLong(2 * length)));
    }
}
