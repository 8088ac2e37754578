//! QR codes (ISO/IEC 18004) as a path of SVG.

use std::fmt::{self, Write as _};

use qrcodegen::{QrCode, QrCodeEcc};

/// How many light modules the standard wants on each side of a QR code.
pub const QUIET_ZONE: u32 = 4;

/// The text has more characters than a QR code can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a text of {0} bytes is too long for a QR code")]
pub struct TooLong(pub usize);

/// A QR code.
#[derive(Clone, PartialEq, Eq)]
pub struct Qr(QrCode);

impl Qr {
    /// Makes the smallest QR code that holds `text`, with error correction M or better.
    ///
    /// The code of an admission takes the alphanumeric mode, so it always has version 7 and 45
    /// modules a side, or version 8 and 49 if it turns. Any other text takes the mode that its
    /// characters allow.
    ///
    /// # Errors
    /// [`TooLong`], above 2,331 bytes. Of alphanumeric characters there may be 3,391.
    pub fn encode(text: &str) -> Result<Self, TooLong> {
        QrCode::encode_text(text, QrCodeEcc::Medium).map(Self).map_err(|_| TooLong(text.len()))
    }

    /// Returns how many modules a side has, without the quiet zone.
    #[must_use]
    pub fn size(&self) -> u32 {
        self.0.size().unsigned_abs()
    }

    /// Tells whether a module is dark. `x` counts from the left and `y` from the top, both from 0.
    /// Modules outside are light.
    #[must_use]
    pub fn is_dark(&self, x: u32, y: u32) -> bool {
        self.0.get_module(x.cast_signed(), y.cast_signed())
    }

    /// Returns all modules row by row, without the quiet zone; `true` for a dark one.
    #[must_use]
    pub fn modules(&self) -> Vec<bool> {
        let side = self.size();
        (0..side * side).map(|at| self.is_dark(at % side, at / side)).collect()
    }

    /// Returns the `viewBox` of an SVG image that shows the code with its quiet zone.
    #[must_use]
    pub fn view_box(&self) -> String {
        let side = self.size() + 2 * QUIET_ZONE;
        format!("0 0 {side} {side}")
    }

    /// Returns the attribute `d` of a path whose stroke draws the dark modules.
    ///
    /// One unit is one module, and the quiet zone is included: the first module is at (4, 4). Each run
    /// of dark modules in a row is one line through their middle, which the default stroke width of 1
    /// makes as high as a module. So the element needs a `stroke`, and a light ground behind it:
    ///
    /// ```svg
    /// <svg viewBox="0 0 53 53" shape-rendering="crispEdges">
    /// <path fill="#fff" d="M0 0h53v53H0z"/><path stroke="#000" d="…"/></svg>
    /// ```
    #[must_use]
    pub fn path(&self) -> String {
        let mut path = String::new();
        for y in 0..self.size() {
            self.write_row(y, &mut path);
        }
        path
    }

    /// Writes one row of the path: a line for each dark run, and a move for each light one.
    fn write_row(&self, y: u32, path: &mut String) {
        let row: Vec<bool> = (0..self.size()).map(|x| self.is_dark(x, y)).collect();
        let _never_fails = write!(path, "M{QUIET_ZONE} {}.5", QUIET_ZONE + y);
        for run in row.chunk_by(|one, next| one == next) {
            let length = run.len();
            let _never_fails = match run {
                [true, ..] => write!(path, "h{length}"),
                _ => write!(path, "m{length} 0"),
            };
        }
    }
}

impl fmt::Debug for Qr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Qr({0} by {0})", self.size())
    }
}
