//! What every answer about a ticket is made with: the key, the shop's address, its wallets.

use std::sync::Arc;

use anyhow::Result;
use boxoffice_contract::admissions::Wallet;
use boxoffice_kernel::config;

use crate::key::Keys;
use crate::wallet::Wallets;

/// The shop, as it issues tickets.
pub(crate) struct Issuer {
    /// Signs codes and links.
    pub(crate) keys: Arc<Keys>,
    /// The address of the shop, without a slash at its end.
    pub(crate) shop: String,
    /// The wallets that take its tickets.
    pub(crate) wallets: Vec<Wallet>,
}

impl Issuer {
    /// Reads the variables, most of them once an instance.
    pub(crate) async fn load() -> Result<Self> {
        let wallets = Wallets::load().await.names();
        Ok(Self { keys: Keys::load().await?, shop: config::shop().await?, wallets })
    }
}
