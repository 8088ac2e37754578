//! `auth`: accounts and sessions.

use serde::{Deserialize, Serialize};

use crate::word::Word;
use crate::{IdentityId, SessionId, Timestamp, UserId};

// Without `Debug`: a log must not have the password.
/// The e-mail address and password of an account.
#[derive(Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "openapi", schema(
    example = json!({"email": "ada@example.com", "password": "correct horse battery"})
))]
pub struct Credentials {
    /// An e-mail address; capitals do not matter.
    #[cfg_attr(feature = "openapi", schema(format = "email", max_length = 254))]
    pub email: String,
    /// The password, 8 to 128 characters of any kind.
    #[cfg_attr(feature = "openapi", schema(format = "password", min_length = 8, max_length = 128))]
    pub password: String,
}

/// An account, as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// The account's id.
    #[cfg_attr(feature = "openapi", schema(value_type = Uuid))]
    pub id: UserId,
    /// Its address, in lower case.
    pub email: String,
    /// Whether the owner has proven that the address is theirs.
    #[serde(default)]
    pub email_verified: bool,
    /// Whether it has a password. A guest's has none.
    #[serde(default = "has")]
    pub has_password: bool,
    /// What the account may do beside what everybody may.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Role>))]
    pub roles: Vec<Word<Role>>,
}

names! {
    /// What an account may do beside what everybody may.
    pub enum Role {
        /// Refunds any sale, and settles what needs somebody.
        Operator = "operator",
    }

    /// What an operator does with an account.
    pub enum Deed {
        /// Gives it a role.
        Grant = "grant",
        /// Takes a role away.
        Revoke = "revoke",
        /// Keeps its owner out.
        Suspend = "suspend",
        /// Lets its owner in again.
        Restore = "restore",
        /// Ends its sessions.
        SignOut = "sign_out",
    }
}

/// Where operators' commands reach accounts.
pub const OPERATIONS: &str = "/api/users/operations";
/// The problem's code if the account is suspended (403).
pub const ACCOUNT_SUSPENDED: &str = "account_suspended";
/// The code if the sign-in provider's answer is not believed.
pub const OIDC_REFUSED: &str = "oidc_refused";
/// The code if somebody turns back at the sign-in provider.
pub const OIDC_CANCELLED: &str = "oidc_cancelled";
/// The code if the sign-in provider has not proven the address.
pub const OIDC_UNVERIFIED: &str = "oidc_unverified";
/// The code if the sign-in provider does not answer.
pub const OIDC_UNAVAILABLE: &str = "oidc_unavailable";
/// The problem's code if something is the only way into an account (409).
pub const LAST_WAY_IN: &str = "last_way_in";
/// The longest reason of an operation, in characters.
pub const MAX_REASON: usize = 500;

/// An operation on an account, by an operator's command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Operation {
    /// The account's id, or its address.
    pub account: String,
    /// What is done.
    pub deed: Deed,
    /// The role that is given or taken away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// Why it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who does it: the name of the operator on their machine.
    pub operator: String,
}

/// What came of an operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Operated {
    /// The account.
    pub account_id: UserId,
    /// Whether anything changed: it may have been so already.
    pub changed: bool,
    /// How many sessions were ended.
    pub sessions: i64,
}

/// Accounts of older programs all have a password.
const fn has() -> bool {
    true
}

/// The problem's code if only an account with a password can do it (409).
pub const NO_PASSWORD: &str = "no_password";
/// The problem's code if a letter's link only opens accounts without a password (409).
pub const HAS_PASSWORD: &str = "has_password";
/// The problem's code if a guest's address has an account (409).
pub const ACCOUNT_EXISTS: &str = "account_exists";
/// The problem's code if an account has the address that it is to get (409).
pub const SAME_ADDRESS: &str = "same_address";

/// The problem's code if only somebody with a proven address may do it (403).
pub const ADDRESS_UNVERIFIED: &str = "address_unverified";

// Without `Debug`, as above.
/// A change of the password by its owner.
#[derive(Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct NewPassword {
    /// The password that the account has.
    #[cfg_attr(feature = "openapi", schema(format = "password", min_length = 8, max_length = 128))]
    pub current: String,
    /// The new one, 8 to 128 characters of any kind.
    #[cfg_attr(feature = "openapi", schema(format = "password", min_length = 8, max_length = 128))]
    pub password: String,
}

