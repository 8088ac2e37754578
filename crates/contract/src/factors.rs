//! `auth`: passkeys, authenticator apps and recovery codes, and what a sign-in needs of them.
//!
//! What browsers send and get of passkeys is as Web Authentication writes it in JSON (W3C Web
//! Authentication Level 3, 5.1.8 and 5.1.9): pages hand it on without reading it.

use serde::{Deserialize, Serialize};

use crate::{PasskeyId, Timestamp};

/// The problem's code if a sign-in needs a second factor (401).
pub const SECOND_FACTOR: &str = "second_factor";
/// The problem's code if one must first prove again who one is (403).
pub const CONFIRM_AGAIN: &str = "confirm_again";
/// The problem's code if an operator's account has no second factor (403).
pub const SECOND_FACTOR_NEEDED: &str = "second_factor_needed";

/// How long the second step of a sign-in may take, in seconds.
pub const SECOND_STEP_SECONDS: i64 = 10 * 60;

/// Returns the name of the cookie with the token of a first step that a sign-in provider was. As of all such
/// cookies, no sibling domain can set it where the shop is served by https.
#[must_use]
pub const fn first_step_cookie(secure: bool) -> &'static str {
    if secure { "__Host-first-step" } else { "first-step" }
}

/// How many passkeys an account may have.
pub const MAX_PASSKEYS: usize = 20;
/// How many recovery codes an account gets at once.
pub const RECOVERY_CODES: usize = 10;

names! {
    /// A way to prove the second factor.
    pub enum FactorMethod {
        /// A passkey.
        Passkey = "passkey",
        /// A code of an authenticator app.
        Totp = "totp",
        /// A recovery code.
        RecoveryCode = "recoveryCode",
    }
}

// Without `Debug` of the token where it could be logged: a problem is logged by its cause alone.
/// A sign-in that needs a second factor: how to go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct SecondFactor {
    /// Proves that the first step succeeded, for ten minutes and five tries.
    pub token: String,
    /// The ways that the account has.
    pub methods: Vec<FactorMethod>,
}

/// A passkey, as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Passkey {
    /// The passkey's id.
    #[cfg_attr(feature = "openapi", schema(value_type = Uuid))]
    pub id: PasskeyId,
    /// What its owner calls it.
    pub name: String,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was last used.
    #[serde(default)]
    pub used_at: Option<Timestamp>,
}

/// The second factors of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Factors {
    /// The passkeys, oldest first.
    pub passkeys: Vec<Passkey>,
    /// Since when an authenticator app is set up; `null` if none is.
    pub totp_since: Option<Timestamp>,
    /// How many recovery codes are left.
    pub recovery_codes: i64,
    /// Whether the account has a password, by which one may confirm.
    pub has_password: bool,
    /// Whether factors may be changed now. Otherwise one must confirm first.
    pub confirmed: bool,
}

/// An authenticator app that is being set up.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewTotp {
    /// The secret in Base32 (RFC 4648), to type into an app.
    pub secret: String,
    /// The same as an address that apps read from a picture.
    pub uri: String,
    /// The picture of that address: a QR code as SVG.
    pub picture: String,
}

/// Recovery codes, which are shown this once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct RecoveryCodes {
    /// The codes; each works once. Empty if the account keeps those that it has.
    pub recovery_codes: Vec<String>,
}

/// A passkey that was added.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct AddedPasskey {
    /// The passkey.
    pub passkey: Passkey,
    /// Recovery codes, if this is the account's first second factor. They are shown this once.
    pub recovery_codes: Vec<String>,
}

/// What a browser needs to make a passkey, or to have one sign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct PasskeyOptions {
    /// For `PublicKeyCredential.parseCreationOptionsFromJSON` or `parseRequestOptionsFromJSON`.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub public_key: serde_json::Value,
}

// Without `Debug`: a log must not have the code.
/// A code of an authenticator app.
#[derive(Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "openapi", schema(example = json!({"code": "493244"})))]
pub struct TotpCode {
    /// The six digits that the app shows.
    #[cfg_attr(feature = "openapi", schema(max_length = 100))]
    pub code: String,
}

/// What a passkey is called.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "openapi", schema(example = json!({"name": "My phone"})))]
pub struct PasskeyName {
    /// The name, 1 to 60 characters on one line.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 60))]
    pub name: String,
}

