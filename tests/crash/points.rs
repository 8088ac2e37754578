//! Counts the calls of every component, and stops an instance at one of them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard};

use boxoffice_host::{Call, CallFate, Faults, MessageFate};

/// A point at which an instance can crash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Point {
    pub(crate) component: String,
    /// Which of the component's calls, from 1, since [`Points::record`].
    pub(crate) call: usize,
    pub(crate) side: Side,
}

/// On which side of a call's effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Before,
    After,
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = if self.side == Side::Before { "before" } else { "after" };
        write!(f, "{side} call {} of {}", self.call, self.component)
    }
}

/// All of a shop's points.
#[derive(Default)]
pub(crate) struct Points(Mutex<State>);

#[derive(Default)]
struct State {
    calls: BTreeMap<String, Vec<String>>,
    armed: Option<Point>,
    next: Option<(String, String, Side)>,
    struck: Option<String>,
    deaf: bool,
}

impl Points {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Forgets what was called; nothing crashes.
    pub(crate) fn record(&self) {
        let mut state = self.state();
        *state = State { deaf: state.deaf, ..State::default() };
    }

    /// The same, but an instance crashes at `point`, once.
    pub(crate) fn arm(&self, point: Point) {
        self.record();
        self.state().armed = Some(point);
    }

    /// An instance of `component` crashes at the next call whose text begins with `call`, once.
    pub(crate) fn crash(&self, component: &str, call: &str, side: Side) {
        self.record();
        self.state().next = Some((component.to_owned(), call.to_owned(), side));
    }

    /// Whether doorbells go unheard.
    pub(crate) fn deafen(&self, deaf: bool) {
        self.state().deaf = deaf;
    }

    /// What each component called.
    pub(crate) fn calls(&self) -> BTreeMap<String, Vec<String>> {
        self.state().calls.clone()
    }

    /// How many calls there were in all.
    pub(crate) fn count(&self) -> usize {
        self.state().calls.values().map(Vec::len).sum()
    }

    /// The call at which an instance crashed, if one did.
    pub(crate) fn struck(&self) -> Option<String> {
        self.state().struck.clone()
    }
}

impl Faults for Points {
    fn of_call(&self, component: &str, call: Call<'_>) -> CallFate {
        let mut state = self.state();
        let calls = state.calls.entry(component.to_owned()).or_default();
        calls.push(call.to_string());
        let count = calls.len();
        let text = call.to_string();
        let armed =
            state.armed.take_if(|point| point.component == component && point.call == count);
        let next = state.next.take_if(|(of, call, _)| of == component && text.starts_with(&*call));
        let Some(side) = armed.map(|point| point.side).or(next.map(|(.., side)| side)) else {
            return CallFate::Made;
        };
        state.struck = Some(text);
        match side {
            Side::Before => CallFate::StoppedBefore,
            Side::After => CallFate::StoppedAfter,
        }
    }

    fn of_message(&self, _: &str, _: &str) -> MessageFate {
        if self.state().deaf { MessageFate::Dropped } else { MessageFate::Delivered }
    }
}
