//! Application variables, read from the host once an instance.

use std::cell::RefCell;
use std::collections::HashMap;

use anyhow::{Context, Result};
use send_wrapper::SendWrapper;

thread_local! {
    static CACHE: RefCell<HashMap<&'static str, String>> = RefCell::default();
}

/// The value of the variable `name`.
///
/// # Errors
/// When `spin.toml` does not hand the variable to this component.
pub async fn variable(name: &'static str) -> Result<String> {
    if let Some(value) = CACHE.with_borrow(|cache| cache.get(name).cloned()) {
        return Ok(value);
    }
    let value = SendWrapper::new(spin_sdk::variables::get(name)).await.with_context(|| {
        format!(
            "the variable {name} is not given to this component: see its variables in spin.toml"
        )
    })?;
    CACHE.with_borrow_mut(|cache| cache.insert(name, value.clone()));
    Ok(value)
}

/// Where people reach the shop: `public_url`, without a slash at its end.
///
/// # Errors
/// As [`variable`].
pub async fn shop() -> Result<String> {
    Ok(variable("public_url").await?.trim_end_matches('/').to_owned())
}

/// Whether the shop is served by https, so that browsers keep its cookies to that.
///
/// # Errors
/// As [`variable`].
pub async fn is_secure() -> Result<bool> {
    Ok(variable("public_url").await?.starts_with("https://"))
}

/// The value of the variable `name`, which is a whole number.
///
/// # Errors
/// As [`variable`], and when the value is no number.
pub async fn number(name: &'static str) -> Result<i64> {
    let value = variable(name).await?;
    value.trim().parse().with_context(|| format!("the variable {name} is {value:?}, not a number"))
}

/// Whether the variable `name`, a choice that operators have, is `true`.
///
/// # Errors
/// As [`variable`], and when the value is neither `true` nor `false`, nor empty.
pub async fn is_set(name: &'static str) -> Result<bool> {
    match variable(name).await?.trim() {
        "true" => Ok(true),
        "false" | "" => Ok(false),
        other => anyhow::bail!("the variable {name} is {other:?}; it must be true or false"),
    }
}
