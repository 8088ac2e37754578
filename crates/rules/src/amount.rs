//! Amounts: whole minor units of a currency, and the same as people write them.

/// Writes an amount in minor units in units, in a currency with so many `digits` after the point.
///
/// ```
/// # use boxoffice_rules::amount::units;
/// assert_eq!(units(4500, 2), "45.00");
/// assert_eq!((units(7, 0), units(-7, 3)), ("7".to_owned(), "-0.007".to_owned()));
/// ```
#[must_use]
pub fn units(amount: i64, digits: u8) -> String {
    let digits = usize::from(digits);
    let sign = if amount < 0 { "-" } else { "" };
    let figures = format!("{:0>width$}", amount.unsigned_abs(), width = digits + 1);
    let (whole, part) = figures.split_at(figures.len() - digits);
    if part.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{part}") }
}

/// The longest amount that somebody may write, in characters.
const MAX_WRITTEN: usize = 40;
/// The zero of each script in which people write decimal digits (Unicode, general category `Nd`); the
/// other nine follow it.
const ZEROS: [char; 16] = [
    '0', '\u{660}', '\u{6f0}', '\u{966}', '\u{9e6}', '\u{a66}', '\u{ae6}', '\u{b66}', '\u{be6}',
    '\u{c66}', '\u{ce6}', '\u{d66}', '\u{e50}', '\u{ed0}', '\u{1040}', '\u{ff10}',
];

/// What Arabic has before decimals, and nowhere else.
const ARABIC_POINT: char = '\u{66b}';

/// How an amount is written that somebody typed.
#[derive(Clone, Copy, Debug)]
pub struct Writing<'a> {
    /// How many digits the currency has after the point.
    pub digits: u8,
    /// What may stand beside the number: the currency's sign and code.
    pub marks: [&'a str; 2],
    /// What the writer's language has before decimals: a point or a comma.
    pub point: char,
}

/// Why an amount cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misread {
    /// It is not a number, or might be two.
    NotANumber,
    /// The currency has fewer decimals.
    TooManyDecimals,
    /// No amount is that high.
    TooHigh,
}

/// Reads an amount that somebody typed, in minor units.
///
/// It understands signs and codes of the currency, thousands apart by point, comma, blank or apostrophe,
/// `45,-`, and the digits of other scripts.
///
/// # Errors
/// [`Misread`].
///
/// ```
/// # use boxoffice_rules::amount::{Misread, Writing, read};
/// let euros = Writing { digits: 2, marks: ["€", "EUR"], point: '.' };
/// assert_eq!(read("€1,250.50", &euros), Ok(125_050));
/// assert_eq!(read("45.123", &euros), Err(Misread::TooManyDecimals));
/// ```
pub fn read(text: &str, writing: &Writing<'_>) -> Result<i64, Misread> {
    let plain = plain(without_marks(text.trim(), writing.marks), writing.point);
    let plain = plain.ok_or(Misread::NotANumber)?;
    let (whole, part) = plain.split_once('.').unwrap_or((&plain, ""));
    let part = part.trim_end_matches('0');
    let digits = usize::from(writing.digits);
    if part.len() > digits {
        return Err(Misread::TooManyDecimals);
    }
    format!("{whole}{part:0<digits$}").parse().map_err(|_| Misread::TooHigh)
}

/// Reads a number that somebody typed, of any currency: its digits, with a point if needed.
///
/// `point` is what the writer's language has before decimals.
///
/// ```
/// # use boxoffice_rules::amount::number;
/// assert_eq!(number("€1.250,50", ','), Some("1250.50".to_owned()));
/// assert_eq!(number("cheap", '.'), None);
/// ```
#[must_use]
pub fn number(text: &str, point: char) -> Option<String> {
    let is_sign = |letter: char| matches!(letter, '$' | '£' | '¥' | '\u{20a0}'..='\u{20cf}');
    plain(text.trim().trim_matches(is_sign), point)
}

/// Returns `text` without a sign or a code around it.
fn without_marks<'a>(text: &'a str, marks: [&str; 2]) -> &'a str {
    marks.iter().filter(|mark| !mark.is_empty()).fold(text, |text, mark| {
        let bare = text.strip_prefix(mark).or_else(|| text.strip_suffix(mark));
        bare.unwrap_or(text).trim()
    })
}

/// Returns the digits of a number that somebody typed, with a point where decimals begin. `None` if it is
/// no number, or might be two.
fn plain(text: &str, point: char) -> Option<String> {
    if text.chars().count() > MAX_WRITTEN {
        return None;
    }
    let text: String = text.chars().filter_map(familiar).collect();
    // "45,-" is how much of Europe writes a round price.
    let round = text.strip_suffix('-').and_then(|text| text.strip_suffix(['.', ',']));
    let text = round.unwrap_or(&text);
    let decimals = text.rfind(['.', ',', ARABIC_POINT]);
    let decimals = decimals.filter(|at| begins_decimals(text, *at, point));
    let (whole, rest) = match decimals.and_then(|at| text.split_at_checked(at)) {
        Some((whole, rest)) => (whole, rest.trim_start_matches(['.', ',', ARABIC_POINT])),
        None => (text, ""),
    };
    let mut groups = whole.split(['.', ',']);
    let first = groups.next().unwrap_or_default();
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let grouped = groups.all(|group| group.len() == 3 && digits(group));
    let ends = decimals.is_some() != rest.is_empty();
    let some = !(first.is_empty() && rest.is_empty());
    if !(grouped && ends && some && digits(first) && digits(rest)) {
        return None;
    }
    let whole: String = whole.chars().filter(char::is_ascii_digit).collect();
    Some(if rest.is_empty() { whole } else { format!("{whole:0>1}.{rest}") })
}