/// Asks for a letter by which a new password can be chosen.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "openapi", schema(
    example = json!({"email": "ada@example.com", "next": "/orders"})
))]
pub struct Forgotten {
    /// The account's address; capitals do not matter.
    #[cfg_attr(feature = "openapi", schema(format = "email", max_length = 254))]
    pub email: String,
    /// The path of the page that the letter's link goes on to, with its query.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "openapi",
        schema(max_length = 500, pattern = "^/([!-.0-\\[\\]-~][!-\\[\\]-~]*)?$")
    )]
    pub next: Option<String>,
}

// Without `Debug`, as above.
/// A new password, chosen with the link of a letter.
#[derive(Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Reset {
    /// The token in the letter's link.
    #[cfg_attr(feature = "openapi", schema(max_length = 100))]
    pub token: String,
    /// The new password, 8 to 128 characters of any kind.
    #[cfg_attr(feature = "openapi", schema(format = "password", min_length = 8, max_length = 128))]
    pub password: String,
}

// Without `Debug`, as above.
/// What proves an address: one of the two.
#[derive(Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "openapi", schema(example = json!({"code": "493244"})))]
pub struct Confirmation {
    /// The six digits in the letter; only their account may send them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_length = 100))]
    pub code: Option<String>,
    /// The token in the letter's link; nobody needs to be signed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_length = 100))]
    pub token: Option<String>,
}

/// Asks for a letter by which one signs in without a password.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "openapi", schema(
    example = json!({"email": "ada@example.com", "next": "/orders"})
))]
pub struct AskSignIn {
    /// The account's address; capitals do not matter.
    #[cfg_attr(feature = "openapi", schema(format = "email", max_length = 254))]
    pub email: String,
    /// The path of the page that the letter's link goes on to, with its query.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "openapi",
        schema(max_length = 500, pattern = "^/([!-.0-\\[\\]-~][!-\\[\\]-~]*)?$")
    )]
    pub next: Option<String>,
}

// Without `Debug`, as above.
/// What a letter brought, by which one signs in: the token of its link, or its code and the address.
#[derive(Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "openapi", schema(
    example = json!({"email": "ada@example.com", "code": "493244"})
))]
pub struct SignInProof {
    /// The address that the letter went to; only with a code.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(format = "email", max_length = 254))]
    pub email: Option<String>,
    /// The six digits in the letter.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_length = 100))]
    pub code: Option<String>,
    /// The token in the letter's link.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_length = 100))]
    pub token: Option<String>,
}

/// Somebody who buys with an address alone.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "openapi", schema(example = json!({"email": "ada@example.com"})))]
pub struct Guest {
    /// Where the tickets are sent to; capitals do not matter.
    #[cfg_attr(feature = "openapi", schema(format = "email", max_length = 254))]
    pub email: String,
}

// Without `Debug`, as above.
/// Another address for one's account.
#[derive(Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "openapi", schema(
    example = json!({"email": "ada@example.org", "password": "correct horse battery"})
))]
pub struct NewAddress {
    /// The new address; capitals do not matter.
    #[cfg_attr(feature = "openapi", schema(format = "email", max_length = 254))]
    pub email: String,
    /// The password of the account, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(format = "password", min_length = 8, max_length = 128))]
    pub password: Option<String>,
}

// Without `Debug`, as above.
/// Gives an account its old address back.
#[derive(Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Undo {
    /// The token in the link of the letter to the old address.
    #[cfg_attr(feature = "openapi", schema(max_length = 100))]
    pub token: String,
}

/// A letter is on its way, if there is somebody to get it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct OnItsWay {
    /// When what is in the letter no longer works.
    pub expires_at: Timestamp,
}

/// Who is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct CurrentUser {
    /// The account; `null` when nobody is signed in.
    pub current_user: Option<Account>,
}

/// A session: one sign-in that goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// The session's id.
    #[cfg_attr(feature = "openapi", schema(value_type = Uuid))]
    pub id: SessionId,
    /// What the browser said of itself when it signed in (`User-Agent`); may be empty.
    pub device: String,
    /// The address that the sign-in came from, if that is known.
    pub client: Option<String>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last seen, to about ten minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen_at: Option<Timestamp>,
    /// When it runs out.
    pub expires_at: Timestamp,
    /// Whether it is the session that asks.
    pub current: bool,
}

/// A provider that may sign the account's owner in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    /// The id of the link to the provider.
    #[cfg_attr(feature = "openapi", schema(value_type = Uuid))]
    pub id: IdentityId,
    /// The provider's address.
    pub issuer: String,
    /// When it signed the owner in for the first time.
    pub created_at: Timestamp,
}
