//! A labelled field with its hint and its complaint.

use sycamore::prelude::*;

use crate::shop::{Shop, watch, words};
use crate::state::Form;

/// What one fills in.
#[derive(Clone, Debug)]
pub(crate) enum Control {
    /// A line of text: the input's type, its `autocomplete`, its `inputmode`.
    Line { kind: &'static str, complete: &'static str, mode: &'static str },
    /// Several lines.
    Text,
    /// One of these: values and what they are called.
    Choice(Vec<(String, String)>),
    /// One of these, in groups.
    Groups(Vec<(String, Vec<(String, String)>)>),
}

/// A field.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    /// Its name in the form, and its id.
    pub(crate) name: &'static str,
    /// What stands above it.
    pub(crate) label: &'static str,
    /// What helps to fill it in; nothing if empty.
    pub(crate) hint: &'static str,
    /// Whether it must be filled in.
    pub(crate) need: Need,
    /// What one fills in.
    pub(crate) control: Control,
}

/// Whether a field must be filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// It must.
    Must,
    /// It may be left out, and says so.
    May,
    /// It may be left out, as is plain from the form.
    Free,
}

impl Control {
    /// A line of any text.
    pub(crate) const LINE: Self = Self::Line { kind: "text", complete: "off", mode: "text" };
    /// An amount.
    pub(crate) const AMOUNT: Self = Self::Line { kind: "text", complete: "off", mode: "decimal" };
    /// A whole number.
    pub(crate) const COUNT: Self = Self::Line { kind: "text", complete: "off", mode: "numeric" };
}

/// A labelled field of `form`. What stands in it is up to the browser once it has been drawn.
pub(crate) fn field(shop: Shop, form: ReadSignal<Form>, field: Field) -> View {
    let Field { name, label, hint, need, control } = field;
    let complaint = shop.complaint(form, name);
    let wrong = watch(move || complaint.with(Option::is_some));
    let error_id = format!("{name}-error");
    let described = match hint {
        "" => error_id.clone(),
        _ => format!("{name}-hint {error_id}"),
    };
    let value = form.with_untracked(|form| form.value(name).to_owned());
    let hint = hint_line(name, hint);
    let control =
        Drawn { name, required: need == Need::Must, described, wrong, value }.draw(control);
    let error = words(move || complaint.get_clone().unwrap_or_default());
    let optional = match need {
        Need::May => view! { span(class="optional") { " optional" } },
        Need::Must | Need::Free => View::new(),
    };
    view! {
        div(class=move || if wrong.get() { "field wrong" } else { "field" }) {
            label(r#for=name) { (label) (optional) }
            (hint)
            (control)
            p(class="error", id=error_id) { (error) }
        }
    }
}

/// A checkbox of `form`, which sends `true` if it is ticked.
pub(crate) fn tick(
    shop: Shop,
    form: ReadSignal<Form>,
    name: &'static str,
    label: &'static str,
    hint: &'static str,
) -> View {
    let complaint = shop.complaint(form, name);
    let wrong = watch(move || complaint.with(Option::is_some));
    let [hint_id, error_id] = ["hint", "error"].map(|part| format!("{name}-{part}"));
    let described = format!("{hint_id} {error_id}");
    let checked = form.with_untracked(|form| !form.value(name).is_empty());
    let error = words(move || complaint.get_clone().unwrap_or_default());
    view! {
        div(class=move || if wrong.get() { "field wrong" } else { "field" }) {
            div(class="choice") {
                input(
                    r#type="checkbox", id=name, name=name, value="true", checked=checked,
                    aria-describedby=described,
                    aria-invalid=move || wrong.get().then_some("true"),
                )
                label(r#for=name) { (label) }
                p(class="small", id=hint_id) { (hint) }
            }
            p(class="error", id=error_id) { (error) }
        }
    }
}

fn hint_line(name: &str, hint: &'static str) -> View {
    if hint.is_empty() {
        return View::new();
    }
    let id = format!("{name}-hint");
    view! { p(class="hint", id=id) { (hint) } }
}

/// What all controls have.
struct Drawn {
    name: &'static str,
    required: bool,
    described: String,
    wrong: ReadSignal<bool>,
    value: String,
}

impl Drawn {
    fn draw(self, control: Control) -> View {
        match control {
            Control::Line { kind, complete, mode } => self.line(kind, complete, mode),
            Control::Text => self.text(),
            Control::Choice(choices) => {
                let options = options(choices, &self.value);
                self.select(options)
            }
            Control::Groups(groups) => {
                let options = groups.into_iter().map(|group| grouped(group, &self.value));
                let options = options.collect();
                self.select(options)
            }
        }
    }

    fn line(self, kind: &'static str, complete: &'static str, mode: &'static str) -> View {
        let Self { name, required, described, wrong, value } = self;
        view! {
            input(
                id=name, name=name, r#type=kind, value=value, autocomplete=complete,
                inputmode=mode, required=required, aria-describedby=described,
                aria-invalid=move || wrong.get().then_some("true"),
            )
        }
    }

    fn text(self) -> View {
        let Self { name, required, described, wrong, value } = self;
        view! {
            textarea(
                id=name, name=name, rows="5", required=required, aria-describedby=described,
                aria-invalid=move || wrong.get().then_some("true"),
            ) { (value) }
        }
    }

    fn select(self, options: Vec<View>) -> View {
        let Self { name, required, described, wrong, .. } = self;
        view! {
            select(
                id=name, name=name, required=required, aria-describedby=described,
                aria-invalid=move || wrong.get().then_some("true"),
            ) { (options) }
        }
    }
}

fn options(choices: Vec<(String, String)>, chosen: &str) -> Vec<View> {
    let option = |(value, label): (String, String)| {
        let selected = value == chosen;
        view! { option(value=value, selected=selected) { (label) } }
    };
    choices.into_iter().map(option).collect()
}

fn grouped((label, choices): (String, Vec<(String, String)>), chosen: &str) -> View {
    let options = options(choices, chosen);
    view! { optgroup(label=label) { (options) } }
}
