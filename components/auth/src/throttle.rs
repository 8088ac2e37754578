//! How often a sign-in may fail, how many accounts may be made, and how many letters asked for.
//!
//! A sign-in is counted before the password is checked and given back if it was right: as many guesses at
//! once as one likes are no more guesses than one after the other. Somebody on a device on which the
//! account has signed in before is counted there alone, so strangers cannot lock an owner out.

use std::sync::OnceLock;

use anyhow::Result;
use boxoffice_contract::UserId;
use boxoffice_kernel::limit::{self, Counter, Limit};
use boxoffice_kernel::log::{self, Security};
use boxoffice_kernel::{Cx, config};
use http::HeaderMap;
use sha2::{Digest, Sha256};

use crate::refusal::{self, Refusal};
use crate::token::FirstStep;
use crate::{SERVICE, device};

/// Failed sign-ins to one account from one client: a person who types.
pub(crate) static ACCOUNT_FROM_CLIENT: Limit =
    Limit { name: "sign_in_of_account_from_client", allowed: 10, seconds: 15 * 60 };
/// Failed sign-ins to one account on a device that it has signed in on before.
pub(crate) static ACCOUNT_ON_DEVICE: Limit =
    Limit { name: "sign_in_of_account_on_device", allowed: 10, seconds: 15 * 60 };
/// Failed sign-ins to one account from everywhere else: guesses from many clients.
pub(crate) static ACCOUNT: Limit =
    Limit { name: "sign_in_of_account", allowed: 100, seconds: 60 * 60 };
/// Failed sign-ins of one client to any account: one guess at each of many addresses. Many people may
/// have one address in common.
pub(crate) static CLIENT: Limit =
    Limit { name: "sign_in_from_client", allowed: 100, seconds: 15 * 60 };
/// Failed sign-ins from everywhere to any account.
pub(crate) static ALL: Limit = Limit { name: "sign_in", allowed: 10_000, seconds: 15 * 60 };

/// Letters by which a password is reset, that one client asks for. Many people may have one address in
/// common.
pub(crate) static RESETS_OF_CLIENT: Limit =
    Limit { name: "reset_from_client", allowed: 20, seconds: 60 * 60 };
/// The same to one address, whether it has an account or not.
pub(crate) static RESETS_OF_ADDRESS: Limit =
    Limit { name: "reset_of_address", allowed: 3, seconds: 60 * 60 };
/// The same in all.
pub(crate) static RESETS: Limit = Limit { name: "reset", allowed: 5_000, seconds: 60 * 60 };
/// Letters by which one signs in, that one client asks for.
pub(crate) static LINKS_OF_CLIENT: Limit =
    Limit { name: "sign_in_link_from_client", allowed: 20, seconds: 60 * 60 };
/// The same to one address, whether it has an account or not.
pub(crate) static LINKS_OF_ADDRESS: Limit =
    Limit { name: "sign_in_link_of_address", allowed: 5, seconds: 60 * 60 };
/// The same in all.
pub(crate) static LINKS: Limit = Limit { name: "sign_in_link", allowed: 5_000, seconds: 60 * 60 };
/// Letters that one account has sent to addresses that it wants.
pub(crate) static ADDRESSES: Limit =
    Limit { name: "address_of_account", allowed: 5, seconds: 60 * 60 };
/// The same to one address, from whatever account.
pub(crate) static ADDRESSES_OF_ADDRESS: Limit =
    Limit { name: "address_of_address", allowed: 3, seconds: 60 * 60 };
/// Letters by which one account proves its address, besides the one at signing up.
pub(crate) static VERIFICATIONS: Limit =
    Limit { name: "verification_of_account", allowed: 5, seconds: 60 * 60 };
/// Letters about sign-ins on new devices to one account.
pub(crate) static NEW_DEVICES: Limit =
    Limit { name: "new_device_of_account", allowed: 1, seconds: 60 * 60 };
/// Changes of one account's password, each of which is told by a letter.
pub(crate) static CHANGES: Limit =
    Limit { name: "change_of_password", allowed: 10, seconds: 60 * 60 };