/// A passkey that a browser has made.
#[derive(Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct NewPasskey {
    /// What its owner calls it, 1 to 60 characters on one line.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 60))]
    pub name: String,
    /// What `PublicKeyCredential.toJSON()` gave.
    pub credential: Attestation,
}

/// A credential that was made: a `RegistrationResponseJSON`. Members that are not read may be there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct Attestation {
    /// The credential's id, in base64url.
    #[cfg_attr(feature = "openapi", schema(max_length = 1400))]
    pub id: String,
    /// `public-key`.
    #[serde(rename = "type")]
    #[cfg_attr(feature = "openapi", schema(max_length = 20))]
    pub kind: String,
    /// What the authenticator said.
    pub response: AttestationResponse,
}

/// What an authenticator says when it makes a credential.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, rename_all = "camelCase")]
pub struct AttestationResponse {
    /// What the browser signed for, in base64url.
    #[serde(rename = "clientDataJSON")]
    #[cfg_attr(feature = "openapi", schema(max_length = 8192))]
    pub client_data_json: String,
    /// The authenticator's data, in base64url.
    #[cfg_attr(feature = "openapi", schema(max_length = 16384))]
    pub attestation_object: String,
    /// How browsers reach the authenticator.
    #[cfg_attr(feature = "openapi", schema(max_items = 10))]
    pub transports: Vec<String>,
}

/// A proof by a passkey: an `AuthenticationResponseJSON`. Members that are not read may be there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct Assertion {
    /// The credential's id, in base64url.
    #[cfg_attr(feature = "openapi", schema(max_length = 1400))]
    pub id: String,
    /// `public-key`.
    #[serde(rename = "type")]
    #[cfg_attr(feature = "openapi", schema(max_length = 20))]
    pub kind: String,
    /// What the authenticator said.
    pub response: AssertionResponse,
}

/// What an authenticator says when it proves that it has a credential.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, rename_all = "camelCase")]
pub struct AssertionResponse {
    /// What the browser signed for, in base64url.
    #[serde(rename = "clientDataJSON")]
    #[cfg_attr(feature = "openapi", schema(max_length = 8192))]
    pub client_data_json: String,
    /// The authenticator's data, in base64url.
    #[cfg_attr(feature = "openapi", schema(max_length = 8192))]
    pub authenticator_data: String,
    /// The signature over both, in base64url.
    #[cfg_attr(feature = "openapi", schema(max_length = 4096))]
    pub signature: String,
    /// The user handle, in base64url.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_length = 100))]
    pub user_handle: Option<String>,
}

/// A sign-in by a passkey alone.
#[derive(Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct PasskeySignIn {
    /// What `PublicKeyCredential.toJSON()` gave.
    pub assertion: Assertion,
}

// Without `Debug`, as above.
/// Asks for what a passkey needs for the second step of a sign-in.
#[derive(Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct SecondStepOptions {
    /// The token of the first step.
    #[cfg_attr(feature = "openapi", schema(max_length = 1000))]
    pub token: String,
}

// Without `Debug`, as above.
/// The second step of a sign-in: one of the three proofs.
#[derive(Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", schema(
    example = json!({"token": "eyJ0eXAiOiJ…", "code": "493244"})
))]
pub struct SecondStep {
    /// The token of the first step.
    #[cfg_attr(feature = "openapi", schema(max_length = 1000))]
    pub token: String,
    /// The six digits that an authenticator app shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_length = 100))]
    pub code: Option<String>,
    /// A recovery code.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_length = 100))]
    pub recovery_code: Option<String>,
    /// A proof by a passkey.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assertion: Option<Assertion>,
}

// Without `Debug`, as above.
/// Proves again who is signed in: one of the four proofs. An account with a second factor needs that.
#[derive(Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", schema(example = json!({"password": "correct horse battery"})))]
pub struct Confirm {
    /// The password, if the account has no second factor.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(format = "password", max_length = 128))]
    pub password: Option<String>,
    /// The six digits that an authenticator app shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_length = 100))]
    pub code: Option<String>,
    /// A recovery code.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_length = 100))]
    pub recovery_code: Option<String>,
    /// A proof by a passkey.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assertion: Option<Assertion>,
}
