//! Whether letters go out. The shop goes on selling if they do not.

use std::collections::BTreeMap;

use anyhow::Result;
use boxoffice_kernel::Timestamp;
use boxoffice_kernel::db::{Read, Reader};
use boxoffice_kernel::health::Check;

use crate::server::Trouble;
use crate::smtp::settings::Settings;
use crate::smtp::tls;
use crate::{SERVICE, letter, server};

/// The checks of this service's own.
pub(crate) async fn checks() -> BTreeMap<String, Check> {
    BTreeMap::from([("letters".to_owned(), letters().await), ("smtp".to_owned(), smtp().await)])
}

async fn smtp() -> Check {
    let settings = match Settings::load().await {
        Ok(None) => return told(true, "no smtp_url: nothing is mailed"),
        Ok(Some(settings)) => tls::config(&settings.authorities),
        Err(error) => Err(error),
    };
    // What is wrong with a variable never repeats it.
    if let Err(error) = settings {
        return told(false, &format!("nothing is mailed: {error}"));
    }
    match server::trouble().await {
        Ok(None) => Check { ok: true, required: false, detail: None },
        Ok(Some(Trouble { failures, not_before, .. })) => told(
            false,
            &format!(
                "the mail server failed {failures} times in a row, and is tried again from \
                 {not_before} on; the log says why"
            ),
        ),
        Err(error) => unknown(Err(error)),
    }
}

async fn letters() -> Check {
    let waiting: Result<Option<(i64, Option<Timestamp>)>, _> =
        Reader::new(&SERVICE).read(letter::waiting()).await;
    match waiting {
        Ok(Some((count, Some(since)))) => {
            told(true, &format!("{count} wait, the oldest since {since}"))
        }
        Ok(_) => told(true, "no letter waits"),
        Err(error) => unknown(Err(error.into())),
    }
}

fn told(ok: bool, detail: &str) -> Check {
    Check { ok, required: false, detail: Some(detail.to_owned()) }
}

fn unknown(outcome: Result<()>) -> Check {
    Check::of(outcome, "the database does not say how letters stand").not_required()
}
