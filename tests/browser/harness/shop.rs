//! A shop of the test's own, and who has opened a window in it.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::ops::{Deref, DerefMut};
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::path::PathBuf;
use std::rc::Rc;

use boxoffice_tests::{App, Person, workspace};
use futures::FutureExt;
use tokio::sync::RwLock;

use super::{Film, Window, Wire};

/// A shop that runs (which it dereferences to), and the windows that look at it.
pub(crate) struct Shop {
    app: App,
    windows: RefCell<Vec<Rc<Window>>>,
}

/// Held by every test while it runs; by one that measures how fast things are, for itself alone.
static MACHINE: RwLock<()> = RwLock::const_new(());

/// Has `test` take place in an empty shop, and then looks at what the consoles of all windows say.
///
/// # Panics
/// When `test` does, or a page did something wrong.
pub(crate) async fn in_shop(test: impl AsyncFnOnce(&mut Shop)) {
    let _machine = MACHINE.read().await;
    take_place(App::start().await, test).await;
}

/// The same in a shop that runs already.
pub(crate) async fn within(app: App, test: impl AsyncFnOnce(&mut Shop)) {
    let _machine = MACHINE.read().await;
    take_place(app, test).await;
}

/// The same in an empty shop while no other test runs.
pub(crate) async fn alone_in_shop(test: impl AsyncFnOnce(&mut Shop)) {
    let _machine = MACHINE.write().await;
    take_place(App::start().await, test).await;
}

/// The folder of a package of npm's that the suite uses.
///
/// # Panics
/// When it is not installed.
pub(crate) fn package(name: &str) -> PathBuf {
    let folder = workspace().join("target/npm/browser/node_modules").join(name);
    assert!(folder.is_dir(), "{name} is missing; `cargo xtask test --only browser` installs it");
    folder
}

async fn take_place(app: App, test: impl AsyncFnOnce(&mut Shop)) {
    let mut shop = Shop { app, windows: RefCell::default() };
    let outcome = AssertUnwindSafe(test(&mut shop)).catch_unwind().await;
    let mut complaints = Vec::new();
    for window in shop.windows.take() {
        if outcome.is_err() {
            println!("{}", window.describe().await);
        }
        complaints.extend(window.complaints().await);
        window.close().await;
    }
    let complaints = complaints.join("\n");
    if let Err(panic) = outcome {
        println!("{complaints}");
        resume_unwind(panic);
    }
    assert!(complaints.is_empty(), "pages did something wrong:\n{complaints}");
}

impl Shop {
    /// Opens a window for somebody who has not been here before.
    pub(crate) async fn window(&self, name: &str) -> Rc<Window> {
        self.window_at(name, self.host().address()).await
    }

    /// Opens a window for `person`, who is signed in.
    pub(crate) async fn window_of(&self, name: &str, person: &Person) -> Rc<Window> {
        let window = self.window(name).await;
        window.is_signed_in(person).await;
        window
    }

    /// Opens a window for `person`, who is signed in, with a wire to the shop that can be cut.
    pub(crate) async fn window_by_wire(&self, name: &str, person: &Person) -> (Rc<Window>, Wire) {
        let wire = Wire::to(self.host().address()).await;
        let window = self.window_at(name, wire.address()).await;
        window.is_signed_in(person).await;
        (window, wire)
    }

    /// Opens a window for `person`, who is signed in, on a device whose camera sees `film`.
    pub(crate) async fn window_that_sees(
        &self,
        name: &str,
        person: &Person,
        film: &Film,
    ) -> Rc<Window> {
        let base = format!("http://{}", self.host().address());
        let window = self.window_with(name, base, &film.switches()).await;
        window.is_signed_in(person).await;
        window
    }

    /// Opens a window for `person`, who is signed in and comes by a name that is not secure without TLS.
    pub(crate) async fn window_without_tls(&self, name: &str, person: &Person) -> Rc<Window> {
        let host = "boxoffice.test";
        let base = format!("http://{host}:{}", self.host().address().port());
        let resolved = format!("--host-resolver-rules=MAP {host} 127.0.0.1");
        let window = self.window_with(name, base, &[resolved]).await;
        window.is_signed_in(person).await;
        window
    }

    /// Opens a window for `person`, who comes by the name at which browsers make passkeys for a shop on
    /// loopback, and whose device has an authenticator.
    pub(crate) async fn window_with_passkeys(&self, name: &str, person: &Person) -> Rc<Window> {
        let base = format!("http://localhost:{}", self.host().address().port());
        let window = self.window_with(name, base, &[]).await;
        window.is_signed_in(person).await;
        window.has_authenticator().await;
        window
    }

    async fn window_at(&self, name: &str, address: SocketAddr) -> Rc<Window> {
        self.window_with(name, format!("http://{address}"), &[]).await
    }

    async fn window_with(&self, name: &str, base: String, switches: &[String]) -> Rc<Window> {
        let window = Rc::new(Window::open(name, base, switches).await);
        self.windows.borrow_mut().push(window.clone());
        window
    }
}

impl Deref for Shop {
    type Target = App;

    fn deref(&self) -> &App {
        &self.app
    }
}

impl DerefMut for Shop {
    fn deref_mut(&mut self) -> &mut App {
        &mut self.app
    }
}
