//! What answers hold, by the contract: whatever a service says in them, the contract's types can
//! say, and nothing else.

use boxoffice_contract::admissions::{Admission, TransferOffer};
use boxoffice_contract::door::{Changes, Door, Doubles, Guest, Scans, Staff};
use boxoffice_contract::factors::{
    AddedPasskey, Factors, NewTotp, Passkey, PasskeyOptions, RecoveryCodes,
};
use boxoffice_contract::ledger::Statement;
use boxoffice_contract::mail::{Addressee, Holders, OrderFacts, TransferFacts};
use boxoffice_contract::orders::Order;
use boxoffice_contract::payments::{Paid, Payment};
use boxoffice_contract::tickets::Ticket;
use boxoffice_contract::users::{Account, CurrentUser, OnItsWay, Operated, Session};
use boxoffice_contract::{Page, ProblemBody};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

/// What is wrong with `body`, that of a problem.
pub(crate) fn of_problem(body: &Value) -> Option<String> {
    differs::<ProblemBody>(body)
}

/// What is wrong with `body`, that of a good answer to `request`, which begins with method and path.
pub(crate) fn of_answer(request: &str, body: &Value) -> Option<String> {
    let (method, rest) = request.split_once(' ')?;
    let path = rest.split([' ', '?']).next()?;
    let place: Vec<&str> = path.split('/').skip(1).collect();
    let is_id = |text: &str| text.parse::<Uuid>().is_ok();
    match (method, place.as_slice()) {
        ("GET", ["api", "users", "currentUser"]) | ("POST", ["api", "users", "signOut"]) => {
            differs::<CurrentUser>(body)
        }
        (
            "POST",
            ["api", "users", "signUp" | "signIn" | "guest"] | ["api", "users", _, "confirm"],
        ) => differs::<Account>(body),
        ("POST", ["api", "users", "verification" | "reset" | "signInLink" | "email"]) => {
            differs::<OnItsWay>(body)
        }
        ("GET", ["api", "users", "factors"]) => differs::<Factors>(body),
        ("POST", ["api", "users", "factors", "passkeys"]) => differs::<AddedPasskey>(body),
        ("PATCH", ["api", "users", "factors", "passkeys", _]) => differs::<Passkey>(body),
        ("POST", ["api", "users", .., "options"]) => differs::<PasskeyOptions>(body),
        ("POST", ["api", "users", "factors", "totp"]) => differs::<NewTotp>(body),
        (
            "POST",
            ["api", "users", "factors", "totp", "confirm"]
            | ["api", "users", "factors", "recoveryCodes"],
        ) => differs::<RecoveryCodes>(body),
        ("POST", ["api", "users", "passkeySignIn"] | ["api", "users", "signIn", "factor"]) => {
            differs::<Account>(body)
        }
        ("POST", ["api", "users", "letters"]) => differs::<Addressee>(body),
        ("POST", ["api", "users", "operations"]) => differs::<Operated>(body),
        ("GET", ["api", "users", "sessions"]) => differs::<Page<Session>>(body),
        ("POST", ["api", "orders", "letters"]) => differs::<OrderFacts>(body),
        ("POST", ["api", "admissions", "letters"]) => differs::<TransferFacts>(body),
        ("POST", ["api", "admissions", "holders"]) => differs::<Holders>(body),
        ("GET", ["api", "tickets"]) => differs::<Page<Ticket>>(body),
        ("POST", ["api", "tickets"]) => differs::<Ticket>(body),
        ("GET" | "PUT", ["api", "tickets", id]) if is_id(id) => differs::<Ticket>(body),
        ("GET", ["api", "orders"]) => differs::<Page<Order>>(body),
        ("POST", ["api", "orders"]) => differs::<Order>(body),
        ("GET", ["api", "orders", id]) if is_id(id) => differs::<Order>(body),
        ("GET", ["api", "payments"]) => differs::<Page<Payment>>(body),
        ("GET", ["api", "payments", "ledger"]) => differs::<Statement>(body),
        ("POST", ["api", "payments"] | ["api", "payments", _, "confirm" | "refund"]) => {
            differs::<Paid>(body)
        }
        ("GET", ["api", "admissions"]) => differs::<Page<Admission>>(body),
        ("GET", ["api", "admissions", id]) if is_id(id) => differs::<Admission>(body),
        ("GET", ["api", "admissions", _, "accept"]) => differs::<TransferOffer>(body),
        (_, ["api", "admissions", _, "transfer" | "accept"]) => differs::<Admission>(body),
        ("GET", ["api", "door", id]) if is_id(id) => differs::<Door>(body),
        ("GET", ["api", "door", _, "guests"]) => differs::<Page<Guest>>(body),
        ("GET", ["api", "door", _, "changes"]) => differs::<Changes>(body),
        ("GET", ["api", "door", _, "doubles"]) => differs::<Doubles>(body),
        ("POST", ["api", "door", _, "scans"]) => differs::<Scans>(body),
        ("POST", ["api", "door", _, "staff"]) => differs::<Staff>(body),
        _ => None,
    }
}

/// How `body` differs from what `T` reads of it and writes again.
fn differs<T: Serialize + DeserializeOwned>(body: &Value) -> Option<String> {
    let again = T::deserialize(body).and_then(serde_json::to_value);
    match again {
        Ok(again) if again == *body => None,
        Ok(again) => Some(format!("the contract says {again:#}")),
        Err(error) => Some(format!("the contract cannot read it: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_says_what_the_contract_says() {
        let email = "ada@example.com";
        let account = json!({
            "id": Uuid::nil(), "email": email, "emailVerified": false, "hasPassword": true,
            "roles": [],
        });
        assert_eq!(of_answer("POST /api/users/signUp {}", &account), None);
        let mut more = account;
        more["age"] = json!(36);
        assert!(of_answer("POST /api/users/signUp {}", &more).is_some());
        assert!(of_answer("GET /api/tickets?limit=1", &json!({ "items": [{}] })).is_some());
        assert_eq!(of_answer("GET /api/tickets?limit=1", &json!({ "items": [] })), None);
        assert_eq!(of_answer("GET /api/tickets/openapi.json", &json!({ "openapi": 3 })), None);
    }
}
