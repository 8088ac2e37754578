//! What people do in a window.

use fantoccini::Locator;
use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::key::Key;

use super::Window;

impl Window {
    /// Clicks the button or link of this name.
    pub(crate) async fn click(&self, name: &str) {
        self.find("control", name, None).await.click().await.unwrap_or_else(|error| {
            panic!("{} cannot click {name:?}: {error}", self.name);
        });
    }

    /// Clicks the button or link of this name inside `scope`, a CSS selector.
    pub(crate) async fn click_in(&self, scope: &str, name: &str) {
        self.find("control", name, Some(scope)).await.click().await.unwrap();
    }

    /// Clicks the label of this field, one of several to choose from: it covers the field.
    pub(crate) async fn click_field(&self, label: &str) {
        let field = self.find("field", label, None).await;
        let id = field.attr("id").await.unwrap().unwrap_or_default();
        let label = Locator::Css(&format!("label[for='{id}']"));
        self.client.find(label).await.unwrap().click().await.unwrap();
    }

    /// Writes into the field with this label, in place of what was there.
    pub(crate) async fn fill(&self, label: &str, text: &str) {
        let field = self.find("field", label, None).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Writes into the field for a date and a time with this label, as Americans do: `07012030` and
    /// `0830PM`.
    pub(crate) async fn fill_date(&self, label: &str, date: &str, time: &str) {
        let field = self.find("field", label, None).await;
        field.clear().await.unwrap();
        // A year takes up to six digits: only an arrow tells that it has ended. All other parts end
        // by themselves; an arrow after one of them would skip the next.
        let arrow = char::from(Key::Right);
        field.send_keys(&format!("{date}{arrow}{time}")).await.unwrap();
    }

    /// Chooses what stands for `value` from the list with this label.
    pub(crate) async fn choose(&self, label: &str, value: &str) {
        let field = self.find("field", label, None).await;
        field.select_by_value(value).await.unwrap();
    }

    /// What the field with this label holds.
    pub(crate) async fn value(&self, label: &str) -> String {
        let field = self.find("field", label, None).await;
        field.prop("value").await.unwrap().unwrap_or_default()
    }

    /// Presses a key, on whatever has the focus.
    pub(crate) async fn press(&self, key: &Key) {
        self.types_blindly(key).await;
    }

    /// Types, wherever the focus is.
    pub(crate) async fn types_blindly(&self, text: &str) {
        let strokes = text
            .chars()
            .flat_map(|value| [KeyAction::Down { value }, KeyAction::Up { value }])
            .fold(KeyActions::new("keyboard".to_owned()), KeyActions::then);
        self.client.perform_actions(strokes).await.unwrap();
    }
}
