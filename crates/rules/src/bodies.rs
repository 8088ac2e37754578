//! The rules of whole bodies: which rule is for which field.

use std::borrow::Cow;

use boxoffice_contract::admissions::{Acceptance, NewName, NewOffer, NewTransfer};
use boxoffice_contract::door::{NewScans, NewStaff};
use boxoffice_contract::factors::{
    Assertion, Attestation, Confirm, NewPasskey, PasskeyName, PasskeySignIn, SecondStep,
    SecondStepOptions, TotpCode,
};
use boxoffice_contract::mail::{Bounce, NewPreferences};
use boxoffice_contract::orders::NewOrder;
use boxoffice_contract::payments::{NewPayment, NewRefund};
use boxoffice_contract::people::Deletion;
use boxoffice_contract::tickets::Draft;
use boxoffice_contract::users::{
    AskSignIn, Confirmation, Credentials, Forgotten, Guest, NewAddress, NewPassword, Reset,
    SignInProof, Undo,
};
use boxoffice_contract::{FieldError, Timestamp};

use crate::{Verdict, account, door, guest, listing, purchase, text, unless};

/// A field of a body, by its name in JSON, and what its rule says of it.
pub type Checked = (&'static str, Verdict<Cow<'static, str>>);

/// A body whose fields have rules.
///
/// A field that is not given holds its default, which its rule refuses where the field is needed.
pub trait Rules {
    /// Tidies the texts of the body, as they are checked and stored.
    fn tidy(&mut self) {}

    /// Returns what the rules say of each field, in the fields' order.
    fn checked(&self) -> Vec<Checked>;

    /// Returns everything that is wrong, at once.
    fn errors(&self) -> Vec<FieldError> {
        let error = |(field, verdict): Checked| {
            let message = verdict.err()?.into_owned();
            Some(FieldError { message, field: Some(field.to_owned()) })
        };
        self.checked().into_iter().filter_map(error).collect()
    }
}

/// Checks a field that must hold something.
fn field<S: Into<Cow<'static, str>>>(name: &'static str, verdict: Verdict<S>) -> Checked {
    (name, verdict.map_err(Into::into))
}

/// Checks a field that may be left out.
fn optional<T>(name: &'static str, value: Option<&T>, rule: impl Fn(&T) -> Verdict) -> Checked {
    field(name, value.map_or(Ok(()), rule))
}

impl Rules for Draft {
    fn tidy(&mut self) {
        let others = [&mut self.venue, &mut self.city, &mut self.description];
        for text in others.into_iter().flatten().chain([&mut self.title]) {
            *text = text::tidied(text);
        }
    }

    fn checked(&self) -> Vec<Checked> {
        let future = |start: &Timestamp| listing::starts_at(start, &Timestamp::now());
        vec![
            field("title", listing::title(&self.title)),
            field("price", listing::price(self.price, &self.currency)),
            field("currency", listing::currency(&self.currency)),
            field("quantity", listing::quantity(self.quantity)),
            optional("venue", self.venue.as_ref(), |text| listing::venue(text)),
            optional("city", self.city.as_ref(), |text| listing::city(text)),
            optional("startsAt", self.starts_at.as_ref(), future),
            optional("timeZone", self.time_zone.as_ref(), |name| listing::time_zone(name)),
            optional("description", self.description.as_ref(), |text| listing::description(text)),
            field("resaleCap", listing::resale_cap(self.resale_cap)),
            optional("transferLimit", self.transfer_limit.as_ref(), |times| {
                listing::transfer_limit(*times)
            }),
            field("maxPerBuyer", listing::max_per_buyer(self.max_per_buyer)),
            field(
                "turningCodes",
                listing::turning_codes(self.turning_codes, self.starts_at.is_some()),
            ),
        ]
    }
}

impl Rules for NewOrder {
    fn checked(&self) -> Vec<Checked> {
        vec![
            field("ticketId", unless(!self.ticket_id.is_nil(), "Give the id of a listing")),
            field("quantity", purchase::quantity(self.quantity)),
        ]
    }
}

impl Rules for NewPayment {
    fn checked(&self) -> Vec<Checked> {
        vec![
            field("orderId", unless(!self.order_id.is_nil(), "Give the id of an order")),
            field("token", purchase::token(&self.token)),
        ]
    }
}

impl Rules for NewRefund {
    fn checked(&self) -> Vec<Checked> {
        Vec::new()
    }
}

impl Rules for Deletion {
    fn checked(&self) -> Vec<Checked> {
        // Any password that an account may have.
        vec![optional("password", self.password.as_ref(), |password| account::password(password))]
    }
}

