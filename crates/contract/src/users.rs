//! `auth`: accounts and sessions.

use serde::{Deserialize, Serialize};

use crate::{SessionId, Timestamp, UserId};

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
pub struct Account {
    /// The account's id.
    #[cfg_attr(feature = "openapi", schema(value_type = Uuid))]
    pub id: UserId,
    /// Its address, in lower case.
    pub email: String,
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
    /// When it runs out.
    pub expires_at: Timestamp,
    /// Whether it is the session that asks.
    pub current: bool,
}
