//! Pictures for listings, which have none: drawn from the listing's id, always the same.

use std::fmt::Write as _;

/// Colours that go together: ground, far, near, light.
type Palette = [&'static str; 4];

const PALETTES: [Palette; 8] = [
    ["#1d2a44", "#e4572e", "#f3a712", "#fbe8c8"],
    ["#0b3c3a", "#3aa17e", "#f2c14e", "#f7efd9"],
    ["#3b1c32", "#a62639", "#e77f67", "#ffe3d3"],
    ["#12263a", "#2d7dd2", "#97cc04", "#eef5db"],
    ["#2b2118", "#b56b45", "#e8b04a", "#f6e7cb"],
    ["#231942", "#5e548e", "#e0b1cb", "#f9eef4"],
    ["#0d2b2e", "#d1495b", "#edae49", "#f4f1de"],
    ["#1b1b1e", "#d8572a", "#c5c3c6", "#f7f4ef"],
];

const WIDTH: u64 = 320;
const HEIGHT: u64 = 180;

/// A picture for the listing `id`: an SVG element of a few hundred bytes, hidden from those who
/// listen, without ids, styles or text in it.
#[must_use]
pub fn artwork(id: &str) -> String {
    let mut chance = Chance::seeded(id);
    let mut art = Art::new(chance.pick(&PALETTES));
    match chance.below(5) {
        0 => art.record(&mut chance),
        1 => art.spotlights(&mut chance),
        2 => art.hills(&mut chance),
        3 => art.waveform(&mut chance),
        _ => art.tiles(&mut chance),
    }
    art.finish()
}

/// A picture in the making.
struct Art {
    svg: String,
    palette: Palette,
}

impl Art {
    fn new(palette: Palette) -> Self {
        let mut art = Self { svg: String::with_capacity(1024), palette };
        art.add(format_args!(
            r#"<svg viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="xMidYMid slice" aria-hidden="true" focusable="false">"#
        ));
        art.add(format_args!(r#"<path fill="{}" d="M0 0h{WIDTH}v{HEIGHT}H0z"/>"#, palette[0]));
        art
    }

    fn add(&mut self, piece: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = self.svg.write_fmt(piece);
    }

    fn disc(&mut self, x: u64, y: u64, radius: u64, fill: &str) {
        self.add(format_args!(r#"<circle cx="{x}" cy="{y}" r="{radius}" fill="{fill}"/>"#));
    }

    /// A record, half out of the picture.
    fn record(&mut self, chance: &mut Chance) {
        let [ground, far, near, light] = self.palette;
        let (x, y) = (chance.between(90, 230), chance.between(90, 170));
        self.disc(x, y, 150, far);
        for radius in [132, 114, 96, 78] {
            self.add(format_args!(
                r#"<circle cx="{x}" cy="{y}" r="{radius}" fill="none" stroke="{ground}" stroke-width="{}" opacity=".55"/>"#,
                chance.between(1, 6)
            ));
        }
        self.disc(x, y, 52, near);
        self.disc(x, y, 26, light);
        self.disc(x, y, 7, ground);
    }

    /// Beams that fall from above upon a stage.
    fn spotlights(&mut self, chance: &mut Chance) {
        let [_, far, near, light] = self.palette;
        for (at, fill) in [(50, far), (160, near), (270, light)] {
            let top = chance.between(at - 40, at + 40);
            let foot = chance.between(at - 30, at + 30);
            let half = chance.between(36, 64);
            self.add(format_args!(
                r#"<path fill="{fill}" opacity=".72" d="M{top} -8L{} 150H{}z"/>"#,
                foot + half,
                foot.saturating_sub(half)
            ));
        }
        self.add(format_args!(r#"<ellipse cx="160" cy="168" rx="220" ry="34" fill="{light}"/>"#));
        for head in 0..9 {
            let x = head * 40 + chance.below(18);
            let rise = chance.between(148, 162);
            let ground = self.palette[0];
            self.disc(x, rise, 11, ground);
            self.add(format_args!(
                r#"<path fill="{ground}" d="M{} 180q2-20 20-20t20 20z"/>"#,
                x.saturating_sub(20)
            ));
        }
    }

    /// A sun over hills: a festival's evening.
    fn hills(&mut self, chance: &mut Chance) {
        let [ground, far, near, light] = self.palette;
        self.add(format_args!(r#"<path fill="{near}" d="M0 0h{WIDTH}v{HEIGHT}H0z"/>"#));
        self.disc(chance.between(80, 240), chance.between(66, 96), chance.between(38, 54), light);
        for (fill, base) in [(far, 92), (ground, 128)] {
            let [a, b, c] = [(); 3].map(|()| chance.between(base - 34, base + 22));
            self.add(format_args!(
                r#"<path fill="{fill}" d="M0 {a}C80 {} 120 {} 180 {b}S280 {} 320 {c}V180H0z"/>"#,
                a - 24,
                b + 30,
                c + 20
            ));
        }
    }

    /// Bars as a song draws them.
    fn waveform(&mut self, chance: &mut Chance) {
        let [_, far, near, light] = self.palette;
        self.disc(chance.between(40, 280), chance.between(40, 140), 84, far);
        for bar in 0..16 {
            let half = chance.between(8, 30) + if (4..12).contains(&bar) { 34 } else { 6 };
            let fill = if chance.below(4) == 0 { light } else { near };
            self.add(format_args!(
                r#"<rect x="{}" y="{}" width="11" height="{}" rx="5.5" fill="{fill}"/>"#,
                bar * 20 + 5,
                90 - half,
                half * 2
            ));
        }
    }

    /// Quarter discs on a grid, as on an old playbill.
    fn tiles(&mut self, chance: &mut Chance) {
        for row in 0..3 {
            for column in 0..6 {
                let fill = chance.pick(&self.palette);
                let (x, y) = (column * 60 - column * 6, row * 60);
                let path = match chance.below(4) {
                    0 => "h60a60 60 0 0 1-60 60z",
                    1 => "v60h60a60 60 0 0 0-60-60z",
                    2 => "a60 60 0 0 0 60 60v-60z",
                    _ => "m30 8a22 22 0 1 0 .1 0z",
                };
                self.add(format_args!(r#"<path fill="{fill}" d="M{x} {y}{path}"/>"#));
            }
        }
    }

    fn finish(mut self) -> String {
        self.svg.push_str("</svg>");
        self.svg
    }
}

/// Numbers that look random and follow from an id (SplitMix64, seeded by FNV-1a).
struct Chance(u64);

impl Chance {
    fn seeded(id: &str) -> Self {
        let hash = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        Self(id.bytes().fold(0xcbf2_9ce4_8422_2325, hash))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to `end`, without `end`, which is not 0.
    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// A number from `start` to `end`, without `end`, which is larger.
    fn between(&mut self, start: u64, end: u64) -> u64 {
        start + self.below(end - start)
    }

    fn pick<T: Copy, const N: usize>(&mut self, choices: &[T; N]) -> T {
        choices[usize::try_from(self.below(N as u64)).unwrap_or_default()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_always_has_the_same_picture() {
        let id = "0197a3c2-7b1e-7c3a-9f00-0c8b1e2d3f4a";
        assert_eq!(artwork(id), artwork(id));
        assert_ne!(artwork(id), artwork("0197a3c2-7b1e-7c3a-9f00-0c8b1e2d3f4b"));
    }

    #[test]
    fn pictures_are_small_and_need_no_style() {
        for id in 0..500 {
            let art = artwork(&format!("ticket {id}"));
            assert!(art.len() < 2_000, "{} bytes", art.len());
            assert!(art.starts_with("<svg ") && art.ends_with("</svg>"));
            for never in ["style", " id=", "NaN", "<script"] {
                assert!(!art.contains(never), "{art}");
            }
        }
    }
}
