//! Content codings: what the client takes of what there is (RFC 9110, section 12.5.3).

use http::HeaderMap;
use http::header::ACCEPT_ENCODING;

/// Uncoded. It is always there, and taken unless the client says otherwise.
pub const IDENTITY: &str = "identity";

/// The coding to answer in: of `offers`, in the server's order of preference, and [`IDENTITY`] the
/// one that the client likes best. Identity too when the client takes nothing that there is, since
/// an answer that it may not like is more use than none.
#[must_use]
pub fn choose(headers: &HeaderMap, offers: &[&'static str]) -> &'static str {
    let Some(accepted) = Accepted::of(headers) else { return IDENTITY };
    let mut best = (IDENTITY, accepted.quality(IDENTITY));
    // From the last to the first, so that of equals the first wins.
    for offer in offers.iter().rev() {
        let quality = accepted.quality(offer);
        if quality > 0 && quality >= best.1 {
            best = (offer, quality);
        }
    }
    best.0
}

/// What a request's `Accept-Encoding` says: codings and how much each is liked, in thousandths.
struct Accepted(Vec<(String, u16)>);

impl Accepted {
    /// `None` when the request says nothing: such a client may not know any coding.
    fn of(headers: &HeaderMap) -> Option<Self> {
        let mut given = headers.get_all(ACCEPT_ENCODING).iter().peekable();
        given.peek()?;
        let parts = given.filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(','));
        Some(Self(parts.filter_map(member).collect()))
    }

    fn quality(&self, coding: &str) -> u16 {
        let named = |name: &str| self.0.iter().find(|(given, _)| given == name).map(|(_, q)| *q);
        // Identity that is not named is taken, but less gladly than anything that is.
        let otherwise = u16::from(coding == IDENTITY);
        named(coding).or_else(|| named("*")).unwrap_or(otherwise)
    }
}

/// `gzip;q=0.5` as `("gzip", 500)`; nothing for what is no such thing.
fn member(text: &str) -> Option<(String, u16)> {
    let mut parts = text.split(';').map(str::trim);
    let coding = parts.next().filter(|coding| !coding.is_empty())?.to_ascii_lowercase();
    // As old a name as `gzip` (RFC 9110, 8.4.1.3).
    let coding = if coding == "x-gzip" { "gzip".to_owned() } else { coding };
    let weight = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
    let quality = weight.map_or(Some(1.0), |weight| weight.trim().parse::<f32>().ok())?;
    // Rounded into thousandths, which is all that a weight may say; what is out of range, clipped.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and 1000 by then, and not-a-number becomes 0"
    )]
    Some((coding, (quality.clamp(0.0, 1.0) * 1000.0).round() as u16))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn chosen(accept: &str) -> &'static str {
        let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, accept.parse().unwrap())]);
        choose(&headers, &["br", "gzip"])
    }

    #[test]
    fn among_equals_the_first_offer_wins() {
        for accept in ["br, gzip", "gzip, deflate, br, zstd", "GZIP;q=1.0, BR", "*", "gzip, *"] {
            assert_eq!(chosen(accept), "br", "{accept}");
        }
        assert_eq!(chosen("gzip, deflate"), "gzip");
        assert_eq!(chosen("x-gzip"), "gzip");
    }

    #[test]
    fn weights_come_before_our_preference() {
        assert_eq!(chosen("br;q=0.5, gzip;q=0.8"), "gzip");
        assert_eq!(chosen("br; q=0.001, gzip; q=0"), "br");
        assert_eq!(chosen("identity, gzip;q=0.5"), IDENTITY);
        assert_eq!(chosen("identity;q=0.2, gzip;q=0.5"), "gzip");
        assert_eq!(chosen("*;q=0.5, br;q=0"), "gzip");
    }

    #[test]
    fn whoever_names_none_of_ours_gets_it_uncoded() {
        for accept in ["", "deflate", "br;q=0", "zstd, compress", "br;q=0, gzip;q=0", "*;q=0"] {
            assert_eq!(chosen(accept), IDENTITY, "{accept}");
        }
        assert_eq!(choose(&HeaderMap::new(), &["br", "gzip"]), IDENTITY);
    }

    #[test]
    fn nonsense_is_passed_over() {
        assert_eq!(chosen("br;q=lots, gzip"), "gzip");
        assert_eq!(chosen(",,;q=1, gzip;q=9"), "gzip");
        assert_eq!(chosen("br;q=NaN"), IDENTITY);
    }

    #[test]
    fn several_header_lines_are_one_list() {
        let mut headers = HeaderMap::new();
        headers.append(ACCEPT_ENCODING, "gzip".parse().unwrap());
        headers.append(ACCEPT_ENCODING, "br".parse().unwrap());
        assert_eq!(choose(&headers, &["br", "gzip"]), "br");
    }
}
