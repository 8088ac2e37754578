//! Time zones to choose from.

use std::collections::BTreeMap;

/// Groups time zones by region: what is chosen, and what people read. Before them stands what an empty
/// choice means: its group and its name.
pub(crate) fn zones(
    zones: &[String],
    (group, name): (&str, &str),
) -> Vec<(String, Vec<(String, String)>)> {
    let mut regions = BTreeMap::<&str, Vec<(String, String)>>::new();
    for zone in zones {
        let (region, city) = zone.split_once('/').unwrap_or(("Other", zone));
        let label = city.replace('_', " ").replace('/', ", ");
        regions.entry(region).or_default().push((zone.clone(), label));
    }
    let empty = (group.to_owned(), vec![(String::new(), name.to_owned())]);
    let named = regions.into_iter().map(|(region, zones)| (region.to_owned(), zones));
    std::iter::once(empty).chain(named).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_zones_are_grouped_and_readable() {
        let names = ["America/Argentina/Buenos_Aires", "Europe/Zurich", "UTC"].map(str::to_owned);
        let regions = zones(&names, ("Not chosen", "Choose one"));
        let names: Vec<&str> = regions.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["Not chosen", "America", "Europe", "Other"]);
        assert_eq!(regions[0].1, [(String::new(), "Choose one".to_owned())]);
        assert_eq!(regions[1].1[0].1, "Argentina, Buenos Aires");
        assert_eq!(regions[3].1[0], ("UTC".to_owned(), "UTC".to_owned()));
    }
}
