//! A provider of OpenID Connect that nobody here wrote: `oidc-provider` from npm. People sign in there by
//! its own pages, with any name: see `tests/identity/provider.mjs`.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use reqwest::header::LOCATION;
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode, Url};

use crate::surroundings::free_port;
use crate::{Answer, App, Person, Surroundings, get, workspace};

/// What the shop is called there.
const CLIENT_ID: &str = "shop";
const CLIENT_SECRET: &str = "a secret of no other use";
/// What pages call it.
pub const NAME: &str = "Example ID";
/// How often a sign-in is sent on at most.
const STEPS: usize = 12;

/// A provider that runs. Dropped, it is gone.
pub struct IdentityProvider {
    child: Child,
    port: u16,
}

impl IdentityProvider {
    /// Starts a provider for the shop that is about to start, and tells the shop of it.
    ///
    /// # Panics
    /// When Node or the package is missing, or it does not start.
    pub fn start(around: &mut Surroundings) -> Self {
        around.listen_where_the_shop_says();
        let port = free_port();
        let provider = Self { child: Self::run(around, port), port };
        for (name, value) in [
            ("oidc_issuer", provider.issuer()),
            ("oidc_allowed", provider.issuer()),
            ("oidc_client_id", CLIENT_ID.to_owned()),
            ("oidc_client_secret", CLIENT_SECRET.to_owned()),
            ("oidc_name", NAME.to_owned()),
        ] {
            around.variables.insert(name.to_owned(), value);
        }
        provider
    }

    fn run(around: &Surroundings, port: u16) -> Child {
        let script = include_str!("../identity/provider.mjs");
        let callback = format!("{}/api/users/oidc/callback", around.variables["public_url"]);
        let mut child = Command::new("node")
            .args(["--input-type=module", "--eval", script])
            .current_dir(workspace().join("target/npm/identity"))
            .env("PORT", port.to_string())
            .env("REDIRECT_URI", callback)
            .env("CLIENT_ID", CLIENT_ID)
            .env("CLIENT_SECRET", CLIENT_SECRET)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("`cargo xtask test api` installs oidc-provider");
        let lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let is_ready = lines.map_while(Result::ok).any(|line| line == "ready");
        assert!(is_ready, "oidc-provider does not start");
        child
    }

    /// Its address, which it is known by.
    pub fn issuer(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Ends it.
    pub fn stop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Starts it again, with other keys and without its sessions.
    pub fn restart(&mut self, around: &Surroundings) {
        self.stop();
        self.child = Self::run(around, self.port);
    }

    /// Signs in at the provider as `name`, from the address `start` that the shop leads to. Returns the
    /// path of the shop that the provider leads back to.
    ///
    /// # Panics
    /// When the provider leads elsewhere.
    pub async fn signs_in(&self, start: &str, name: &str) -> String {
        let client = Client::builder().cookie_store(true).redirect(Policy::none()).no_proxy();
        let client = client.build().unwrap();
        let mut url = Url::parse(start).unwrap();
        for _ in 0..STEPS {
            if url.port() != Some(self.port) {
                return format!("{}?{}", url.path(), url.query().unwrap_or_default());
            }
            let mut answer = client.get(url.clone()).send().await.unwrap();
            if answer.status() == StatusCode::OK {
                let page = answer.text().await.unwrap();
                let action = page.split("action=\"").nth(1).and_then(|rest| rest.split('"').next());
                let action = action.unwrap_or_else(|| panic!("no form: {page}"));
                let form = if page.contains("name=\"login\"") {
                    format!("prompt=login&login={}&password=any", name.replace('+', "%2B"))
                } else {
                    "prompt=consent".to_owned()
                };
                let request = client.post(action).body(form);
                let request = request.header("content-type", "application/x-www-form-urlencoded");
                answer = request.send().await.unwrap();
            }
            let location = answer.headers().get(LOCATION).map(|value| value.to_str().unwrap());
            let location = location.unwrap_or_else(|| panic!("{url}: {}", answer.status()));
            url = url.join(location).unwrap();
        }
        panic!("the provider leads nowhere: {url}");
    }

    /// Has somebody come to the shop, sign in at the provider as `name`, and come back. Returns the shop's
    /// answer to that, and the browser's cookie for the attempt.
    pub async fn enters(&self, app: &App, name: &str, next: &str) -> (Answer, Person) {
        let nobody = app.client();
        let start = nobody.send(&get(format!("/api/users/oidc/start?next={next}"))).await;
        assert_eq!(start.status, 303, "{start}");
        let browser = with_attempt(nobody, &start);
        let back = self.signs_in(start.header("location"), name).await;
        (browser.send(&get(back)).await, browser)
    }
}

/// The same person, with the cookie that binds the provider's answer to their browser.
pub fn with_attempt(person: Person, start: &Answer) -> Person {
    person.with_cookie(&start.cookie("oidc"))
}

impl Drop for IdentityProvider {
    fn drop(&mut self) {
        self.stop();
    }
}
