//! Finds QR codes in a picture.

use rqrr::PreparedImage;

/// Bytes of a pixel: red, green, blue, and how opaque it is.
const CHANNELS: usize = 4;

/// Returns the texts of all QR codes in a picture of `width` by `height` pixels.
///
/// `pixels` are red, green, blue and alpha of each pixel, row by row from the top, as a canvas gives
/// them. A code that cannot be read is left out. If there are too few pixels, no code is found.
#[must_use]
pub fn read(pixels: &[u8], width: usize, height: usize) -> Vec<String> {
    let needed = width.checked_mul(height).and_then(|count| count.checked_mul(CHANNELS));
    if needed.is_none_or(|needed| needed == 0 || pixels.len() < needed) {
        return Vec::new();
    }
    let brightness = |x: usize, y: usize| grey(pixels, y * width + x);
    let mut picture = PreparedImage::prepare_from_greyscale(width, height, brightness);
    let grids = picture.detect_grids();
    grids.iter().filter_map(|grid| grid.decode().ok()).map(|(_, text)| text).collect()
}

/// Returns how bright a pixel is, by the weights of ITU-R BT.601 in 256ths.
fn grey(pixels: &[u8], at: usize) -> u8 {
    let channel = |number: usize| u32::from(pixels[at * CHANNELS + number]);
    let sum = 77 * channel(0) + 150 * channel(1) + 29 * channel(2);
    u8::try_from(sum >> 8).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    #![allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small numbers")]
    use super::*;
    use boxoffice_admission_code::qr::Qr;
    use boxoffice_admission_code::{Code, Signer};
    use boxoffice_contract::{AdmissionId, TicketId};
    use uuid::Uuid;

    /// The key of RFC 8032, section 7.1, test 1.
    const PEM: &str = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n\
        -----END PRIVATE KEY-----\n";

    /// Returns the code of a ticket; each number makes another one.
    fn code(number: u128) -> String {
        let ticket_id = TicketId(Uuid::from_u128(0x0198_0f3c_0000_7000_8000_0000_0000_0001));
        let admission_id =
            AdmissionId(Uuid::from_u128(0x0198_0f3c_7000 + number * 0x9e37_79b9_7f4a));
        Signer::from_pem(PEM).unwrap().sign(&Code { ticket_id, admission_id, generation: 1 })
    }

    /// Numbers that look random, and are the same in each run (xorshift).
    struct Dice(u64);

    impl Dice {
        fn roll(&mut self) -> u64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            self.0
        }

        /// A number from -1 to 1.
        fn swing(&mut self) -> f64 {
            (self.roll() % 2_001) as f64 / 1_000.0 - 1.0
        }
    }

    /// How a camera sees a code in the middle of its picture.
    struct View {
        /// Pixels of a side of the picture.
        side: usize,
        /// Pixels of a module.
        scale: f64,
        /// By how many degrees the code is turned.
        turned: f64,
        /// How bright dark and light modules are.
        ink: [f64; 2],
        /// By how much each pixel differs at most from what it shows.
        noise: f64,
        /// By how much the right edge is brighter than the left.
        slope: f64,
    }

    const VIEW: View =
        View { side: 480, scale: 6.0, turned: 0.0, ink: [20.0, 235.0], noise: 0.0, slope: 0.0 };

    impl View {
        /// Returns the pixels of a picture of `text`. Each is the mean of nine points in it.
        fn of(&self, text: &str) -> Vec<u8> {
            let qr = Qr::encode(text).unwrap();
            let mut dice = Dice(7);
            let mut pixels = Vec::with_capacity(self.side * self.side * CHANNELS);
            for at in 0..self.side * self.side {
                let (x, y) = ((at % self.side) as f64, (at / self.side) as f64);
                let points = (0..9).map(|point| (f64::from(point % 3), f64::from(point / 3)));
                let light: f64 = points
                    .map(|(right, down)| {
                        let [x, y] = [x + right / 3.0 + 1.0 / 6.0, y + down / 3.0 + 1.0 / 6.0];
                        self.ink[usize::from(!self.is_dark(&qr, x, y))]
                    })
                    .sum();
                let slope = self.slope * (x / self.side as f64 - 0.5);
                let light = light / 9.0 + slope + self.noise * dice.swing();
                let light = light.clamp(0.0, 255.0) as u8;
                pixels.extend([light, light, light, 255]);
            }
            pixels
        }

        /// Tells whether there is a dark module at a point of the picture.
        fn is_dark(&self, qr: &Qr, x: f64, y: f64) -> bool {
            let middle = self.side as f64 / 2.0;
            let (sin, cos) = self.turned.to_radians().sin_cos();
            let (x, y) = ((x - middle) / self.scale, (y - middle) / self.scale);
            let (x, y) = (x * cos + y * sin, y * cos - x * sin);
            let half = f64::from(qr.size()) / 2.0;
            let [x, y] = [x + half, y + half].map(f64::floor);
            x >= 0.0 && y >= 0.0 && qr.is_dark(x as u32, y as u32)
        }

        fn read(&self, text: &str) -> Vec<String> {
            read(&self.of(text), self.side, self.side)
        }
    }

    #[test]
    fn the_codes_of_tickets_are_read() {
        for number in 0..12 {
            let code = code(number);
            assert_eq!(VIEW.read(&code), [code]);
        }
    }

    #[test]
    fn a_code_is_read_however_it_is_turned() {
        for turned in (0..360).step_by(30) {
            let code = code(1);
            let view = View { turned: f64::from(turned), ..VIEW };
            assert_eq!(view.read(&code), [code], "{turned} degrees");
        }
    }

    #[test]
    fn a_small_code_is_read() {
        // Its side is a quarter of the picture's.
        let code = code(2);
        assert_eq!(View { scale: 3.0, side: 720, ..VIEW }.read(&code), [code]);
    }

    #[test]
    fn a_code_in_a_poor_picture_is_read() {
        let code = code(3);
        let views = [
            ("noise", View { noise: 30.0, ..VIEW }),
            ("a shadow", View { slope: 120.0, ink: [60.0, 190.0], ..VIEW }),
            ("little contrast", View { ink: [90.0, 150.0], noise: 10.0, ..VIEW }),
        ];
        for (what, view) in views {
            assert_eq!(view.read(&code), std::slice::from_ref(&code), "{what}");
        }
    }

    #[test]
    fn two_codes_in_a_picture_are_both_read() {
        let codes = [code(4), code(5)];
        let rows = codes.each_ref().map(|code| VIEW.of(code));
        let row = VIEW.side * CHANNELS;
        let pairs = rows[0].chunks(row).zip(rows[1].chunks(row));
        let pixels: Vec<u8> = pairs.flat_map(|(one, other)| [one, other].concat()).collect();
        let mut found = read(&pixels, 2 * VIEW.side, VIEW.side);
        found.sort();
        let mut codes = codes.to_vec();
        codes.sort();
        assert_eq!(found, codes);
    }

    /// A panic would end the module, and with it the door's camera.
    #[test]
    fn what_is_not_a_code_is_nothing_and_never_a_panic() {
        let code = code(6);
        let inverted = View { ink: [235.0, 20.0], ..VIEW }.read(&code);
        assert!(inverted.iter().all(|text| *text == code), "{inverted:?}");
        for (pixels, width, height) in
            [(0, 0, 0), (4, 1, 1), (3, 1, 1), (16, 2, 2), (64, 480, 480), (4, usize::MAX, 2)]
        {
            assert_eq!(read(&vec![0; pixels], width, height), [""; 0]);
        }
        let mut dice = Dice(11);
        for _ in 0..20 {
            let noise: Vec<u8> = (0..160 * 120 * CHANNELS).map(|_| dice.roll() as u8).collect();
            assert_eq!(read(&noise, 160, 120), [""; 0]);
        }
        // Codes of which a part is something else: the finders stay, and what they promise is not there.
        let view = View { side: 200, scale: 3.0, ..VIEW };
        let whole = view.of(&code);
        for _ in 0..60 {
            let mut pixels = whole.clone();
            let (from, length) =
                (dice.roll() as usize % pixels.len(), dice.roll() as usize % 40_000);
            let to = pixels.len().min(from + length);
            for byte in &mut pixels[from..to] {
                *byte = dice.roll() as u8;
            }
            let found = read(&pixels, view.side, view.side);
            assert!(found.iter().all(|text| *text == code), "{found:?}");
        }
    }
}
