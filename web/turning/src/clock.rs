//! By how much this device's clock is wrong. A door takes a code for no longer than a minute.

/// How far the shop's clock and this device's may be apart before it counts, in milliseconds. A page
/// takes some seconds to come.
const TOLERANCE: i64 = 20_000;

/// Returns by how many milliseconds the shop's clock is ahead of this device's, which shows `device`.
///
/// `page` is when the server made the page, if it has just come from there. A page that was saved on
/// the device does not tell; what was `known` when one came from the server then counts.
#[must_use]
pub const fn ahead(page: Option<i64>, device: i64, known: i64) -> i64 {
    match page {
        None => known,
        Some(page) if (page - device).abs() < TOLERANCE => 0,
        Some(page) => page - device,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_right_is_believed() {
        for (page, device) in [(1_000_000, 1_000_000), (1_000_000, 1_019_999), (1_000_000, 980_001)]
        {
            assert_eq!(ahead(Some(page), device, 7), 0, "{device}");
        }
    }

    #[test]
    fn a_clock_that_is_wrong_is_set_right() {
        assert_eq!(ahead(Some(1_000_000), 1_300_000, 0), -300_000);
        assert_eq!(ahead(Some(1_000_000), 400_000, 0), 600_000);
    }

    #[test]
    fn a_saved_page_goes_by_what_was_known() {
        assert_eq!(ahead(None, 1_300_000, -300_000), -300_000);
        assert_eq!(ahead(None, 1_300_000, 0), 0);
    }
}
