//! What a letter consists of, before it is text or HTML.

use boxoffice_contract::Timestamp;
use boxoffice_contract::mail::opening;
use boxoffice_shown::{Language, Moment, moment, money};

use crate::letter::{Event, Setting};
use crate::theirs::Theirs;

/// A whole letter.
pub(crate) struct Content {
    /// One line of 78 characters at most.
    pub(crate) subject: String,
    /// What has happened, in a few words of ours.
    pub(crate) heading: &'static str,
    /// What there is to say, in order.
    pub(crate) blocks: Vec<Block>,
    /// Why the recipient gets it.
    pub(crate) reason: &'static str,
}

/// A part of a letter.
pub(crate) enum Block {
    /// Sentences.
    Paragraph(Vec<Part>),
    /// Facts, each with its name.
    Facts(Vec<Fact>),
    /// Something to type in elsewhere.
    Code(String),
    /// What to do next: a page of the shop.
    Button {
        /// What it does.
        label: &'static str,
        /// The page's address.
        url: String,
    },
}

/// A part of a sentence.
pub(crate) enum Part {
    /// Words of the shop.
    Ours(String),
    /// Words of somebody else.
    Theirs(Theirs),
}

/// A fact.
pub(crate) struct Fact {
    /// What it is called.
    pub(crate) name: &'static str,
    /// What it is.
    pub(crate) value: Part,
}

/// For whom a letter is written: how amounts, dates and links look.
pub(crate) struct Reader {
    language: Language,
    public_url: String,
    opens: Option<String>,
}

impl Reader {
    pub(crate) fn new(setting: &Setting) -> Self {
        let language = Language::of(setting.locale.as_deref().unwrap_or_default());
        let public_url = setting.public_url.trim_end_matches('/').to_owned();
        Self { language, public_url, opens: setting.opens.clone() }
    }

    /// Returns the address of the shop's page at `path`.
    pub(crate) fn url(&self, path: &str) -> String {
        address(&self.public_url, path)
    }

    /// Returns the address of a page of the reader's own at `path`. Somebody without a password is signed
    /// in on the way there.
    pub(crate) fn own(&self, path: &str) -> String {
        match &self.opens {
            Some(token) => self.url(&opening(token, Some(path))),
            None => self.url(path),
        }
    }

    /// Tells whether the links to the reader's own pages sign in.
    pub(crate) const fn is_opened(&self) -> bool {
        self.opens.is_some()
    }

    /// Writes an amount in the currency's minor unit.
    pub(crate) fn money(&self, minor: i64, currency: &str) -> Part {
        Part::Ours(money(minor, currency, &self.language))
    }

    /// Writes an instant on the clocks of the time zone `zone`, or of UTC.
    pub(crate) fn moment(&self, at: Timestamp, zone: Option<&str>) -> String {
        let Moment { date, time, zone, .. } = moment(at, zone, &self.language);
        format!("{date}, {time} ({zone})")
    }

    /// Lists what is known of an event.
    pub(crate) fn event(&self, event: &Event) -> Vec<Fact> {
        let Event { title, venue, city, starts_at, time_zone, .. } = event;
        let when = starts_at.map(|at| self.moment(at, time_zone.as_deref()));
        let place: Vec<&str> = [venue, city].into_iter().flatten().map(String::as_str).collect();
        let place = (!place.is_empty()).then(|| place.join(", "));
        let facts = [
            Some(Fact::theirs("Event", title)),
            when.map(|when| Fact::ours("Date", when)),
            place.map(|place| Fact::theirs("Place", &place)),
        ];
        facts.into_iter().flatten().collect()
    }
}

/// Joins the shop's address and a path. A path that lacks its slash gets one, so that no link leads to
/// another host.
pub(crate) fn address(public_url: &str, path: &str) -> String {
    let public_url = public_url.trim_end_matches('/');
    format!("{public_url}/{}", path.trim_start_matches('/'))
}

impl Fact {
    pub(crate) fn ours(name: &'static str, value: impl Into<String>) -> Self {
        Self { name, value: Part::Ours(value.into()) }
    }

    pub(crate) fn theirs(name: &'static str, value: &str) -> Self {
        Self { name, value: Part::Theirs(Theirs::new(value)) }
    }
}

impl Block {
    /// A paragraph of the shop's own words.
    pub(crate) fn say(words: impl Into<String>) -> Self {
        Self::Paragraph(vec![Part::Ours(words.into())])
    }
}

impl Part {
    /// Returns the text as it stands among others.
    pub(crate) fn plain(&self) -> String {
        match self {
            Self::Ours(words) => words.clone(),
            Self::Theirs(words) => words.isolated(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_link_stays_at_the_shop() {
        for (base, path, url) in [
            ("https://tickets.example", "/orders/1", "https://tickets.example/orders/1"),
            ("https://tickets.example/", "orders/1", "https://tickets.example/orders/1"),
            ("https://tickets.example", ".evil.example", "https://tickets.example/.evil.example"),
            ("https://tickets.example", "//evil.example", "https://tickets.example/evil.example"),
            ("https://tickets.example", "@evil.example", "https://tickets.example/@evil.example"),
        ] {
            assert_eq!(address(base, path), url);
        }
    }
}
