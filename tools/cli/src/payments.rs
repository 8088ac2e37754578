//! Decides whether a developer's copy pays into the sandbox or with Stripe.
//!
//! The sandbox's key and address are written into the variables file when that is made, so that
//! `spin up` finds them there. Stripe is used as soon as the environment or an edited file names
//! something else.

use boxoffice_dev::keys::SANDBOX_KEY_PREFIX;

use crate::variables::Variables;

const KEY: &str = "stripe_api_key";
const BASE: &str = "stripe_api_base";

/// Where payments go.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Payments {
    /// To a sandbox of our own that wants this key.
    Sandbox { key: String },
    /// Where the variables say.
    Elsewhere,
}

impl Payments {
    /// Decides by the file's and the environment's variables. If the environment brings a key of
    /// its own and no address, the file's address goes: it is the sandbox's.
    pub(crate) fn decide(file: &mut Variables, environment: &Variables) -> Payments {
        let environment_decides = environment.contains_key(KEY) || environment.contains_key(BASE);
        match file.get(KEY).filter(|key| key.starts_with(SANDBOX_KEY_PREFIX)).cloned() {
            Some(key) if !environment_decides => Payments::Sandbox { key },
            Some(_) if !environment.contains_key(BASE) => {
                file.remove(BASE);
                Payments::Elsewhere
            }
            _ => Payments::Elsewhere,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(key: &str) -> Variables {
        Variables::from([
            (KEY.to_owned(), key.to_owned()),
            (BASE.to_owned(), "http://127.0.0.1:3001".to_owned()),
        ])
    }

    fn environment(names: &[&str]) -> Variables {
        names.iter().map(|name| (name.to_string(), "theirs".to_owned())).collect()
    }

    #[test]
    fn without_other_words_it_is_the_sandbox() {
        let mut file = file("sk_test_sandbox_1");
        let payments = Payments::decide(&mut file, &Variables::new());
        assert_eq!(payments, Payments::Sandbox { key: "sk_test_sandbox_1".to_owned() });
    }

    #[test]
    fn a_key_in_the_environment_never_goes_to_the_sandboxs_address() {
        let mut file = file("sk_test_sandbox_1");
        let payments = Payments::decide(&mut file, &environment(&[KEY]));
        assert_eq!(payments, Payments::Elsewhere);
        assert!(!file.contains_key(BASE), "the manifest's default applies: Stripe");
    }

    #[test]
    fn an_address_in_the_environment_goes_with_the_files_key() {
        let mut file = file("sk_test_sandbox_1");
        let payments = Payments::decide(&mut file, &environment(&[BASE]));
        assert_eq!(payments, Payments::Elsewhere);
        assert!(file.contains_key(KEY));
    }

    #[test]
    fn a_file_with_stripes_key_is_taken_at_its_word() {
        let mut edited = file("sk_test_51abc");
        let payments = Payments::decide(&mut edited, &Variables::new());
        assert_eq!(payments, Payments::Elsewhere);
        assert_eq!(edited, file("sk_test_51abc"));
    }
}