impl Rules for NewPreferences {
    fn checked(&self) -> Vec<Checked> {
        Vec::new()
    }
}

impl Rules for Bounce {
    fn checked(&self) -> Vec<Checked> {
        let names_one = self.letter_id.is_some() != self.message_id.is_some();
        vec![
            field(
                "messageId",
                unless(
                    names_one && self.letter().is_some(),
                    "Name the letter by its messageId or by its letterId",
                ),
            ),
            field("kind", unless(self.kind.is_some(), "Say bounce or complaint")),
            optional("reason", self.reason.as_ref(), |text| {
                unless(text.chars().count() <= 2_000, "The reason may have 2,000 characters")
            }),
        ]
    }
}

impl Rules for NewTransfer {
    fn checked(&self) -> Vec<Checked> {
        vec![field("email", account::email(&self.email))]
    }
}

impl Rules for NewName {
    fn tidy(&mut self) {
        self.name = text::tidied(&self.name);
    }

    fn checked(&self) -> Vec<Checked> {
        vec![field("name", guest::name(&self.name))]
    }
}

impl Rules for NewOffer {
    fn checked(&self) -> Vec<Checked> {
        vec![field("price", unless(self.price > 0, "Give the price in minor units"))]
    }
}

impl Rules for Acceptance {
    fn checked(&self) -> Vec<Checked> {
        vec![field("token", unless(is_token(&self.token), "Give the token in the transfer's link"))]
    }
}

impl Rules for NewScans {
    fn tidy(&mut self) {
        self.door = text::tidied(&self.door);
    }

    fn checked(&self) -> Vec<Checked> {
        vec![field("door", door::name(&self.door)), field("scans", door::scans(&self.scans))]
    }
}

impl Rules for NewStaff {
    fn tidy(&mut self) {
        self.name = text::tidied(&self.name);
    }

    fn checked(&self) -> Vec<Checked> {
        vec![field("name", door::name(&self.name))]
    }
}

impl Rules for Credentials {
    fn checked(&self) -> Vec<Checked> {
        vec![
            field("email", account::email(&self.email)),
            field("password", account::password(&self.password)),
        ]
    }
}

impl Rules for NewPassword {
    fn checked(&self) -> Vec<Checked> {
        vec![
            field("current", account::password(&self.current)),
            field("password", account::password(&self.password)),
        ]
    }
}

impl Rules for Forgotten {
    fn checked(&self) -> Vec<Checked> {
        vec![
            field("email", account::email(&self.email)),
            optional("next", self.next.as_ref(), |next| account::next(next)),
        ]
    }
}

impl Rules for Reset {
    fn checked(&self) -> Vec<Checked> {
        vec![
            field("token", unless(is_token(&self.token), "Give the token in the letter's link")),
            field("password", account::password(&self.password)),
        ]
    }
}

impl Rules for AskSignIn {
    fn checked(&self) -> Vec<Checked> {
        vec![
            field("email", account::email(&self.email)),
            optional("next", self.next.as_ref(), |next| account::next(next)),
        ]
    }
}

impl Rules for SignInProof {
    fn tidy(&mut self) {
        tidy_code(&mut self.code);
    }

    fn checked(&self) -> Vec<Checked> {
        let has_token = self.token.is_some();
        let alone = "Give the token in the letter's link alone";
        let token = self.token.as_ref().map_or(Ok(()), |token| {
            unless(is_token(token) && self.email.is_none() && self.code.is_none(), alone)
        });
        let email = match &self.email {
            Some(email) => account::email(email),
            None => unless(has_token, "Give the address that the e-mail went to"),
        };
        let code = match &self.code {
            Some(code) => account::code(code),
            None => unless(has_token, "Give the code in the e-mail, or the token in its link"),
        };
        vec![field("email", email), field("code", code), field("token", token)]
    }
}

impl Rules for Guest {
    fn checked(&self) -> Vec<Checked> {
        vec![field("email", account::email(&self.email))]
    }
}

impl Rules for NewAddress {
    fn checked(&self) -> Vec<Checked> {
        vec![
            field("email", account::email(&self.email)),
            optional("password", self.password.as_ref(), |text| account::password(text)),
        ]
    }
}

impl Rules for Undo {
    fn checked(&self) -> Vec<Checked> {
        vec![field("token", unless(is_token(&self.token), "Give the token in the letter's link"))]
    }
}