/// Files with everything about one account.
pub(crate) static EXPORTS: Limit =
    Limit { name: "export_of_account", allowed: 1, seconds: 24 * 60 * 60 };
/// Steps of sign-ins by a provider that one client takes, each of which asks the provider. Many people may
/// have one address in common.
pub(crate) static OIDC_OF_CLIENT: Limit =
    Limit { name: "oidc_from_client", allowed: 200, seconds: 15 * 60 };
/// The same in all.
pub(crate) static OIDC: Limit = Limit { name: "oidc", allowed: 20_000, seconds: 15 * 60 };
/// Second factors that were wrong, for one first step of a sign-in. Whatever it came to, a try counts.
pub(crate) static FACTORS_OF_STEP: Limit =
    Limit { name: "factor_of_first_step", allowed: 5, seconds: 10 * 60 };
/// Second factors of one account that were wrong. Only who has passed the first step gets this far.
pub(crate) static FACTORS_OF_ACCOUNT: Limit =
    Limit { name: "factor_of_account", allowed: 20, seconds: 60 * 60 };
/// Passkeys that were refused, from one client: nobody has passed a first step there.
pub(crate) static PASSKEYS_OF_CLIENT: Limit =
    Limit { name: "passkey_from_client", allowed: 100, seconds: 15 * 60 };
/// Challenges for passkeys of one account.
pub(crate) static CHALLENGES_OF_ACCOUNT: Limit =
    Limit { name: "challenge_of_account", allowed: 60, seconds: 15 * 60 };
/// Challenges that one client asks for without an account. Many people may have one address in common.
pub(crate) static CHALLENGES_OF_CLIENT: Limit =
    Limit { name: "challenge_from_client", allowed: 300, seconds: 15 * 60 };
/// The same in all.
pub(crate) static CHALLENGES: Limit =
    Limit { name: "challenge", allowed: 30_000, seconds: 15 * 60 };
/// Changes of one account's second factors, each of which is told by a letter.
pub(crate) static FACTOR_CHANGES: Limit =
    Limit { name: "change_of_factors", allowed: 30, seconds: 60 * 60 };

/// How long new accounts are counted, in seconds.
const SIGN_UP_WINDOW: i64 = 60 * 60;

/// A sign-in that is counted.
pub(crate) struct Attempt {
    counters: Vec<Counter>,
    /// Whether the account has signed in on the device before.
    pub(crate) is_known_device: bool,
}

impl Attempt {
    /// Counts a sign-in to `email`, which is the address of `account` if there is one.
    ///
    /// # Errors
    /// [`Refusal::TooManyFailures`] when too many have failed; what the database says.
    pub(crate) async fn count(
        cx: &Cx,
        headers: &HeaderMap,
        email: &str,
        account: Option<UserId>,
    ) -> refusal::Result<Self> {
        let device = match account {
            Some(account) => device::known(headers, account).await?,
            None => None,
        };
        let counters = match device {
            Some(device) => vec![ACCOUNT_ON_DEVICE.of(device)],
            None => {
                let (account, client) = (digest(email), cx.client_bucket());
                vec![
                    ACCOUNT_FROM_CLIENT.of(format!("{account} {client}")),
                    ACCOUNT.of(account),
                    CLIENT.of(client),
                    ALL.of("all"),
                ]
            }
        };
        match limit::count(cx, &SERVICE, &counters).await? {
            None => Ok(Self { counters, is_known_device: device.is_some() }),
            Some(exceeded) => {
                log::security(&cx.with("limit", exceeded.limit.name), Security::LimitMet, account);
                Err(Refusal::TooManyFailures { seconds: exceeded.seconds })
            }
        }
    }

    /// Gives the sign-in back: the password was right.
    ///
    /// # Errors
    /// What the database says.
    pub(crate) async fn succeeded(&self, cx: &Cx) -> refusal::Result<()> {
        Ok(limit::release(cx, &SERVICE, &self.counters).await?)
    }
}

