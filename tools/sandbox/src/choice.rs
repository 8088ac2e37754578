//! Parameters whose value is one of a fixed set of words.

/// A parameter value out of a fixed set.
pub(crate) trait Choice: Copy + Sized + 'static {
    /// All values, in the order in which an error message names them.
    const ALL: &'static [Self];

    /// The word that stands for this value in requests and answers.
    fn word(self) -> &'static str;

    /// The value that `word` stands for.
    fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|value| value.word() == word)
    }

    /// The words as an error message lists them: `a, b, or c`.
    fn listed() -> String {
        let words: Vec<&str> = Self::ALL.iter().map(|value| value.word()).collect();
        match words.as_slice() {
            [one] => (*one).to_owned(),
            [one, two] => format!("{one} or {two}"),
            [rest @ .., last] => format!("{}, or {last}", rest.join(", ")),
            [] => String::new(),
        }
    }
}

/// Declares an enum whose variants are written as the given words, in parameters and in JSON alike.
macro_rules! choices {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        pub(crate) enum $name {
            $($(#[$doc])* #[serde(rename = $word)] $variant),+
        }

        impl $crate::choice::Choice for $name {
            const ALL: &'static [Self] = &[$(Self::$variant),+];

            fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }
        }
    };
}
pub(crate) use choices;
