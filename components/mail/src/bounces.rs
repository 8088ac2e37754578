//! `POST /api/mail/bounces`: what became of a letter after the mail server had taken it.
//!
//! Providers tell that in a form of their own each. A small program of the operator's turns theirs into
//! this one, and signs it (`docs/mail.md`).

use anyhow::anyhow;
use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use boxoffice_contract::mail::{Bounce, Category, Trouble};
use boxoffice_contract::{LetterId, UserId};
use boxoffice_kernel::db::{self, Query, Read, Reader};
use boxoffice_kernel::http::body;
use boxoffice_kernel::log::{self, Security};
use boxoffice_kernel::problem::{ProblemBody, Result};
use boxoffice_kernel::{Cx, Problem, Timestamp, Unit, config, query, row, signature, unit};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use crate::{SERVICE, refused, suppressed};

/// The header with the signature.
const SIGNATURE: &str = "boxoffice-signature";
/// The variable with the secrets, separated by commas.
const SECRET: &str = "mail_webhook_secret";

pub(crate) fn route() -> Router {
    Router::new().route("/api/mail/bounces", post(receive))
}

row! {
    /// A letter that was sent.
    struct Sent {
        recipient: Option<UserId>,
        address_hash: Option<String>,
    }
}

/// Tell of a letter that came back, or that its reader complained of
///
/// For the operator's mail provider. The header `Boxoffice-Signature` is `t=…,v1=…`: the seconds since 1970,
/// and in hex the HMAC-SHA-256 of `t`, a full stop and the body. The variable `mail_webhook_secret` holds the
/// secrets, separated by commas. What is told of a letter that is not known changes nothing.
#[utoipa::path(
    post, path = "/api/mail/bounces", tag = "mail", operation_id = "receive_bounce",
    params(("Boxoffice-Signature" = String, Header, description = "Time and signatures: `t=…,v1=…`")),
    request_body = Bounce,
    responses(
        (status = 204, description = "It is noted"),
        (status = 400, description = "Not signed with the secret, signed too long ago, or fields are invalid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The body is too long", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "No secret is set", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn receive(cx: Cx, headers: HeaderMap, sent: Bytes) -> Result<Response> {
    admit(&cx, &headers, &sent).await?;
    let bounce: Bounce = body::parse(&sent)?;
    let (Some(letter), Some(trouble)) = (bounce.letter(), bounce.kind) else {
        return Err(Problem::malformed("The letter or the kind is missing"));
    };
    note(&cx.with("letter", letter), letter, trouble, &bounce).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Refuses what was not signed with one of our secrets.
async fn admit(cx: &Cx, headers: &HeaderMap, body: &[u8]) -> Result<()> {
    let secrets = config::variable(SECRET).await?;
    if signature::secrets(&secrets).next().is_none() {
        let cause = anyhow!("a bounce was refused: {SECRET} is not set");
        let detail = "No webhook secret is set here (mail_webhook_secret); send it again later";
        return Err(Problem::unavailable(detail, 3_600, cause).with_code("webhooks_off"));
    }
    let header = headers.get(SIGNATURE).and_then(|header| header.to_str().ok());
    let now = Timestamp::now().as_millis() / 1_000;
    signature::verify(header, body, &secrets, now).map_err(|refusal| {
        log::security(&cx.with("what", "bounce"), Security::Forged, None);
        let sentence = refusal.sentence("Boxoffice-Signature", SECRET);
        Problem::malformed(sentence).with_code("bad_signature")
    })
}

async fn note(cx: &Cx, letter: LetterId, trouble: Trouble, bounce: &Bounce) -> Result<()> {
    let sent: Option<Sent> = Reader::new(&SERVICE).read(of_letter(letter)).await?;
    let Some(Sent { recipient, address_hash }) = sent else {
        log::noted(cx, "a bounce of a letter that is not known", trouble.name());
        return Ok(());
    };
    if trouble == Trouble::Bounce && !bounce.permanent {
        log::noted(cx, "a letter is late", "its mail server goes on trying");
        return Ok(());
    }
    log::noted(cx, "letters to an address end, but for those that it needs", trouble.name());
    let work = async |unit: &mut Unit<'_>| {
        if let Some(hash) = address_hash.clone() {
            let reason = bounce.reason.as_deref();
            unit.insert(suppressed::suppressing(hash, trouble, reason, letter));
        }
        if let (Trouble::Complaint, Some(account)) = (trouble, recipient) {
            for category in Category::ALL.iter().copied() {
                unit.insert(refused::refusing(account, category));
            }
        }
        Ok::<_, db::Error>(())
    };
    Ok(unit::run(cx, &SERVICE, work).await?)
}

pub(crate) fn of_letter(id: LetterId) -> Query {
    query!("SELECT recipient, address_hash FROM mail_letters WHERE id = ?1", id)
}
