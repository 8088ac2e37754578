//! Pictures of pages.

use base64::Engine;
use boxoffice_tests::workspace;
use serde_json::json;

use super::Window;

impl Window {
    /// Writes a picture of the whole page to `target/screenshots/<name>.png`.
    pub(crate) async fn photograph(&self, name: &str) {
        let picture = json!({ "captureBeyondViewport": true, "optimizeForSpeed": true });
        let picture = self.devtools("Page.captureScreenshot", picture).await;
        let data = picture["data"].as_str().unwrap();
        let data = base64::engine::general_purpose::STANDARD.decode(data).unwrap();
        let file = workspace().join("target/screenshots").join(name).with_extension("png");
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, data).unwrap();
    }
}
