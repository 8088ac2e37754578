//! Ids in paths.

use std::str::FromStr;

use axum::extract::{FromRequestParts, Path};
use http::request::Parts;

use crate::Problem;

/// What a path with something else in place of an id is answered.
fn missing() -> Problem {
    Problem::not_found("This id does not exist")
}

/// The two ids of the path, in their order, read as [`Id`] is.
pub struct Ids<A, B>(pub A, pub B);

impl<S: Send + Sync, A: FromStr, B: FromStr> FromRequestParts<S> for Ids<A, B> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let texts = Path::<(String, String)>::from_request_parts(parts, state).await;
        let Path((first, second)) = texts.map_err(|_| missing())?;
        let first = first.parse().map_err(|_| missing())?;
        Ok(Self(first, second.parse().map_err(|_| missing())?))
    }
}

/// The `{id}` of the path. What is no UUID names nothing: 404, as for an id that nobody has.
pub struct Id<T>(pub T);

impl<S: Send + Sync, T: FromStr> FromRequestParts<S> for Id<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = Path::<String>::from_request_parts(parts, state).await;
        text.ok().and_then(|Path(text)| text.parse().ok()).map(Self).ok_or_else(missing)
    }
}
