//! When requests are to start, whatever becomes of those before them: open-loop arrival.
//!
//! A client that waits for an answer before it asks again leaves out just the requests that would
//! have met a slow server ("coordinated omission"). So each request has its time beforehand, and
//! its latency counts from then.

use std::str::FromStr;
use std::time::Duration;

/// A rate that stays, or that grows or falls evenly, over some time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arrival {
    rate: Rate,
    over: Duration,
}

/// Requests a second, at first and at last.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    from: f64,
    to: f64,
}

impl Rate {
    /// The same all the time.
    pub const fn steady(rate: f64) -> Self {
        Self { from: rate, to: rate }
    }

    /// From one to the other, evenly.
    pub const fn ramp(from: f64, to: f64) -> Self {
        Self { from, to }
    }

    /// Requests a second on average.
    pub fn mean(self) -> f64 {
        (self.from + self.to) / 2.0
    }
}

impl FromStr for Rate {
    type Err = String;

    /// Reads `200`, or `50..400` for a rate that grows.
    fn from_str(text: &str) -> Result<Self, String> {
        let complaint =
            || format!("{text:?} is not a rate: give requests a second, such as 200 or 50..400");
        let number = |text: &str| {
            let number: f64 = text.trim().parse().map_err(|_| complaint())?;
            if number.is_finite() && number >= 0.0 { Ok(number) } else { Err(complaint()) }
        };
        let rate = match text.split_once("..") {
            Some((from, to)) => Self::ramp(number(from)?, number(to)?),
            None => Self::steady(number(text)?),
        };
        if rate.mean() > 0.0 { Ok(rate) } else { Err(complaint()) }
    }
}

impl Arrival {
    /// Requests at `rate` for so long.
    pub const fn new(rate: Rate, over: Duration) -> Self {
        Self { rate, over }
    }

    /// How many requests there are.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a count of requests: not negative, and far below 2^52"
    )]
    pub fn count(&self) -> u64 {
        // Half a request is none; what rounding takes from a whole one is given back.
        (self.rate.mean() * self.over.as_secs_f64() + 1e-9).floor() as u64
    }

    /// When the request `number`, counted from 0, is to start: so long after the first.
    ///
    /// By then the area under the rate is `number`: `from·t + (to − from)/(2·over)·t² = number`,
    /// solved in the form that loses no digits where the rate hardly changes.
    #[allow(clippy::cast_precision_loss, reason = "a count of requests, far below 2^52")]
    pub fn at(&self, number: u64) -> Duration {
        let Rate { from, to } = self.rate;
        let (number, over) = (number as f64, self.over.as_secs_f64());
        if number == 0.0 {
            return Duration::ZERO;
        }
        let growth = (to - from) / over;
        let root = (from * from + 2.0 * growth * number).max(0.0).sqrt();
        Duration::try_from_secs_f64(2.0 * number / (from + root)).unwrap_or(self.over)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn times(rate: &str, seconds: u64) -> Vec<f64> {
        let arrival = Arrival::new(rate.parse().unwrap(), Duration::from_secs(seconds));
        (0..arrival.count()).map(|number| arrival.at(number).as_secs_f64()).collect()
    }

    #[test]
    fn a_steady_rate_has_equal_steps() {
        let times = times("50", 2);
        assert_eq!(times.len(), 100);
        for (number, time) in (0_u32..).zip(&times) {
            assert!((time - f64::from(number) * 0.02).abs() < 1e-9, "{number}: {time}");
        }
    }

    #[test]
    fn a_growing_rate_is_as_high_as_it_should_be_everywhere() {
        let times = times("100..300", 10);
        assert_eq!(times.len(), 2_000);
        let within = |from: f64, to: f64| times.iter().filter(|t| (from..to).contains(*t)).count();
        assert!((109..=111).contains(&within(0.0, 1.0)), "{}", within(0.0, 1.0));
        assert!((289..=291).contains(&within(9.0, 10.0)), "{}", within(9.0, 10.0));
        assert!(times.windows(2).all(|pair| pair[0] < pair[1]), "in order");
        assert!(*times.last().unwrap() < 10.0);
    }

    #[test]
    fn a_rate_may_begin_or_end_with_nothing() {
        assert_eq!(times("0..10", 2).len(), 10);
        let falling = times("10..0", 2);
        assert_eq!(falling.len(), 10);
        assert!(falling.iter().all(|time| (0.0..=2.0).contains(time)), "{falling:?}");
    }

    #[test]
    fn what_is_no_rate_is_refused_with_what_would_be_one() {
        for wrong in ["", "fast", "-5", "0", "0..0", "1..x", "NaN", "inf"] {
            let complaint = wrong.parse::<Rate>().unwrap_err();
            assert!(complaint.contains("50..400"), "{complaint}");
        }
    }
}
