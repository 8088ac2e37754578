//! What people do with the keyboard alone.

use fantoccini::key::Key;
use serde_json::Value;

use super::Window;

/// How many stops nobody should have to pass on a page.
const PATIENCE: usize = 60;

/// What has the focus: its name, and what is wrong with how that shows.
const FOCUS: &str = include_str!("focus.js");

impl Window {
    /// Presses Tab until what has the focus is of this name. At every stop on the way it shows where
    /// the focus is.
    ///
    /// # Panics
    /// When it does not show, or nothing of this name can be reached.
    pub(crate) async fn tabs_to(&self, name: &str) {
        let mut stops = Vec::new();
        for _ in 0..PATIENCE {
            self.press(&Key::Tab).await;
            let stop = self.focus().await;
            if stop["name"] == name {
                return;
            }
            stops.push(stop["name"].clone());
        }
        panic!("{} does not get to {name:?} by Tab, only to {}", self.name, Value::Array(stops));
    }

    /// The same, of what is inside `scope`, a CSS selector.
    pub(crate) async fn tabs_to_in(&self, scope: &str, name: &str) {
        let is_inside =
            format!("return document.querySelector({scope:?}).contains(document.activeElement)");
        for _ in 0..PATIENCE {
            self.tabs_to(name).await;
            if self.run(&is_inside).await == true {
                return;
            }
        }
        panic!("{} does not get to {name:?} in {scope} by Tab", self.name);
    }

    /// Tabs to the button or link of this name, and presses Enter.
    pub(crate) async fn enters(&self, name: &str) {
        self.tabs_to(name).await;
        self.press(&Key::Enter).await;
    }

    /// Tabs to the field with this label, and types into it.
    pub(crate) async fn types(&self, label: &str, text: &str) {
        self.tabs_to(label).await;
        self.types_blindly(text).await;
    }

    /// Waits until what is of this name has the focus.
    pub(crate) async fn has_focus_on(&self, name: &str) {
        let what = format!("{} has the focus on {name:?}", self.name);
        let look = async || self.run(FOCUS).await["name"].clone();
        boxoffice_tests::eventually(&what, look, |seen| seen == name).await;
    }

    /// What has the focus, which can be seen as soon as the page has scrolled to it.
    async fn focus(&self) -> Value {
        let what = format!("{}'s focus can be seen", self.name);
        let look = async || self.run(FOCUS).await;
        boxoffice_tests::eventually(&what, look, |focus| focus["fault"] == Value::Null).await
    }
}
