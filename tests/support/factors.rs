//! Second factors of those who use the shop.

use std::time::UNIX_EPOCH;

use boxoffice_webauthn::totp;
use serde_json::{Value, json};

use crate::{Answer, App, Person};

pub use boxoffice_webauthn::authenticator::Authenticator;

/// The origin of pages on loopback, where browsers know passkeys.
pub const LOOPBACK: &str = "http://localhost:3000";

/// An authenticator app with one secret.
#[derive(Clone, Debug)]
pub struct CodeApp {
    secret: Vec<u8>,
}

impl CodeApp {
    /// Reads the secret that `POST /api/users/factors/totp` answered.
    ///
    /// # Panics
    /// If it is invalid.
    pub fn of(answer: &Value) -> Self {
        let secret = answer["secret"].as_str().expect("a secret");
        Self { secret: totp::read(secret).expect("Base32") }
    }

    /// The code that it shows when the shop's clock is `seconds` ahead of now.
    pub fn code(&self, app: &App, seconds: i64) -> String {
        totp::code(&self.secret, app.seconds() + seconds)
    }
}

impl App {
    /// What the shop's clock says, in seconds since 1970.
    ///
    /// # Panics
    /// Before 1970.
    pub fn seconds(&self) -> i64 {
        let now = self.now()().duration_since(UNIX_EPOCH).expect("after 1970");
        i64::try_from(now.as_secs()).expect("before the end of time")
    }

    /// The same person, whose account has an authenticator app that they have just confirmed by; and the
    /// recovery codes that they got.
    pub async fn protect(&self, person: Person) -> (Person, CodeApp, Vec<String>) {
        let begun = person.post("/api/users/factors/totp", json!({})).await.expect(200);
        let app = CodeApp::of(&begun);
        let code = json!({ "code": app.code(self, 0) });
        let answer = person.post("/api/users/factors/totp/confirm", code).await;
        let codes = codes(&answer);
        (person.renewed_by(&answer, 200), app, codes)
    }

    /// The same person, who proves again who they are by the next code of `app`.
    pub async fn confirm(&self, person: Person, app: &CodeApp) -> Person {
        // The code of this moment may have been used.
        self.advance(u64::try_from(totp::STEP).unwrap_or_default());
        let code = json!({ "code": app.code(self, 0) });
        let answer = person.post("/api/users/confirm", code).await;
        person.renewed_by(&answer, 204)
    }
}

/// The recovery codes of an answer.
pub fn codes(answer: &Answer) -> Vec<String> {
    let codes = answer.body["recoveryCodes"].as_array().cloned().unwrap_or_default();
    codes.iter().filter_map(|code| code.as_str().map(str::to_owned)).collect()
}