/// Tidies a code that a letter has brought: people copy blanks along, and write the digits in groups.
fn tidy_code(code: &mut Option<String>) {
    if let Some(code) = code {
        code.retain(|character| !character.is_whitespace());
    }
}

impl Rules for Confirmation {
    fn tidy(&mut self) {
        tidy_code(&mut self.code);
    }

    fn checked(&self) -> Vec<Checked> {
        let is_one = self.code.is_some() != self.token.is_some();
        let code = match &self.code {
            Some(code) => account::code(code),
            None => unless(is_one, "Give the code in the e-mail, or the token in its link"),
        };
        let token = match &self.token {
            Some(token) => {
                unless(is_one && is_token(token), "Give the token in the letter's link alone")
            }
            None => Ok(()),
        };
        vec![field("code", code), field("token", token)]
    }
}

impl Rules for TotpCode {
    fn tidy(&mut self) {
        self.code.retain(|character| !character.is_whitespace());
    }

    fn checked(&self) -> Vec<Checked> {
        vec![field("code", account::app_code(&self.code))]
    }
}

impl Rules for PasskeyName {
    fn tidy(&mut self) {
        self.name = text::tidied(&self.name);
    }

    fn checked(&self) -> Vec<Checked> {
        vec![field("name", account::passkey_name(&self.name))]
    }
}

impl Rules for NewPasskey {
    fn tidy(&mut self) {
        self.name = text::tidied(&self.name);
    }

    fn checked(&self) -> Vec<Checked> {
        let Attestation { id, response, .. } = &self.credential;
        let is_good = is_bounded(id, 1_400)
            && is_bounded(&response.client_data_json, 8_192)
            && is_bounded(&response.attestation_object, 16_384)
            && response.transports.len() <= 10;
        let credential = unless(is_good, "Give what the browser made, as toJSON() gives it");
        vec![field("name", account::passkey_name(&self.name)), field("credential", credential)]
    }
}

impl Rules for PasskeySignIn {
    fn checked(&self) -> Vec<Checked> {
        vec![field("assertion", assertion(&self.assertion))]
    }
}

impl Rules for SecondStepOptions {
    fn checked(&self) -> Vec<Checked> {
        vec![field("token", first_step(&self.token))]
    }
}

impl Rules for SecondStep {
    fn tidy(&mut self) {
        tidy_code(&mut self.code);
        tidy_code(&mut self.recovery_code);
    }

    fn checked(&self) -> Vec<Checked> {
        let Self { token, code, recovery_code, assertion } = self;
        let mut checked = vec![field("token", first_step(token))];
        checked.extend(factor(code.as_ref(), recovery_code.as_ref(), assertion.as_ref(), 0));
        checked
    }
}

impl Rules for Confirm {
    fn tidy(&mut self) {
        tidy_code(&mut self.code);
        tidy_code(&mut self.recovery_code);
    }

    fn checked(&self) -> Vec<Checked> {
        let Self { password, code, recovery_code, assertion } = self;
        let mut checked =
            vec![optional("password", password.as_ref(), |password| account::password(password))];
        let others = usize::from(password.is_some());
        checked.extend(factor(code.as_ref(), recovery_code.as_ref(), assertion.as_ref(), others));
        checked
    }
}

/// Checks that there is one proof of a second factor, or none beside one of the `others`.
fn factor(
    code: Option<&String>,
    recovery_code: Option<&String>,
    proof: Option<&Assertion>,
    others: usize,
) -> Vec<Checked> {
    let given = others
        + [code.is_some(), recovery_code.is_some(), proof.is_some()]
            .into_iter()
            .filter(|is| *is)
            .count();
    let code = match code {
        _ if given != 1 => unless(false, "Give one proof that it is you, and no more"),
        Some(code) => account::app_code(code),
        None => Ok(()),
    };
    vec![
        field("code", code),
        optional("recoveryCode", recovery_code, |code| account::recovery_code(code)),
        optional("assertion", proof, assertion),
    ]
}

/// Checks the sizes of a proof by a passkey. Whether it is one, the service finds out.
fn assertion(proof: &Assertion) -> Verdict {
    let Assertion { id, response, .. } = proof;
    let is_good = is_bounded(id, 1_400)
        && is_bounded(&response.client_data_json, 8_192)
        && is_bounded(&response.authenticator_data, 8_192)
        && is_bounded(&response.signature, 4_096)
        && response.user_handle.as_ref().is_none_or(|handle| handle.len() <= 100);
    unless(is_good, "Give what the browser made, as toJSON() gives it")
}

fn first_step(token: &str) -> Verdict {
    unless(is_bounded(token, 1_000), "Give the token that the first step answered")
}

