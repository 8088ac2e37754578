//! What all views share: the state shown, the clock, and what is under way.

use std::collections::BTreeMap;

use sycamore::prelude::*;

use crate::state::{Form, Page, State};

/// What is under way in the browser; on the server, nothing ever is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(not(target_os = "unknown"), allow(dead_code, reason = "only a browser sends forms"))]
pub(crate) enum Pending {
    /// Nothing.
    #[default]
    Nothing,
    /// The form with this action has been sent.
    Sent(String),
    /// A payment was sent, and whether it arrived is being found out.
    Unsure,
}

/// What all views share.
#[derive(Clone, Copy)]
pub(crate) struct Shop {
    /// What is shown.
    pub(crate) state: Signal<State>,
    /// The server's clock, in milliseconds since 1970.
    pub(crate) now: Signal<i64>,
    /// What is under way.
    pub(crate) pending: Signal<Pending>,
    /// Whether another page, or other results, are being fetched.
    pub(crate) loading: Signal<bool>,
    /// What the browser found of fields since the server's last word: a complaint, or none.
    pub(crate) findings: Signal<BTreeMap<String, Option<String>>>,
}

impl Shop {
    /// A shop that shows `state`.
    pub(crate) fn new(state: State) -> Self {
        Self {
            now: create_signal(state.now),
            state: create_signal(state),
            pending: create_signal(Pending::Nothing),
            loading: create_signal(false),
            findings: create_signal(BTreeMap::new()),
        }
    }

    /// A part of the state that changes with it. While another kind of page is about to replace
    /// the one that asks, the part keeps its last value.
    pub(crate) fn part<T: Clone + PartialEq + 'static>(
        self,
        first: T,
        pick: impl Fn(&Page) -> Option<&T> + 'static,
    ) -> ReadSignal<T> {
        let part = create_signal(first);
        let follow: Box<dyn FnMut()> = Box::new(move || {
            let news = self.state.with(|state| {
                let new = pick(&state.page)?;
                part.with_untracked(|old| old != new).then(|| new.clone())
            });
            if let Some(news) = news {
                part.set(news);
            }
        });
        create_effect(follow);
        *part
    }

    /// What is wrong with the field `name` of `form`, as it is now.
    pub(crate) fn complaint(
        self,
        form: ReadSignal<Form>,
        name: &'static str,
    ) -> ReadSignal<Option<String>> {
        watch(move || {
            let found = self.findings.with(|findings| findings.get(name).cloned());
            found.unwrap_or_else(|| form.with(|form| form.error(name).map(str::to_owned)))
        })
    }

    /// Whether the form with `action` is under way.
    pub(crate) fn is_sent(self, action: String) -> ReadSignal<bool> {
        watch(move || {
            self.pending.with(|pending| match pending {
                Pending::Nothing => false,
                Pending::Sent(sent) => *sent == action,
                Pending::Unsure => true,
            })
        })
    }
}

/// What `find` finds, told on when it is another.
///
/// It takes any closure in a box, as [`dynamic`] does: Sycamore's own are compiled anew for each
/// closure, which made the browser's module a quarter larger.
pub(crate) fn watch<T: PartialEq + 'static>(find: impl FnMut() -> T + 'static) -> ReadSignal<T> {
    let find: Box<dyn FnMut() -> T> = Box::new(find);
    create_selector(find)
}

/// What `draw` draws, drawn anew when something that it looks at changes. What it looks at should
/// come from [`watch`]: otherwise it draws the same again.
pub(crate) fn dynamic(draw: impl FnMut() -> View + 'static) -> View {
    let draw: Box<dyn FnMut() -> View> = Box::new(draw);
    View::from_dynamic(draw)
}

/// A text that may change, and may be empty.
///
/// A dynamic `String` given to Sycamore as it is must not be empty when the page is taken over:
/// there would be no text node to take.
pub(crate) fn words(text: impl FnMut() -> String + 'static) -> View {
    let text = watch(text);
    dynamic(move || View::from(text.get_clone()))
}
