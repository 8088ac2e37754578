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

/// Reads what people write in units, in a currency with so many `digits` after the point: point or comma, and spaces between thousands, are understood.
///
/// ```
/// # use boxoffice_rules::amount::minor_units;
/// assert_eq!(minor_units("45", 2), Some(4500));
/// assert_eq!(minor_units("1 250,5", 2), Some(125_050));
/// assert_eq!(minor_units("45.00", 0), None, "yen have no decimals");
/// ```
#[must_use]
pub fn minor_units(text: &str, digits: u8) -> Option<i64> {
    let text: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
    let (whole, part) = text.split_once(['.', ',']).unwrap_or((&text, ""));
    let figures = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let digits = usize::from(digits);
    if whole.is_empty() || !figures(whole) || !figures(part) || part.len() > digits {
        return None;
    }
    if text.ends_with(['.', ',']) {
        return None;
    }
    format!("{whole}{part:0<digits$}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_go_both_ways() {
        for (amount, digits) in [(1, 2), (4_500, 2), (99_999_999, 3), (7, 0)] {
            assert_eq!(minor_units(&units(amount, digits), digits), Some(amount));
        }
    }
}
