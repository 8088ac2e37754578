//! The token of a link by which somebody does without letters: account, category and a code.
//!
//! Who has the letter needs no session. The token names nobody: an id is no name. It opens nothing but
//! this one choice, which the page *My account* undoes.

use boxoffice_contract::UserId;
use boxoffice_contract::mail::Category;

/// What the codes are for.
pub(crate) const PURPOSE: &str = "unsubscribe";
/// The longest token, in characters.
pub(crate) const LONGEST: usize = 200;

/// What a code is made of.
pub(crate) fn message(account: UserId, category: Category) -> String {
    format!("{account} {}", category.name())
}

/// Writes a token. It needs no escaping in a link.
pub(crate) fn written(account: UserId, category: Category, code: &str) -> String {
    format!("{account}.{}.{code}", category.name())
}

/// Parts a token into account, category and code, which is still to be checked.
pub(crate) fn parted(token: &str) -> Option<(UserId, Category, &str)> {
    if token.len() > LONGEST {
        return None;
    }
    let (account, rest) = token.split_once('.')?;
    let (category, code) = rest.split_once('.')?;
    let (account, category) = (account.parse().ok()?, Category::from_name(category)?);
    // An id has more than one spelling, and a token has one.
    (written(account, category, code) == token).then_some((account, category, code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_as_it_is_written() {
        let account = UserId::new();
        let token = written(account, Category::Sales, "k1.abc");
        assert_eq!(parted(&token), Some((account, Category::Sales, "k1.abc")));
        for odd in [
            token.to_uppercase(),
            token.replace('-', ""),
            token.replace("sales", "all"),
            format!("{token}{}", "a".repeat(LONGEST)),
            account.to_string(),
            String::new(),
        ] {
            assert_eq!(parted(&odd), None, "{odd}");
        }
    }
}
