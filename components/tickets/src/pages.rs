//! Pages of listings, kept while no listing changes: see [`Cache`].

use boxoffice_kernel::cache::{Cache, Found};
use boxoffice_kernel::problem::Result;
use boxoffice_kernel::{command, db};
use http::HeaderValue;
use send_wrapper::SendWrapper;

use crate::{SERVICE, refusal};

const PAGES: Cache = Cache { key: "tickets:pages" };

/// A page as it is sent.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Written {
    /// Its entity tag.
    pub(crate) tag: HeaderValue,
    /// What its `Link` says, if there is a next one.
    pub(crate) link: Option<HeaderValue>,
    pub(crate) json: String,
}

/// The page that `query` asks for and everybody may see, as it is kept, or else as `read`.
///
/// Nothing is kept where pages come out of a file that is at hand: Redis would be no faster.
pub(crate) async fn kept(
    query: Option<&str>,
    read: impl AsyncFnOnce() -> Result<Written>,
) -> Result<Written> {
    SendWrapper::new(async {
        if !db::is_server(&SERVICE).await? {
            return read().await;
        }
        let found = PAGES.find(query.unwrap_or_default()).await;
        if let Found::Kept(text) = &found
            && let Some(page) = Written::restore(text)
        {
            return Ok(page);
        }
        let page = read().await?;
        if let Found::Missing(place) = found {
            let text = page.text();
            spin_sdk::wasip3::spawn(async move { PAGES.keep(place, &text).await });
        }
        Ok(page)
    })
    .await
}

impl Written {
    /// A line each for tag and link, which have no line's end in them, and the rest.
    fn text(&self) -> String {
        let text = |value: &HeaderValue| value.to_str().unwrap_or_default().to_owned();
        let link = self.link.as_ref().map(text).unwrap_or_default();
        format!("{}\n{link}\n{}", text(&self.tag), self.json)
    }

    /// The page that was kept as `text`.
    fn restore(text: &str) -> Option<Self> {
        let mut lines = text.splitn(3, '\n');
        let (tag, link, json) = (lines.next()?, lines.next()?, lines.next()?);
        let link = (!link.is_empty()).then(|| HeaderValue::try_from(link)).transpose().ok()?;
        Some(Self { tag: HeaderValue::try_from(tag).ok()?, link, json: json.to_owned() })
    }
}

/// To be called when a listing's change is committed, before anybody is told so.
pub(crate) async fn forget() -> anyhow::Result<()> {
    if db::is_server(&SERVICE).await? {
        PAGES.forget().await;
    }
    Ok(())
}

/// `outcome` of a command that changes a listing, when no page is kept any more that tells otherwise.
pub(crate) async fn changed(outcome: refusal::Outcome) -> refusal::Outcome {
    if outcome.is_ok() {
        forget().await.map_err(|error| command::Error::Refused(error.into()))?;
    }
    outcome
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn a_page_is_kept_as_it_is_sent() {
        let tag = HeaderValue::from_static("W/\"0123\"");
        let link = HeaderValue::from_static("</api/tickets?cursor=x>; rel=\"next\"");
        for link in [None, Some(link)] {
            let json = "{\"items\":[\n]}".to_owned();
            let page = Written { tag: tag.clone(), link, json };
            assert_eq!(Written::restore(&page.text()).unwrap(), page);
        }
        assert!(Written::restore("no page").is_none());
    }
}
