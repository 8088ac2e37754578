//! What people do in a window.

use fantoccini::Locator;
use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::elements::Element;
use fantoccini::key::Key;

use super::Window;

impl Window {
    /// Clicks the button or link of this name.
    pub(crate) async fn click(&self, name: &str) {
        self.on("control", name, None, async |control| control.click().await).await;
    }

    /// Clicks the button or link of this name inside `scope`, a CSS selector.
    pub(crate) async fn click_in(&self, scope: &str, name: &str) {
        self.on("control", name, Some(scope), async |control| control.click().await).await;
    }

    /// Clicks the label of this field, one of several to choose from: it covers the field.
    pub(crate) async fn click_field(&self, label: &str) {
        let click = async |field: Element| {
            let id = field.attr("id").await?.unwrap_or_default();
            let label = format!("label[for='{id}']");
            self.client.find(Locator::Css(&label)).await?.click().await
        };
        self.on("field", label, None, click).await;
    }

    /// Writes into the field with this label, in place of what was there.
    pub(crate) async fn fill(&self, label: &str, text: &str) {
        let write = async |field: Element| {
            field.clear().await?;
            field.send_keys(text).await
        };
        self.on("field", label, None, write).await;
    }

    /// Writes into the field for a date and a time with this label, as Americans do: `07012030` and
    /// `0830PM`.
    pub(crate) async fn fill_date(&self, label: &str, date: &str, time: &str) {
        // A year takes up to six digits: only an arrow tells that it has ended. All other parts end
        // by themselves; an arrow after one of them would skip the next.
        let arrow = char::from(Key::Right);
        self.fill(label, &format!("{date}{arrow}{time}")).await;
    }

    /// Chooses what stands for `value` from the list with this label.
    pub(crate) async fn choose(&self, label: &str, value: &str) {
        self.on("field", label, None, async |field| field.select_by_value(value).await).await;
    }

    /// What the field with this label holds.
    pub(crate) async fn value(&self, label: &str) -> String {
        let value = self.on("field", label, None, async |field| field.prop("value").await).await;
        value.unwrap_or_default()
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
