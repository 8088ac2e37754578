//! What `auth` itself knows of one account: told in its owner's file, and erased with the account.
//!
//! A table that holds something of accounts has a line in [`PARTS`] and one in [`forgetting`].

use boxoffice_contract::UserId;
use boxoffice_kernel::db::Query;
use boxoffice_kernel::person::Part;
use boxoffice_kernel::{Unit, query};

/// What the file tells. Secrets are left out: hashes, and what proves an address.
pub(crate) const PARTS: [Part; 8] = [
    Part { kind: "account", query: accounts },
    Part { kind: "session", query: sessions },
    Part { kind: "notice", query: notices },
    Part { kind: "former_address", query: former_addresses },
    Part { kind: "export", query: exports },
    Part { kind: "passkey", query: passkeys },
    Part { kind: "authenticator_app", query: apps },
    Part { kind: "sign_in_provider", query: identities },
];

/// Erases everything of the account but its row, and where its last letter goes. `email` is its address.
///
/// # Errors
/// What the database says.
pub(crate) async fn erase(unit: &mut Unit<'_>, account: UserId, email: &str) -> anyhow::Result<()> {
    for query in forgetting(account, email) {
        unit.change::<()>(query).await?;
    }
    Ok(())
}

/// Erases it again, when nobody knows the address any more.
///
/// # Errors
/// What the database says.
pub(crate) async fn erase_again(unit: &mut Unit<'_>, account: UserId) -> anyhow::Result<()> {
    erase(unit, account, "").await
}

/// Makes the statements by which an account is forgotten. A session stays until it runs out, since the
/// services must hear that it has ended; it no longer tells from where it was.
pub(crate) fn forgetting(account: UserId, email: &str) -> [Query; 15] {
    // Of somebody without a session the answer names the account.
    let named = format!("%{account}%");
    [
        query!("DELETE FROM auth_proofs WHERE account_id = ?1 OR email = ?2", account, email),
        query!("DELETE FROM auth_notices WHERE account_id = ?1", account),
        query!("DELETE FROM auth_identities WHERE account_id = ?1", account),
        query!("DELETE FROM auth_address_changes WHERE account_id = ?1", account),
        query!(
            "UPDATE auth_operations SET reason = NULL \
             WHERE account_id = ?1 AND reason IS NOT NULL",
            account
        ),
        query!("DELETE FROM auth_failures WHERE email = ?1", email),
        query!("DELETE FROM auth_limits WHERE key = ?1", account),
        query!(
            "DELETE FROM auth_idempotency \
             WHERE scope = ?1 OR (scope = 'anyone' AND body LIKE ?2)",
            account,
            named
        ),
        query!(
            "DELETE FROM auth_export_parts WHERE export_id IN \
             (SELECT id FROM auth_exports WHERE account_id = ?1)",
            account
        ),
        query!("DELETE FROM auth_exports WHERE account_id = ?1", account),
        query!("DELETE FROM auth_passkeys WHERE account_id = ?1", account),
        query!("DELETE FROM auth_totp WHERE account_id = ?1", account),
        query!("DELETE FROM auth_recovery_codes WHERE account_id = ?1", account),
        query!("DELETE FROM auth_challenges WHERE account_id = ?1", account),
        query!(
            "UPDATE auth_sessions SET device = '', client = NULL \
             WHERE account_id = ?1 AND (device <> '' OR client IS NOT NULL)",
            account
        ),
    ]
}

pub(crate) fn accounts(account: UserId, after: &str, most: i64) -> Query {
    query!(
        "SELECT id, email, verified_at, locale, signed_out_at, roles, suspended_at, \
         created_at FROM auth_users \
         WHERE id = ?1 AND id > ?2 LIMIT ?3",
        account,
        after,
        most
    )
}

pub(crate) fn sessions(account: UserId, after: &str, most: i64) -> Query {
    query!(
        "SELECT id, device, client, created_at, seen_at, expires_at, ended_at FROM auth_sessions \
         WHERE account_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
        account,
        after,
        most
    )
}

pub(crate) fn notices(account: UserId, after: &str, most: i64) -> Query {
    query!(
        "SELECT id, device, client, created_at, expires_at FROM auth_notices \
         WHERE account_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
        account,
        after,
        most
    )
}

pub(crate) fn former_addresses(account: UserId, after: &str, most: i64) -> Query {
    query!(
        "SELECT id, old_email, device, client, created_at, expires_at FROM auth_address_changes \
         WHERE account_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
        account,
        after,
        most
    )
}

pub(crate) fn exports(account: UserId, after: &str, most: i64) -> Query {
    query!(
        "SELECT id, status, created_at, expires_at FROM auth_exports \
         WHERE account_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
        account,
        after,
        most
    )
}

pub(crate) fn passkeys(account: UserId, after: &str, most: i64) -> Query {
    query!(
        "SELECT id, name, transports, created_at, used_at FROM auth_passkeys \
         WHERE account_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
        account,
        after,
        most
    )
}

pub(crate) fn apps(account: UserId, after: &str, most: i64) -> Query {
    query!(
        "SELECT account_id AS id, created_at, confirmed_at FROM auth_totp \
         WHERE account_id = ?1 AND account_id > ?2 LIMIT ?3",
        account,
        after,
        most
    )
}

pub(crate) fn identities(account: UserId, after: &str, most: i64) -> Query {
    query!(
        "SELECT id, issuer, subject, created_at FROM auth_identities \
         WHERE account_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
        account,
        after,
        most
    )
}