fn is_bounded(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.len())
}

/// Tells whether `text` can be the token of a link.
fn is_token(text: &str) -> bool {
    (1..=100).contains(&text.len())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::money::MAX_AMOUNT;

    fn wrong(body: &impl Rules) -> Vec<String> {
        body.errors().into_iter().filter_map(|error| error.field).collect()
    }

    fn good() -> Draft {
        Draft { title: "A".to_owned(), price: 100, ..Draft::default() }
    }

    #[test]
    fn what_has_no_default_is_asked_for() {
        assert!(wrong(&good()).is_empty());
        assert_eq!(wrong(&Draft::default()), ["title", "price"]);
        assert_eq!(wrong(&NewOrder::default()), ["ticketId"]);
        assert_eq!(wrong(&NewPayment::default()), ["orderId", "token"]);
        assert_eq!(wrong(&Credentials::default()), ["email", "password"]);
        assert_eq!(wrong(&NewPassword::default()), ["current", "password"]);
        assert_eq!(wrong(&Forgotten::default()), ["email"]);
        assert_eq!(wrong(&Reset::default()), ["token", "password"]);
        assert_eq!(wrong(&Confirmation::default()), ["code"]);
        assert_eq!(wrong(&AskSignIn::default()), ["email"]);
        assert_eq!(wrong(&SignInProof::default()), ["email", "code"]);
        assert_eq!(wrong(&Guest::default()), ["email"]);
        assert_eq!(wrong(&NewAddress::default()), ["email"]);
        assert_eq!(wrong(&Undo::default()), ["token"]);
        assert_eq!(wrong(&TotpCode::default()), ["code"]);
        assert_eq!(wrong(&PasskeyName::default()), ["name"]);
        assert_eq!(wrong(&NewPasskey::default()), ["name", "credential"]);
        assert_eq!(wrong(&PasskeySignIn::default()), ["assertion"]);
        assert_eq!(wrong(&SecondStepOptions::default()), ["token"]);
        assert_eq!(wrong(&SecondStep::default()), ["token", "code"]);
        assert_eq!(wrong(&Confirm::default()), ["code"]);
        assert_eq!(wrong(&NewTransfer::default()), ["email"]);
        assert_eq!(wrong(&NewName::default()), ["name"]);
        assert_eq!(wrong(&Acceptance::default()), ["token"]);
        assert_eq!(wrong(&NewScans::default()), ["door", "scans"]);
        assert_eq!(wrong(&NewStaff::default()), ["name"]);
        assert!(wrong(&NewRefund::default()).is_empty());
    }

    #[test]
    fn each_rule_names_its_field() {
        let year_2000 = Some(Timestamp::from_millis(946_684_800_000));
        let text = |text: &str| Some(text.to_owned());
        for (field, draft) in [
            ("title", Draft { title: "  ".to_owned(), ..good() }),
            ("price", Draft { price: -5, ..good() }),
            ("price", Draft { price: MAX_AMOUNT + 1, ..good() }),
            ("currency", Draft { currency: "EURO".to_owned(), ..good() }),
            ("currency", Draft { currency: "KPW".to_owned(), ..good() }),
            ("quantity", Draft { quantity: 0, ..good() }),
            ("venue", Draft { venue: text(""), ..good() }),
            ("city", Draft { city: text(&"x".repeat(101)), ..good() }),
            ("startsAt", Draft { starts_at: year_2000, ..good() }),
            ("timeZone", Draft { time_zone: text("Europe/Basel"), ..good() }),
            ("description", Draft { description: text(" "), ..good() }),
            ("resaleCap", Draft { resale_cap: 201, ..good() }),
            ("transferLimit", Draft { transfer_limit: Some(-1), ..good() }),
            ("maxPerBuyer", Draft { max_per_buyer: 0, ..good() }),
            ("turningCodes", Draft { turning_codes: true, ..good() }),
        ] {
            assert_eq!(wrong(&draft), [field]);
        }
        assert!(wrong(&Draft { time_zone: text("Europe/Zurich"), ..good() }).is_empty());
        let year_2100 = Some(Timestamp::from_millis(4_102_444_800_000));
        let turning = Draft { turning_codes: true, starts_at: year_2100, ..good() };
        assert!(wrong(&turning).is_empty());
    }

    #[test]
    fn texts_are_tidied() {
        let (typed, stored) = (" Zu\u{308}rich ", "Z\u{fc}rich");
        let text = |text: &str| Some(text.to_owned());
        let draft = |with: &str| Draft {
            title: with.to_owned(),
            venue: text(with),
            city: text(with),
            description: text(with),
            ..good()
        };
        let mut tidied = draft(typed);
        tidied.tidy();
        assert_eq!(tidied, draft(stored));
        let mut name = NewName { name: typed.to_owned() };
        name.tidy();
        assert_eq!(name.name, stored);
        let mut staff = NewStaff { name: typed.to_owned() };
        staff.tidy();
        assert_eq!(staff.name, stored);
        let mut scans = NewScans { door: typed.to_owned(), ..NewScans::default() };
        scans.tidy();
        assert_eq!(scans.door, stored);
    }

    #[test]
    fn an_address_is_proven_by_one_thing_at_a_time() {
        let given = |code: Option<&str>, token: Option<&str>| {
            let [code, token] = [code, token].map(|text| text.map(str::to_owned));
            let mut body = Confirmation { code, token };
            body.tidy();
            wrong(&body)
        };
        assert!(given(Some(" 493 244 "), None).is_empty());
        assert!(given(None, Some("abc")).is_empty());
        assert_eq!(given(Some("493244"), Some("abc")), ["token"]);
        assert_eq!(given(None, Some(&"x".repeat(101))), ["token"]);
        for code in ["", "49324", "4932440", "49324a", "４９３２４４"] {
            assert_eq!(given(Some(code), None), ["code"], "{code}");
        }
    }

    #[test]
    fn one_signs_in_by_a_token_or_by_a_code_and_an_address() {
        let given = |email: Option<&str>, code: Option<&str>, token: Option<&str>| {
            let [email, code, token] = [email, code, token].map(|text| text.map(str::to_owned));
            let mut body = SignInProof { email, code, token };
            body.tidy();
            wrong(&body)
        };
        let email = Some("ada@example.com");
        assert!(given(email, Some("493 244"), None).is_empty());
        assert!(given(None, None, Some("abc")).is_empty());
        assert_eq!(given(email, None, None), ["code"]);
        assert_eq!(given(None, Some("493244"), None), ["email"]);
        assert_eq!(given(email, None, Some("abc")), ["token"]);
        assert_eq!(given(None, Some("493244"), Some("abc")), ["token"]);
        assert_eq!(given(Some("ada"), Some("49324"), None), ["email", "code"]);
    }

    #[test]
    fn a_second_factor_is_proven_by_one_thing_at_a_time() {
        let given = |password: Option<&str>, code: Option<&str>, recovery: Option<&str>| {
            let [password, code, recovery_code] =
                [password, code, recovery].map(|text| text.map(str::to_owned));
            let mut body = Confirm { password, code, recovery_code, assertion: None };
            body.tidy();
            wrong(&body)
        };
        assert!(given(None, Some("493 244"), None).is_empty());
        assert!(given(None, None, Some(" ABCD-efgh-ijkl 2345")).is_empty());
        assert!(given(Some("correct horse"), None, None).is_empty());
        assert_eq!(given(Some("correct horse"), Some("493244"), None), ["code"]);
        assert_eq!(given(None, Some("49324"), None), ["code"]);
        for code in ["", "abcd-efgh-ijkl-234", "abcd-efgh-ijkl-2341", "abcdefghijkl23456"] {
            assert_eq!(given(None, None, Some(code)), ["recoveryCode"], "{code}");
        }
    }

    #[test]
    fn fields_have_the_names_that_they_have_in_json() {
        fn known(body: &(impl Rules + serde::Serialize)) {
            let json = serde_json::to_value(body).unwrap();
            for (field, _) in body.checked() {
                assert!(json.as_object().unwrap().contains_key(field), "{field}");
            }
        }
        known(&good());
        known(&NewOrder::default());
        known(&NewPayment::default());
        known(&NewRefund::default());
        known(&NewTransfer::default());
        known(&NewName::default());
        known(&Acceptance::default());
        known(&NewScans::default());
        known(&NewStaff::default());
        known(&Credentials::default());
        known(&NewPassword::default());
        known(&Reset::default());
        known(&Guest::default());
        known(&Undo::default());
        let given = Some(String::new());
        let (email, next) = (String::new(), given.clone());
        known(&AskSignIn { email: email.clone(), next: next.clone() });
        known(&Forgotten { email: email.clone(), next });
        known(&NewAddress { email, password: given.clone() });
        let (email, code, token) = (given.clone(), given.clone(), given.clone());
        known(&SignInProof { email, code, token });
        known(&Confirmation { code: given.clone(), token: given });
    }
}
