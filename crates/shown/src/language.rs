//! The reader's language, by `Accept-Language` (RFC 9110, 12.5.4).

use icu_locale_core::Locale;
use icu_locale_core::subtags::Region;

use super::moment::is_written;

/// How many of the languages that a browser lists are looked at.
const MAX_LISTED: usize = 16;

/// The language that amounts and dates are written in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Language(Locale);

impl Language {
    /// The language that the header prefers of those that dates can be written in, English if it
    /// names none. A single tag, such as `de-CH`, is such a header too. Only language, script and
    /// region count: what else a tag may ask for, such as another calendar, would make one page
    /// disagree with the next.
    #[must_use]
    pub fn of(accept: &str) -> Self {
        let listed = accept_language::parse_with_quality(accept);
        let wanted = listed.into_iter().take(MAX_LISTED).filter(|(_, quality)| *quality > 0.0);
        let mut locales = wanted.filter_map(|(tag, _)| {
            Some(Locale { id: tag.parse::<Locale>().ok()?.id, ..Locale::UNKNOWN })
        });
        let known = locales.find(is_written);
        known.map_or_else(Self::default, Self)
    }

    /// The same for Unicode's data.
    #[must_use]
    pub const fn locale(&self) -> &Locale {
        &self.0
    }

    /// The region that the language is spoken in, if the reader says.
    #[must_use]
    pub const fn region(&self) -> Option<Region> {
        self.0.id.region
    }
}

impl Default for Language {
    fn default() -> Self {
        Self(icu_locale_core::locale!("en"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(accept: &str) -> String {
        Language::of(accept).0.to_string()
    }

    #[test]
    fn the_preferred_language_counts() {
        assert_eq!(chosen("de-CH,de;q=0.9,en;q=0.8"), "de-CH");
        assert_eq!(chosen("en;q=0.5, fr-CA;q=0.9"), "fr-CA");
        assert_eq!(chosen("da;q=0, ja"), "ja");
        assert_eq!(chosen("zh-Hant-TW"), "zh-Hant-TW");
        assert_eq!(chosen("th-TH-u-ca-buddhist-nu-thai"), "th-TH");
    }

    #[test]
    fn what_is_no_language_is_passed_over() {
        for nothing in ["", "*", ";;;", "x", "en_US\u{7f}", "1234567890", "q=1"] {
            assert_eq!(chosen(nothing), "en", "{nothing:?}");
        }
        assert_eq!(chosen("*, de;q=0.5"), "de");
        assert_eq!(chosen("tlh, de;q=0.5"), "de", "no data for Klingon");
        assert_eq!(chosen("tlh"), "en");
        assert_eq!(chosen(&"??,".repeat(5000)), "en");
    }
}
