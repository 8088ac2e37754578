//! Whether the shop sends letters, which pages depend on.

use anyhow::Result;
use boxoffice_kernel::config;

/// Returns whether letters are sent; if not, pages say what to do instead.
///
/// # Errors
/// When the variable is not given to this component.
pub(crate) async fn is_sent() -> Result<bool> {
    Ok(!config::variable("mail_from").await?.trim().is_empty())
}
