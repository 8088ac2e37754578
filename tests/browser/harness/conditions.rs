//! Under which conditions somebody uses a window.

use serde_json::json;

use super::Window;

/// What a browser offers among what it fills in, nobody chooses from without a screen. `window.choose` does, as
/// long as the page makes the offer.
const CHOICE: &str = "
    if (navigator.credentials) {
        const get = navigator.credentials.get.bind(navigator.credentials);
        PublicKeyCredential.isConditionalMediationAvailable = async () => true;
        navigator.credentials.get = ({ mediation, signal, ...options }) => {
            if (mediation !== 'conditional') return get({ signal, ...options });
            return new Promise((resolve, reject) => {
                window.choose = () => resolve(get(options));
                signal.addEventListener('abort', () => {
                    delete window.choose;
                    reject(signal.reason);
                });
            });
        };
    }
";

impl Window {
    /// Makes it so many CSS pixels wide and high.
    pub(crate) async fn is(&self, width: u32, height: u32) {
        let size = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 768,
        });
        self.devtools("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// Prefers `dark` or `light`, and still things to moving ones or not.
    pub(crate) async fn prefers(&self, scheme: &str, motion: &str) {
        let features = json!([
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "prefers-reduced-motion", "value": motion },
        ]);
        self.devtools("Emulation.setEmulatedMedia", json!({ "features": features })).await;
    }

    /// Shows pages as they are printed, by somebody who prefers dark screens.
    pub(crate) async fn prints_from_the_dark(&self) {
        let features = json!([{ "name": "prefers-color-scheme", "value": "dark" }]);
        let media = json!({ "media": "print", "features": features });
        self.devtools("Emulation.setEmulatedMedia", media).await;
    }

    /// Asks for pages in these languages, as in `Accept-Language`.
    pub(crate) async fn speaks(&self, languages: &str) {
        let headers = json!({ "headers": { "Accept-Language": languages } });
        self.devtools("Network.enable", json!({})).await;
        self.devtools("Network.setExtraHTTPHeaders", headers).await;
    }

    /// Runs no page's scripts from the next page on.
    pub(crate) async fn without_scripts(&self) {
        self.has_scripts.set(false);
        // Chromium fetches what a page's scripts would have used, and wonders.
        self.expects("/assets/", "was preloaded using link preload but not used");
        self.devtools("Emulation.setScriptExecutionDisabled", json!({ "value": true })).await;
    }

    /// Has an authenticator inside, whose user is always there and always verified.
    pub(crate) async fn has_authenticator(&self) {
        let options = json!({
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": true,
            "hasUserVerification": true, "isUserVerified": true,
            "automaticPresenceSimulation": true,
        });
        self.devtools("WebAuthn.enable", json!({ "enableUI": false })).await;
        self.devtools("WebAuthn.addVirtualAuthenticator", json!({ "options": options })).await;
        self.on_every_page(CHOICE).await;
    }

    /// Runs pages' scripts again, from the next page on.
    pub(crate) async fn with_scripts(&self) {
        self.has_scripts.set(true);
        self.devtools("Emulation.setScriptExecutionDisabled", json!({ "value": false })).await;
    }

    /// Loses the network, or finds it again.
    pub(crate) async fn is_offline(&self, offline: bool) {
        let conditions = json!({
            "offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1,
        });
        self.devtools("Network.enable", json!({})).await;
        self.devtools("Network.emulateNetworkConditions", conditions).await;
        if offline {
            // The browser answers before its network has heard of it: news might still come through.
            let asks = "(fetch('/healthz').then(() => {}, () => (window.isCutOff = true)), \
                         window.isCutOff)";
            self.waits_for("the network is gone", asks).await;
            // A stream that is open ends a moment later.
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        }
    }

    /// Cannot reach addresses that these patterns match, from now on.
    pub(crate) async fn cannot_reach(&self, patterns: &[&str]) {
        self.devtools("Network.enable", json!({})).await;
        self.devtools("Network.setBlockedURLs", json!({ "urls": patterns })).await;
    }

    /// Runs this in every page before the page's own scripts.
    pub(crate) async fn on_every_page(&self, script: &str) {
        let source = json!({ "source": script });
        self.devtools("Page.addScriptToEvaluateOnNewDocument", source).await;
    }
}
