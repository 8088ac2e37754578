//! Challenges: what browsers were asked to have signed by a passkey. Each is answered once, within five
//! minutes.

use anyhow::{Result, anyhow};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use boxoffice_contract::UserId;
use boxoffice_kernel::db::Query;
use boxoffice_kernel::{Cx, Timestamp, config, query, row, unit};
use boxoffice_webauthn::{Site, challenge};

use crate::SERVICE;
use crate::refusal::{self, Refusal};

/// How long people may take, in seconds.
pub(crate) const SECONDS: i64 = 5 * 60;
/// How many challenges that have run out one batch of a tick removes.
pub(crate) const SWEPT: usize = 500;

/// What a challenge is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum For {
    /// A new passkey of an account.
    Add,
    /// A sign-in by a passkey alone.
    SignIn,
    /// The second step of a sign-in.
    SecondStep,
    /// A visitor who proves again who they are.
    Confirm,
}

impl For {
    const fn name(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::SignIn => "sign_in",
            Self::SecondStep => "second_step",
            Self::Confirm => "confirm",
        }
    }
}

row! {
    /// A challenge that is made.
    pub(crate) struct NewChallenge in "auth_challenges" {
        pub(crate) challenge: String,
        pub(crate) purpose: String,
        pub(crate) account_id: Option<UserId>,
        pub(crate) expires_at: Timestamp,
    }
}

row! {
    /// A challenge that was answered.
    pub(crate) struct Answered {
        pub(crate) account_id: Option<UserId>,
    }
}

/// Makes a challenge and keeps it. `account` is whose passkey is asked for.
///
/// # Errors
/// What the database says.
pub(crate) async fn ask(
    cx: &Cx,
    purpose: For,
    account_id: Option<UserId>,
) -> refusal::Result<String> {
    let challenge = URL_SAFE_NO_PAD.encode(random::<32>()?);
    let new = NewChallenge {
        challenge: challenge.clone(),
        purpose: purpose.name().to_owned(),
        account_id,
        expires_at: Timestamp::now().plus_seconds(SECONDS),
    };
    unit::change::<()>(cx, &SERVICE, new.insert()).await?;
    Ok(challenge)
}

/// Uses up the challenge that `client_data_json` answers, whether the answer is right or not. Returns it.
///
/// # Errors
/// [`Refusal::PasskeyRefused`] if it was not asked, not for this, or not of `account`.
pub(crate) async fn answer(
    cx: &Cx,
    purpose: For,
    account: Option<UserId>,
    client_data_json: &str,
) -> refusal::Result<String> {
    let challenge = challenge(client_data_json).map_err(Refusal::passkey)?;
    let using = using(&challenge, purpose, Timestamp::now());
    let answered = unit::change::<Answered>(cx, &SERVICE, using).await?;
    match answered {
        Some(answered) if answered.account_id == account => Ok(challenge),
        _ => {
            Err(Refusal::PasskeyRefused("its challenge was not asked, or was answered".to_owned()))
        }
    }
}

/// Returns the shop as browsers know it.
///
/// # Errors
/// [`Refusal::NoPasskeys`] if its address has no name.
pub(crate) async fn site() -> refusal::Result<Site> {
    Site::parse(&config::shop().await?).map_err(|_| Refusal::NoPasskeys)
}

/// Returns random bytes.
///
/// # Errors
/// When the host gives none.
pub(crate) fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|error| anyhow!("the host gives no random bytes: {error}"))?;
    Ok(bytes)
}

/// Removes a challenge that is answered.
pub(crate) fn using(challenge: &str, purpose: For, now: Timestamp) -> Query {
    const COLUMNS: &str = Answered::COLUMNS;
    query!(
        "DELETE FROM auth_challenges WHERE challenge = ?1 AND purpose = ?2 AND expires_at > ?3 \
         RETURNING {COLUMNS}",
        challenge,
        purpose.name(),
        now
    )
}

/// Removes challenges whose time is up. Leaves those that somebody is at work on to the next sweep.
pub(crate) fn sweeping(now: Timestamp) -> Query {
    query!(
        "WITH ended AS (SELECT challenge FROM auth_challenges WHERE expires_at <= ?1 \
         LIMIT ?2 FOR UPDATE SKIP LOCKED) \
         DELETE FROM auth_challenges WHERE challenge IN (SELECT challenge FROM ended) \
         RETURNING challenge",
        now,
        i64::try_from(SWEPT).unwrap_or(i64::MAX)
    )
}
