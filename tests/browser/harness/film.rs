//! What a device's camera sees: a film that Chromium plays again and again in place of a camera.

use std::io::Write as _;

use boxoffice_admission_code::qr::{QUIET_ZONE, Qr};
use tempfile::NamedTempFile;

/// Pixels of a frame, both even: colours have half as many.
const WIDTH: usize = 640;
const HEIGHT: usize = 480;
/// Frames of a second.
const RATE: usize = 5;
/// Pixels of a module: a code takes two thirds of the frame's height.
const SCALE: usize = 6;
/// How bright a room is, and paper, and ink, of 255.
const ROOM: u8 = 120;
const PAPER: u8 = 225;
const INK: u8 = 30;

/// A film, and whether pages are let see it. The file goes with it.
pub(crate) struct Film {
    file: NamedTempFile,
    is_refused: bool,
}

impl Film {
    /// A film of an empty room, into which somebody holds a code for `shown` of every `seconds`.
    ///
    /// # Panics
    /// When it cannot be written.
    pub(crate) fn of(code: &str, shown: usize, seconds: usize) -> Self {
        let mut file = tempfile::Builder::new().suffix(".y4m").tempfile().unwrap();
        // <https://wiki.multimedia.cx/index.php/YUV4MPEG2>
        writeln!(file, "YUV4MPEG2 W{WIDTH} H{HEIGHT} F{RATE}:1 Ip A1:1 C420").unwrap();
        let [held, empty] = [frame(Some(&Qr::encode(code).unwrap())), frame(None)];
        let colours = vec![128; WIDTH * HEIGHT / 2];
        for number in 0..seconds * RATE {
            let picture = if number < shown * RATE { &held } else { &empty };
            for part in [b"FRAME\n", picture.as_slice(), &colours] {
                file.write_all(part).unwrap();
            }
        }
        file.flush().unwrap();
        Self { file, is_refused: false }
    }

    /// The same film, which no page sees: the browser refuses the camera.
    pub(crate) fn refused(self) -> Self {
        Self { is_refused: true, ..self }
    }

    /// What Chromium plays it with, and what answers in place of a person when a page asks.
    pub(super) fn switches(&self) -> [String; 3] {
        [
            "--use-fake-device-for-media-stream".to_owned(),
            format!("--use-fake-ui-for-media-stream{}", if self.is_refused { "=deny" } else { "" }),
            format!("--use-file-for-fake-video-capture={}", self.file.path().display()),
        ]
    }
}

/// How bright each pixel of a frame is, with a code in its middle or without one.
fn frame(code: Option<&Qr>) -> Vec<u8> {
    let quiet = usize::try_from(QUIET_ZONE).unwrap();
    let light = |x: usize, y: usize| {
        let Some(code) = code else { return ROOM };
        let modules = usize::try_from(code.size()).unwrap() + 2 * quiet;
        let side = modules * SCALE;
        let (Some(x), Some(y)) =
            (x.checked_sub((WIDTH - side) / 2), y.checked_sub((HEIGHT - side) / 2))
        else {
            return ROOM;
        };
        if x >= side || y >= side {
            return ROOM;
        }
        let module = |at: usize| (at / SCALE).checked_sub(quiet).and_then(|at| at.try_into().ok());
        match (module(x), module(y)) {
            (Some(x), Some(y)) if code.is_dark(x, y) => INK,
            _ => PAPER,
        }
    };
    (0..WIDTH * HEIGHT).map(|at| light(at % WIDTH, at / WIDTH)).collect()
}
