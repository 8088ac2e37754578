//! How often a sign-in may fail, and how many accounts may be made.
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

/// How long new accounts are counted, in seconds.
const SIGN_UP_WINDOW: i64 = 60 * 60;

/// A sign-in that is counted.
pub(crate) struct Attempt(Vec<Counter>);

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
            None => Ok(Self(counters)),
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
    pub(crate) async fn succeeded(self, cx: &Cx) -> refusal::Result<()> {
        Ok(limit::release(cx, &SERVICE, &self.0).await?)
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
