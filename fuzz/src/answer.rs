//! What holds of every refusal.

use axum::response::IntoResponse;
use boxoffice_kernel::Problem;
use boxoffice_kernel::problem::ProblemBody;
use futures::FutureExt;
use http_body_util::BodyExt;

/// The most that an answer says, in characters. An answer has ten complaints at most, each of 300
/// characters about a field whose name has 64, a summary of 300, and little else.
const MAX_CHARACTERS: usize = 4_096;
const MAX_COMPLAINTS: usize = 10;
/// The longest answer in bytes: JSON writes some characters with six.
const MAX_BYTES: usize = 6 * MAX_CHARACTERS;

/// Checks that a refusal is 400 and short, and names something. Returns it to be compared.
pub(crate) fn check(problem: Problem) -> ProblemBody {
    let response = problem.into_response();
    assert_eq!(response.status(), 400, "what a client sent is the client's fault");
    let body = response.into_body().collect().now_or_never().expect("the answer is at hand");
    let bytes = body.expect("it is in memory").to_bytes();
    assert!(bytes.len() <= MAX_BYTES, "{} bytes", bytes.len());
    let body: ProblemBody = serde_json::from_slice(&bytes).expect("a problem is JSON");
    assert!((1..=MAX_COMPLAINTS).contains(&body.errors.len()), "{} errors", body.errors.len());
    let fields = body.errors.iter().filter_map(|error| error.field.as_deref());
    let messages = body.errors.iter().map(|error| error.message.as_str());
    let said: usize = fields.chain(messages).chain([&*body.detail]).map(characters).sum();
    assert!(said <= MAX_CHARACTERS, "{said} characters");
    assert!(body.errors.iter().all(|error| !error.message.is_empty()), "an error says nothing");
    body
}

fn characters(text: &str) -> usize {
    text.chars().count()
}