/// Returns a letter of an amount as the Latin script has it; nothing in place of what only parts digits
/// or sets their direction.
fn familiar(letter: char) -> Option<char> {
    let digit = ZEROS.iter().find_map(|zero| {
        let digit = u32::from(letter).checked_sub(u32::from(*zero)).filter(|digit| *digit < 10)?;
        char::from_digit(digit, 10)
    });
    match letter {
        '\'' | '\u{2019}' | '\u{66c}' | '\u{200e}' | '\u{200f}' | '\u{61c}' => None,
        _ if letter.is_whitespace() => None,
        '\u{ff0e}' => Some('.'),
        '\u{ff0c}' => Some(','),
        '\u{2013}' | '\u{2014}' => Some('-'),
        _ => Some(digit.unwrap_or(letter)),
    }
}

/// Tells whether decimals begin after the last mark of `text`, which is at `at`. A point or comma that
/// stands there alone with three digits behind it is what the writer's language takes it for.
fn begins_decimals(text: &str, at: usize, point: char) -> bool {
    let (before, after) = text.split_at(at);
    let mut letters = after.chars();
    let mark = letters.next().unwrap_or(point);
    let others = before.contains(['.', ',']);
    let three = letters.count() == 3;
    mark == ARABIC_POINT || !before.contains(mark) && (others || !three || mark == point)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_as(text: &str, digits: u8, point: char) -> Result<i64, Misread> {
        read(text, &Writing { digits, marks: ["€", "EUR"], point })
    }

    #[test]
    fn amounts_go_both_ways() {
        for (amount, digits) in [(1, 2), (4_500, 2), (99_999_999, 3), (7, 0)] {
            assert_eq!(read_as(&units(amount, digits), digits, '.'), Ok(amount));
        }
    }

    #[test]
    fn what_is_typed_is_read_by_the_language() {
        for (text, digits, point, amount) in [
            ("45", 2, '.', 4_500),
            ("45.00", 2, '.', 4_500),
            ("45,00", 2, '.', 4_500),
            ("45.5", 2, ',', 4_550),
            ("45,5", 2, ',', 4_550),
            ("€45", 2, '.', 4_500),
            ("45 €", 2, '.', 4_500),
            ("45 EUR", 2, '.', 4_500),
            ("EUR 45", 2, '.', 4_500),
            ("1,500", 2, '.', 150_000),
            ("1.500", 2, ',', 150_000),
            ("1,250.00", 2, '.', 125_000),
            ("1.250,00", 2, '.', 125_000),
            ("1'250.00", 2, '.', 125_000),
            ("1’250.50", 2, '.', 125_050),
            ("1 250,5", 2, '.', 125_050),
            ("1\u{202f}500,00", 2, ',', 150_000),
            ("1.234.567,89", 2, ',', 123_456_789),
            ("1.500", 3, '.', 1_500),
            ("4500.00", 0, '.', 4_500),
            ("4,500", 0, '.', 4_500),
            (".50", 2, '.', 50),
            ("45,-", 2, ',', 4_500),
            ("45.–", 2, '.', 4_500),
            ("４５", 2, '.', 4_500),
            ("٤٥٫٥٠", 2, '.', 4_550),
            ("१,२५०", 2, '.', 125_000),
            ("\u{200f}١٬٢٥٠", 2, '.', 125_000),
            ("0", 2, '.', 0),
        ] {
            assert_eq!(read_as(text, digits, point), Ok(amount), "{text}");
        }
    }

    #[test]
    fn what_is_no_amount_is_not_guessed_at() {
        let nines = "9".repeat(5_000);
        for text in [
            "",
            "cheap",
            "-5",
            "1e3",
            "4.5.6",
            "1,50,0",
            "4 5 euros",
            ".",
            "0x10",
            "45.",
            "$45",
            "--",
            "٫",
            "€",
            &nines,
        ] {
            assert_eq!(read_as(text, 2, '.'), Err(Misread::NotANumber), "{text}");
        }
        assert_eq!(read_as("45.123", 2, '.'), Err(Misread::TooManyDecimals));
        assert_eq!(read_as("45.5", 0, '.'), Err(Misread::TooManyDecimals));
        assert_eq!(read_as("99999999999999999999", 2, '.'), Err(Misread::TooHigh));
    }

    #[test]
    fn a_number_may_have_the_sign_of_any_currency() {
        assert_eq!(number("€50", '.').as_deref(), Some("50"));
        assert_eq!(number("¥9,800", '.').as_deref(), Some("9800"));
        assert_eq!(number("45,5", ',').as_deref(), Some("45.5"));
        assert_eq!(number("about 50", '.'), None);
    }
}