/// Counts a new account, before it is made.
///
/// # Errors
/// [`Refusal::TooManyAccounts`] when too many were made; what the database says.
pub(crate) async fn count_sign_up(cx: &Cx) -> refusal::Result<()> {
    let (client, all) = sign_up_limits().await?;
    let counters = [client.of(cx.client_bucket()), all.of("all")];
    match limit::count(cx, &SERVICE, &counters).await? {
        None => Ok(()),
        Some(exceeded) => {
            log::security(&cx.with("limit", exceeded.limit.name), Security::LimitMet, None);
            Err(Refusal::TooManyAccounts { seconds: exceeded.seconds })
        }
    }
}

/// Counts a letter by which the password of `email` is reset, whether the address has an account or not.
///
/// # Errors
/// [`Refusal::TooManyLetters`] when too many were asked for; what the database says.
pub(crate) async fn count_reset(cx: &Cx, email: &str) -> refusal::Result<()> {
    let counters = [
        RESETS_OF_CLIENT.of(cx.client_bucket()),
        RESETS_OF_ADDRESS.of(digest(email)),
        RESETS.of("all"),
    ];
    count_letter(cx, &counters).await
}

/// Counts a letter by which one signs in to the account of `email`, whether there is one or not.
///
/// # Errors
/// As of [`count_reset`].
pub(crate) async fn count_link(cx: &Cx, email: &str) -> refusal::Result<()> {
    let counters = [
        LINKS_OF_CLIENT.of(cx.client_bucket()),
        LINKS_OF_ADDRESS.of(digest(email)),
        LINKS.of("all"),
    ];
    count_letter(cx, &counters).await
}

/// Counts a letter to `email`, the address that `account` wants.
///
/// # Errors
/// As of [`count_reset`].
pub(crate) async fn count_address(cx: &Cx, account: UserId, email: &str) -> refusal::Result<()> {
    let counters = [ADDRESSES.of(account), ADDRESSES_OF_ADDRESS.of(digest(email))];
    count_letter(cx, &counters).await
}

/// Counts a letter by which `account` proves its address.
///
/// # Errors
/// As of [`count_reset`].
pub(crate) async fn count_verification(cx: &Cx, account: UserId) -> refusal::Result<()> {
    count_letter(cx, &[VERIFICATIONS.of(account)]).await
}

/// Counts a change of the password of `account`.
///
/// # Errors
/// As of [`count_reset`].
pub(crate) async fn count_change(cx: &Cx, account: UserId) -> refusal::Result<()> {
    count_letter(cx, &[CHANGES.of(account)]).await
}

/// Counts a file with everything about `account`.
///
/// # Errors
/// [`Refusal::TooManyExports`] when one was asked for within a day; what the database says.
pub(crate) async fn count_export(cx: &Cx, account: UserId) -> refusal::Result<()> {
    match count_letter(cx, &[EXPORTS.of(account)]).await {
        Err(Refusal::TooManyLetters { seconds }) => Err(Refusal::TooManyExports { seconds }),
        counted => counted,
    }
}

async fn count_letter(cx: &Cx, counters: &[Counter]) -> refusal::Result<()> {
    match limit::count(cx, &SERVICE, counters).await? {
        None => Ok(()),
        Some(exceeded) => {
            log::security(&cx.with("limit", exceeded.limit.name), Security::LimitMet, None);
            Err(Refusal::TooManyLetters { seconds: exceeded.seconds })
        }
    }
}

/// Something that was tried and counted.
pub(crate) struct Tried(Vec<Counter>);

impl Tried {
    /// Gives the try back: it was right.
    ///
    /// # Errors
    /// What the database says.
    pub(crate) async fn release(&self, cx: &Cx) -> refusal::Result<()> {
        Ok(limit::release(cx, &SERVICE, &self.0).await?)
    }
}

/// Counts a try to prove the second factor of `account`.
///
/// # Errors
/// [`Refusal::TooManyFactors`] when too many have failed; what the database says.
pub(crate) async fn count_factor(cx: &Cx, account: UserId) -> refusal::Result<Tried> {
    try_factor(cx, vec![FACTORS_OF_ACCOUNT.of(account)], Some(account)).await
}

