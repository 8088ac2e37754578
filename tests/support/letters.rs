//! What the letters of accounts bring, for tests that read no mail: `auth` is asked as `mail` asks it.

use boxoffice_contract::mail::ADDRESSEES;
use serde_json::{Value, json};

use crate::{Answer, App, post};

impl App {
    /// What `auth` tells of the newest letter for `purpose`, such as `verify` or `reset`, to `email`.
    ///
    /// # Panics
    /// Without one.
    pub async fn letter(&self, purpose: &str, email: &str) -> Answer {
        let sql = format!(
            "SELECT account_id, id FROM auth_proofs WHERE purpose = '{purpose}' AND email = ?1"
        );
        self.letter_by(&sql, email).await
    }

    /// What `auth` tells of the newest letter that says what happened to `account`.
    ///
    /// # Panics
    /// Without one.
    pub async fn notice(&self, account: &str) -> Answer {
        let sql = "SELECT account_id, id FROM auth_notices WHERE account_id = ?1 ORDER BY id DESC";
        self.letter_by(sql, account).await
    }

    /// What `auth` tells of the newest letter that told `email` of another address.
    ///
    /// # Panics
    /// Without one.
    pub async fn farewell(&self, email: &str) -> Answer {
        let sql = "SELECT account_id, id FROM auth_address_changes WHERE old_email = ?1 \
                   ORDER BY id DESC";
        self.letter_by(sql, email).await
    }

    /// The token that opens `account`, as the letters about what it has bought bring it.
    pub async fn opening(&self, account: &str) -> Option<String> {
        let request = self.as_sibling(post(ADDRESSEES, json!({ "userId": account })));
        let addressee = self.client().send(&request).await.expect(200);
        addressee["opens"].as_str().map(str::to_owned)
    }

    /// The token of the link in the newest letter for `purpose` to `email`.
    ///
    /// # Panics
    /// Without one.
    pub async fn token(&self, purpose: &str, email: &str) -> String {
        let letter = self.letter(purpose, email).await.expect(200);
        letter["proof"]["token"].as_str().expect("a token").to_owned()
    }

    /// What `auth` tells of the letter `id` of `account`.
    pub async fn letter_of(&self, account: &str, id: &str) -> Answer {
        let body: Value = json!({ "userId": account, "letterId": id });
        self.client().send(&self.as_sibling(post(ADDRESSEES, body))).await
    }

    async fn letter_by(&self, sql: &str, parameter: &str) -> Answer {
        let ids = |row: &crate::database::Row| Ok((row.get::<String>(0)?, row.get::<String>(1)?));
        let (account, id) = self.database().query_row(sql, [parameter], ids).unwrap();
        self.letter_of(&account, &id).await
    }
}
