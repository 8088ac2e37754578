//! The whole HTML of a page, for the server.

use sycamore::prelude::*;
use sycamore::web::NoHydrate;

use crate::app::{app, full_title};
use crate::shop::Shop;
use crate::state::{Page, State};

/// The addresses of the browser's files, such as `/assets/app-1f2e3d.css`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assets {
    /// The style sheet, `app.css`.
    pub css: String,
    /// The shop's icon, `favicon.svg`.
    pub icon: String,
    /// The shop's module, which every page loads: `boot.js` starts it.
    pub shop: Module,
    /// The door's module, which a door's page loads besides: `door.js` starts it.
    pub door: Module,
    /// The module of codes that turn, which such a ticket's page loads besides: `turning.js` starts it.
    pub turning: Module,
}

/// The addresses of a browser's module, which is WebAssembly, and of what loads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// What starts it, such as `boot.js`.
    pub start: String,
    /// What `start` imports: the glue of the WebAssembly, such as `boxoffice_web.js`.
    pub glue: String,
    /// The WebAssembly, such as `boxoffice_web_bg.wasm`.
    pub wasm: String,
}

impl Assets {
    /// Returns the modules that `page` loads.
    fn modules(&self, page: &Page) -> Vec<Module> {
        let script = match page {
            Page::Drawn(drawn) => drawn.script.as_deref(),
            _ => None,
        };
        let others = [&self.door, &self.turning].into_iter();
        let others = others.filter(|module| Some(&*module.start) == script);
        std::iter::once(&self.shop).chain(others).cloned().collect()
    }
}

/// What a document says of the shop that it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Scheme and authority of the shop, such as `https://tickets.example`, without a slash at the
    /// end; empty if they are not known, and then nothing is said that needs them.
    pub origin: String,
    /// The browser's files.
    pub assets: Assets,
    /// The address of the script that reloads the page when the shop behind it is another; for
    /// those who work on it.
    pub reload: Option<String>,
    /// Whether nothing is charged here: every page says so then.
    pub is_for_tests: bool,
}

/// The whole HTML document of a page.
///
/// It holds the state, as JSON, from which the browser goes on. All that comes from people is
/// escaped, in texts and attributes by Sycamore, in the JSON by [`embedded`].
#[must_use]
pub fn document(state: &State, site: &Site) -> String {
    let json = embedded(state);
    let shown = state.clone();
    let app = sycamore::render_to_string(move || app(Shop::new(shown)));
    let head = Head::of(state, site);
    let modules = site.assets.modules(&state.page);
    let Site { assets, reload, is_for_tests, .. } = site.clone();
    // All is made within `NoHydrate`: what is made before it carries keys for a browser that never
    // looks there.
    let whole = Children::new(move || {
        let head = head.view(&assets, &modules);
        let starts: Vec<View> = modules.into_iter().map(|module| script(module.start)).collect();
        let reload = reload.map_or_else(View::new, script);
        let banner = if is_for_tests { banner() } else { View::new() };
        view! {
            html(lang="en") {
                (head)
                body {
                    (banner)
                    div(id="app", dangerously_set_inner_html=app) {}
                    script(r#type="application/json", id="state", dangerously_set_inner_html=json) {}
                    (starts)
                    (reload)
                }
            }
        }
    });
    let html = sycamore::render_to_string(move || view! { NoHydrate(children=whole) });
    format!("<!doctype html>{html}")
}

/// `state` as JSON that can stand within a `script` element: nothing in it ends the element, or
/// begins a comment (HTML, "Restrictions for contents of script elements").
fn embedded(state: &State) -> String {
    let json = serde_json::to_string(state).unwrap_or_else(|_| "null".to_owned());
    json.replace('<', "\\u003c")
}

/// What the head of a document says.
struct Head {
    title: String,
    description: String,
    /// The address under which search engines are to know the page; `None` if they are not.
    canonical: Option<String>,
    /// Whether the page is to be asked for again by itself where there are no scripts.
    waits: bool,
}

impl Head {
    fn of(state: &State, site: &Site) -> Self {
        Self {
            title: full_title(&state.title),
            description: state.description.clone(),
            canonical: public_path(&state.page).map(|path| format!("{}{path}", site.origin)),
            waits: matches!(&state.page, Page::Order(outcome) if outcome.order.standing.is_paying()),
        }
    }

    fn view(self, assets: &Assets, modules: &[Module]) -> View {
        let Self { title, description, canonical, waits } = self;
        let Assets { css, icon, .. } = assets.clone();
        let preloads: Vec<View> = modules.iter().cloned().map(preload).collect();
        let (public, robots) = match canonical {
            Some(address) => (preview(&title, &description, address), View::new()),
            None => (View::new(), view! { meta(name="robots", content="noindex") }),
        };
        let again = if waits { again() } else { View::new() };
        view! {
            head {
                meta(charset="utf-8")
                meta(name="viewport", content="width=device-width, initial-scale=1, viewport-fit=cover")
                title { (title) }
                meta(name="description", content=description)
                meta(name="color-scheme", content="light dark")
                meta(name="theme-color", content="#f5efe4", "media"="(prefers-color-scheme: light)")
                meta(name="theme-color", content="#15120e", "media"="(prefers-color-scheme: dark)")
                (public)
                (robots)
                link(rel="icon", href=icon, r#type="image/svg+xml")
                link(rel="stylesheet", href=css)
                (preloads)
                (again)
            }
        }
    }
}

/// What stands above all pages of a shop for tests. It is no part of what the browser draws, so that it
/// stays whatever page is shown.
fn banner() -> View {
    view! {
        aside(class="test-shop", aria-label="Test shop") {
            "Test shop: nothing is charged, tickets are not real"
        }
    }
}

fn script(address: String) -> View {
    view! { script(r#type="module", src=address) {} }
}

/// Preloads all files of a module at once: each of them would name the next.
fn preload(Module { start, glue, wasm }: Module) -> View {
    view! {
        link(rel="modulepreload", href=start)
        link(rel="modulepreload", href=glue)
        link(rel="preload", href=wasm, r#as="fetch", r#type="application/wasm", crossorigin="anonymous")
    }
}

/// The path of a page that is for everyone.
fn public_path(page: &Page) -> Option<String> {
    match page {
        Page::Browse(_) => Some("/".to_owned()),
        Page::Ticket(detail) => Some(format!("/tickets/{}", detail.card.id)),
        _ => None,
    }
}

/// What search engines and link previews go by (<https://ogp.me>).
fn preview(title: &str, description: &str, address: String) -> View {
    let (title, description) = (title.to_owned(), description.to_owned());
    let link = if address.starts_with('/') {
        View::new()
    } else {
        let canonical = address.clone();
        view! {
            link(rel="canonical", href=canonical)
            meta("property"="og:url", content=address)
        }
    };
    view! {
        (link)
        meta("property"="og:site_name", content="Boxoffice")
        meta("property"="og:type", content="website")
        meta("property"="og:title", content=title)
        meta("property"="og:description", content=description)
    }
}

/// Asks for the page again, where no script does.
fn again() -> View {
    view! { noscript { meta(http_equiv="refresh", content="3") } }
}
