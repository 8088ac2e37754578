//! What people see in a window.

use boxoffice_tests::eventually;
use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use serde_json::{Value, json};

use super::Window;

/// How many pages may come and go while something is done to what is on them.
const PAGES: usize = 5;

const FIND: &str = include_str!("find.js");

/// The name of an element's id: <https://www.w3.org/TR/webdriver2/#elements>.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// What an invalid field says is wrong with it, to those who hear the page. Its hint, which it always
/// says, is no part of that.
const COMPLAINT: &str = "
    const [field] = arguments;
    const describers = (field.getAttribute('aria-describedby') ?? '').split(/\\s+/)
        .filter((id) => !id.endsWith('-hint'));
    const text = describers.map((id) => document.getElementById(id)?.textContent ?? '').join(' ');
    return field.ariaInvalid === 'true' ? text.trim() : '';
";

/// Whether what was found is not on the page any more. Where chromedriver notices that between two
/// questions to the browser, it only passes on what the browser says
/// (<https://chromedevtools.github.io/devtools-protocol/tot/DOM/>).
fn is_gone(error: &CmdError) -> bool {
    error.is_stale_element_reference()
        || error.to_string().contains("Node with given id does not belong to the document")
}

impl Window {
    /// Waits until `text` can be read on the page.
    pub(crate) async fn sees(&self, text: &str) {
        let what = format!("{} sees {text:?}", self.name);
        eventually(&what, async || self.text().await, |seen| seen.contains(text)).await;
    }

    /// Waits until `text` cannot be read on the page any more.
    pub(crate) async fn sees_no(&self, text: &str) {
        let what = format!("{} no longer sees {text:?}", self.name);
        eventually(&what, async || self.text().await, |seen| !seen.contains(text)).await;
    }

    /// What can be read on the page, with single spaces.
    pub(crate) async fn text(&self) -> String {
        let text = self.run("return document.body?.innerText ?? ''").await;
        text.as_str().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// What can be read in the first element that `selector` finds, with single spaces.
    pub(crate) async fn text_of(&self, selector: &str) -> String {
        let script = format!("return document.querySelector({selector:?})?.innerText ?? ''");
        let text = self.run(&script).await;
        text.as_str().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The titles of the listings on the page, from the first to the last.
    pub(crate) async fn titles(&self) -> Vec<String> {
        let script = "return [...document.querySelectorAll('main [data-ticket]')]
            .map((card) => card.querySelector('h2, h3').innerText)";
        serde_json::from_value(self.run(script).await).unwrap()
    }

    /// Waits for a countdown that begins with these digits, `mm:ss`.
    pub(crate) async fn sees_timer(&self, digits: &str) {
        let what = format!("{} sees a countdown at {digits}", self.name);
        let look = async || self.text_of("[role=timer]").await;
        eventually(&what, look, |seen| seen.contains(digits)).await;
    }

    /// Where the link of this name leads.
    pub(crate) async fn target_of(&self, name: &str) -> String {
        let target = self.on("link", name, None, async |link| link.attr("href").await).await;
        target.unwrap_or_default()
    }

    /// Waits for a heading of this name.
    pub(crate) async fn sees_heading(&self, name: &str) {
        self.find("heading", name, None).await;
    }

    /// Waits for a heading of one of these names.
    pub(crate) async fn sees_any_heading(&self, names: &[&str]) {
        let what = format!("{} sees one of the headings {names:?}", self.name);
        let look = async || self.text_of("h1").await;
        eventually(&what, look, |seen| names.contains(&seen.as_str())).await;
    }

    /// Whether there is a button or link of this name now.
    pub(crate) async fn has(&self, name: &str) -> bool {
        self.look("control", name, None).await.is_some()
    }

    /// Waits until the listing is shown with this status, and this word for it, if there is one.
    pub(crate) async fn sees_ticket(&self, ticket: &Value, status: &str) {
        let id = boxoffice_tests::id(ticket);
        let script =
            format!("return document.querySelector('[data-ticket=\"{id}\"]')?.dataset.status");
        let what = format!("{} sees the ticket as {status}", self.name);
        eventually(&what, async || self.run(&script).await, |seen| seen == status).await;
    }

    /// Does something to what [`Window::find`] finds. What was clicked before may replace the page
    /// between the two; then it is found and done anew.
    pub(super) async fn on<T>(
        &self,
        kind: &str,
        name: &str,
        scope: Option<&str>,
        act: impl AsyncFn(Element) -> Result<T, CmdError>,
    ) -> T {
        for _ in 0..PAGES {
            match act(self.find(kind, name, scope).await).await {
                Err(error) if is_gone(&error) => {}
                done => {
                    return done.unwrap_or_else(|error| {
                        panic!("{} cannot use the {kind} {name:?}: {error}", self.name)
                    });
                }
            }
        }
        panic!("{} sees a {kind} {name:?}, which is gone again each time", self.name);
    }

    pub(super) async fn find(&self, kind: &str, name: &str, scope: Option<&str>) -> Element {
        let what = format!("{} sees a {kind} {name:?}", self.name);
        let look = async || self.look(kind, name, scope).await;
        eventually(&what, look, Option::is_some).await.expect("just seen")
    }

    pub(super) async fn look(
        &self,
        kind: &str,
        name: &str,
        scope: Option<&str>,
    ) -> Option<Element> {
        let arguments = vec![json!(kind), json!(name), json!(scope)];
        let found = self.client.execute(FIND, arguments).await.unwrap();
        let id = found[ELEMENT].as_str()?.to_owned();
        Some(Element::from_element_id(self.client.clone(), id.into()))
    }

    /// Waits until the field with this label says what is wrong with it; the words for it.
    pub(crate) async fn complaint(&self, label: &str) -> String {
        let what = format!("{} is told what is wrong with {label:?}", self.name);
        let look = async || self.ask_field(label, COMPLAINT).await;
        let told =
            eventually(&what, look, |seen| seen.as_str().is_some_and(|text| !text.is_empty()));
        told.await.as_str().unwrap_or_default().to_owned()
    }

    /// Waits until the field with this label has nothing wrong with it.
    pub(crate) async fn is_content_with(&self, label: &str) {
        let what = format!("{} is told that {label:?} is fine", self.name);
        let look = async || self.ask_field(label, "return arguments[0].ariaInvalid").await;
        eventually(&what, look, |seen| *seen != "true").await;
    }

    /// What a script says of the field with this label.
    async fn ask_field(&self, label: &str, script: &str) -> Value {
        self.on("field", label, None, async |field| self.run_on(&field, script).await).await
    }

    /// Whether there is a button of this name that can be clicked now.
    pub(crate) async fn can_click(&self, name: &str) -> bool {
        match self.look("button", name, None).await {
            Some(button) => button.is_enabled().await.unwrap_or_default(),
            None => false,
        }
    }
}