/// Counts a try of the second step of a sign-in. It is not given back.
///
/// # Errors
/// As of [`count_factor`].
pub(crate) async fn count_second_step(cx: &Cx, step: &FirstStep) -> refusal::Result<()> {
    try_factor(cx, vec![FACTORS_OF_STEP.of(step.id)], Some(step.account_id)).await.map(drop)
}

/// Counts a try to sign in by a passkey alone.
///
/// # Errors
/// As of [`count_factor`].
pub(crate) async fn count_passkey(cx: &Cx) -> refusal::Result<Tried> {
    try_factor(cx, vec![PASSKEYS_OF_CLIENT.of(cx.client_bucket())], None).await
}

/// Counts a challenge for a passkey of `account`, or of anyone.
///
/// # Errors
/// As of [`count_factor`].
pub(crate) async fn count_challenge(cx: &Cx, account: Option<UserId>) -> refusal::Result<()> {
    let counters = match account {
        Some(account) => vec![CHALLENGES_OF_ACCOUNT.of(account)],
        None => vec![CHALLENGES_OF_CLIENT.of(cx.client_bucket()), CHALLENGES.of("all")],
    };
    try_factor(cx, counters, account).await.map(drop)
}

/// Counts a change of the second factors of `account`.
///
/// # Errors
/// [`Refusal::TooManyFactorChanges`] when there were too many; what the database says.
pub(crate) async fn count_factor_change(cx: &Cx, account: UserId) -> refusal::Result<()> {
    match try_factor(cx, vec![FACTOR_CHANGES.of(account)], Some(account)).await {
        Err(Refusal::TooManyFactors { seconds }) => Err(Refusal::TooManyFactorChanges { seconds }),
        counted => counted.map(drop),
    }
}

async fn try_factor(
    cx: &Cx,
    counters: Vec<Counter>,
    account: Option<UserId>,
) -> refusal::Result<Tried> {
    match limit::count(cx, &SERVICE, &counters).await? {
        None => Ok(Tried(counters)),
        Some(exceeded) => {
            log::security(&cx.with("limit", exceeded.limit.name), Security::LimitMet, account);
            Err(Refusal::TooManyFactors { seconds: exceeded.seconds })
        }
    }
}

/// Tells whether `account` is to have a letter about a sign-in on a new device, and counts it.
///
/// # Errors
/// What the database says.
pub(crate) async fn tells_of_device(cx: &Cx, account: UserId) -> refusal::Result<bool> {
    Ok(limit::count(cx, &SERVICE, &[NEW_DEVICES.of(account)]).await?.is_none())
}

/// Counts a step of a sign-in by a provider.
///
/// # Errors
/// [`Refusal::TooManyFailures`] when too many were taken; what the database says.
pub(crate) async fn count_oidc(cx: &Cx) -> refusal::Result<()> {
    let counters = [OIDC_OF_CLIENT.of(cx.client_bucket()), OIDC.of("all")];
    match limit::count(cx, &SERVICE, &counters).await? {
        None => Ok(()),
        Some(exceeded) => {
            log::security(&cx.with("limit", exceeded.limit.name), Security::LimitMet, None);
            Err(Refusal::TooManyFailures { seconds: exceeded.seconds })
        }
    }
}

/// Returns how many accounts a client, and all together, may make in an hour.
async fn sign_up_limits() -> Result<(&'static Limit, &'static Limit)> {
    static CLIENT: OnceLock<Limit> = OnceLock::new();
    static ALL: OnceLock<Limit> = OnceLock::new();
    let limit = |name, allowed| Limit { name, allowed, seconds: SIGN_UP_WINDOW };
    let per_client = config::number("sign_ups_per_client").await?;
    let in_all = config::number("sign_ups_in_all").await?;
    let client = CLIENT.get_or_init(|| limit("sign_up_from_client", per_client));
    Ok((client, ALL.get_or_init(|| limit("sign_up", in_all))))
}

/// Returns what stands for an address where it must not be kept.
fn digest(email: &str) -> String {
    let digest = Sha256::digest(email.as_bytes());
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
