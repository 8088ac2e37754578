//! Somebody with a browser without scripts: it keeps cookies, and sends forms as they are.

use std::cell::RefCell;
use std::collections::BTreeMap;

use boxoffice_tests::person::PASSWORD;
use boxoffice_tests::{Answer, App, CodeApp, Person, Request, get};
use reqwest::Method;
use serde_json::{Value, json};

/// What browsers ask pages for.
const HTML: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

/// Somebody at a browser.
pub(crate) struct Browser {
    person: Person,
    origin: String,
    language: &'static str,
    cookies: RefCell<BTreeMap<String, String>>,
}

impl Browser {
    /// Somebody who has just come to the shop.
    pub(crate) fn at(app: &App) -> Self {
        Self {
            person: app.client(),
            origin: format!("http://{}", app.host().address()),
            language: "en-GB,en;q=0.9",
            cookies: RefCell::default(),
        }
    }

    /// The same with a browser in another language.
    pub(crate) fn in_language(self, language: &'static str) -> Self {
        Self { language, ..self }
    }

    /// Somebody who has signed up by the form.
    pub(crate) async fn signed_up(app: &App, email: &str) -> Self {
        let browser = Self::at(app);
        let form = browser.form("/sign-up", "/sign-up").await;
        let form = form.with("email", email).with("password", PASSWORD);
        let welcome = browser.send(&form).await;
        assert_eq!((welcome.status, welcome.header("location")), (303, "/"), "{welcome}");
        browser
    }

    /// Sends `request` with the browser's cookies, and keeps those that come back.
    pub(crate) async fn exchange(&self, request: Request) -> Answer {
        let cookies = self.cookies.borrow().clone();
        let pairs: Vec<String> =
            cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = request.header("accept-language", self.language);
        if !pairs.is_empty() {
            request = request.header("cookie", pairs.join("; "));
        }
        let answer = self.person.exchange(&request).await;
        for cookie in answer.headers.get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
            let (pair, rest) = cookie.split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            let mut cookies = self.cookies.borrow_mut();
            match rest.contains("Max-Age=0") {
                true => cookies.remove(name),
                false => cookies.insert(name.to_owned(), value.to_owned()),
            };
        }
        answer
    }

    /// The page at `path`, whatever it is.
    pub(crate) async fn open(&self, path: &str) -> Answer {
        self.exchange(get(path).header("accept", HTML)).await
    }

    /// The page at `path`, which must be one.
    pub(crate) async fn page(&self, path: &str) -> Answer {
        let answer = self.open(path).await;
        assert_eq!(answer.status, 200, "{answer}");
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8", "{answer}");
        answer
    }

    /// What a page's script is answered at `path`.
    pub(crate) async fn state(&self, path: &str) -> Answer {
        self.exchange(get(path).header("accept", "application/json")).await
    }

    /// The form on the page at `path` that is sent to `action`.
    pub(crate) async fn form(&self, path: &str, action: &str) -> Form {
        Form::on(&self.page(path).await, action)
    }

    /// Sends a form.
    pub(crate) async fn send(&self, form: &Form) -> Answer {
        self.exchange(form.request().header("accept", HTML).header("origin", &self.origin)).await
    }

    /// Sends a form as a page's script does.
    pub(crate) async fn send_by_script(&self, form: &Form) -> Answer {
        let request = form.request().header("accept", "application/json");
        self.exchange(request.header("origin", &self.origin)).await
    }

    /// Sets up an authenticator app for the account that is signed in.
    pub(crate) async fn sets_up_an_app(&self, app: &App) -> CodeApp {
        let form = self.form("/account", "/account/authenticator").await;
        let page = self.send(&form).await;
        let form = Form::on(&page, "/account/authenticator/confirm");
        let codes = CodeApp::of(&json!({ "secret": form.value("secret") }));
        let page = self.send(&form.with("code", &codes.code(app, 0))).await;
        assert!(page.text.contains("Keep your recovery codes"), "{page}");
        codes
    }

    /// Confirms by `code` on the page that a form was answered with.
    pub(crate) async fn confirms(&self, asked: &Answer, code: &str) -> Answer {
        assert_eq!(asked.status, 403, "{asked}");
        self.send(&Form::on(asked, "/confirm").with("code", code)).await
    }

    /// The page that a redirect leads to.
    pub(crate) async fn follow(&self, answer: &Answer) -> Answer {
        assert_eq!(answer.status, 303, "{answer}");
        self.page(answer.header("location")).await
    }
}

/// A form, with what is in its fields.
#[derive(Clone, Debug)]
pub(crate) struct Form {
    action: String,
    fields: BTreeMap<String, String>,
}

impl Form {
    /// A form of nobody's, with nothing in it.
    pub(crate) fn empty() -> Self {
        Self { action: String::new(), fields: BTreeMap::new() }
    }

    /// The form on a page that is sent to `action`, whatever its query.
    #[track_caller]
    pub(crate) fn on(page: &Answer, action: &str) -> Self {
        let forms = page.text.split("<form").skip(1);
        let mut forms = forms.filter_map(|form| {
            let sent_to = attribute(&form[..form.find('>')?], "action")?;
            let is_it = sent_to.split('?').next() == Some(action);
            is_it.then_some((form, sent_to))
        });
        let (form, action) = forms.next().unwrap_or_else(|| panic!("no form for {action}: {page}"));
        let form = &form[..form.find("</form>").unwrap_or(form.len())];
        let inputs = form.split("<input").skip(1);
        let fields = inputs.filter_map(|input| {
            let tag = &input[..input.find('>').unwrap_or(input.len())];
            let chooses = ["radio", "checkbox"].map(|kind| format!("type=\"{kind}\""));
            let chooses = chooses.iter().any(|kind| tag.contains(kind));
            let unchosen = chooses && !tag.contains("checked=") && !tag.contains(" checked");
            let name = attribute(tag, "name").filter(|_| !unchosen)?;
            Some((name, attribute(tag, "value").unwrap_or_default()))
        });
        Self { fields: fields.collect(), action }
    }

    /// The same with `value` in the field `name`.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.insert(name.to_owned(), value.to_owned());
        self
    }

    /// The same fields, sent to another address.
    pub(crate) fn sent_to(self, action: &str) -> Self {
        Self { action: action.to_owned(), ..self }
    }

    /// What is in the field `name`.
    #[track_caller]
    pub(crate) fn value(&self, name: &str) -> &str {
        self.fields.get(name).unwrap_or_else(|| panic!("no field {name}: {self:?}"))
    }

    /// The request that it makes.
    pub(crate) fn request(&self) -> Request {
        let body =
            form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.fields).finish();
        Request::new(Method::POST, &self.action)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body)
    }
}

/// The value of an attribute of a tag.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    let (value, _) = rest.split_once('"')?;
    let value = value.replace("&quot;", "\"").replace("&#x27;", "'").replace("&#39;", "'");
    Some(value.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
}

/// What a page shows, as the state that is embedded in it.
#[track_caller]
pub(crate) fn embedded(page: &Answer) -> Value {
    let (_, rest) = page.text.split_once("id=\"state\"").unwrap_or_else(|| panic!("{page}"));
    let (_, rest) = rest.split_once('>').unwrap();
    let (json, _) = rest.split_once("</script>").unwrap();
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}: {json}"))
}
