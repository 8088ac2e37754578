//! The body of every error (RFC 9457).

use serde::{Deserialize, Serialize};

use crate::factors::SecondFactor;

/// One thing that is wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// What is wrong and how to correct it.
    pub message: String,
    /// The name of the field, spelled as in the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

/// The body of every error answer (RFC 9457).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Problem))]
pub struct ProblemBody {
    /// A URI reference that names the kind of problem.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind of problem in words.
    pub title: String,
    /// The status code.
    pub status: u16,
    /// What happened this time.
    pub detail: String,
    /// Everything that is wrong with the request.
    pub errors: Vec<FieldError>,
    /// A code that tells programs the cause, such as Stripe's decline code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// How to go on, if a sign-in needs a second factor.
    #[serde(rename = "secondFactor", default, skip_serializing_if = "Option::is_none")]
    pub second_factor: Option<SecondFactor>,
}
