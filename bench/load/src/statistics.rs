//! Medians, spread, ratios.
//!
//! Everything is measured in several rounds, each of which has every target in turn. Of the rounds
//! the median is told, and as spread the least and the greatest: there are too few of them for
//! anything finer.

use serde::Serialize;

/// What rounds have come to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// The least.
    pub least: f64,
    /// The one in the middle; between the two there, if their number is even.
    pub median: f64,
    /// The greatest.
    pub most: f64,
}

impl Spread {
    /// Of these figures; None if there are none.
    pub fn of(figures: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut figures: Vec<f64> = figures.into_iter().collect();
        figures.sort_by(f64::total_cmp);
        let (least, most) = (*figures.first()?, *figures.last()?);
        let middle = figures.len() / 2;
        let median = if figures.len() % 2 == 1 {
            figures[middle]
        } else {
            f64::midpoint(figures[middle - 1], figures[middle])
        };
        Some(Self { least, median, most })
    }
}

/// How many times `other` each of `ours` is, round by round: what disturbs the machine for a while
/// disturbs both of a round. Rounds in which one of the two is missing, or nothing, count for
/// nothing; None if no round is left.
pub fn ratio(ours: &[Option<f64>], other: &[Option<f64>]) -> Option<Spread> {
    let both = ours.iter().zip(other).filter_map(|(ours, other)| Some(((*ours)?, (*other)?)));
    Spread::of(both.filter(|(_, other)| *other > 0.0).map(|(ours, other)| ours / other))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spread(least: f64, median: f64, most: f64) -> Option<Spread> {
        Some(Spread { least, median, most })
    }

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(Spread::of([3.0, 1.0, 2.0]), spread(1.0, 2.0, 3.0));
        assert_eq!(Spread::of([4.0, 1.0, 2.0, 100.0]), spread(1.0, 3.0, 100.0));
        assert_eq!(Spread::of([7.0]), spread(7.0, 7.0, 7.0));
        assert_eq!(Spread::of([]), None);
    }

    #[test]
    fn ratios_are_of_the_same_round() {
        // The machine was half as fast in the second round, for both.
        let (ours, other) = ([Some(10.0), Some(5.0)], [Some(20.0), Some(10.0)]);
        assert_eq!(ratio(&ours, &other), spread(0.5, 0.5, 0.5));
    }

    #[test]
    fn rounds_that_one_of_both_lacks_do_not_count() {
        let ours = [Some(10.0), None, Some(30.0), Some(1.0)];
        let other = [Some(10.0), Some(1.0), Some(10.0), Some(0.0)];
        assert_eq!(ratio(&ours, &other), spread(1.0, 2.0, 3.0));
        assert_eq!(ratio(&[None], &[Some(1.0)]), None);
    }
}
