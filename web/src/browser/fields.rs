//! Fields that are checked as they are left.

use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use web_sys::{
    Element, Event, HtmlFormElement, HtmlInputElement, HtmlSelectElement, HtmlTextAreaElement,
};

use super::{Browser, dom};
use crate::check::{self, Filled};
use crate::state::{FieldError, Form, Page};

/// Forms that are checked.
const CHECKED: &str = "form[data-checked]";

pub(crate) fn check(browser: &Browser) {
    let left = browser.clone();
    dom::listen(&dom::document(), "focusout", move |event: Event| {
        if let Some((form, name)) = field(&event) {
            left.find(&form, &name);
        }
    });
    let changed = browser.clone();
    dom::listen(&dom::document(), "input", move |event: Event| {
        if let Some((form, name)) = field(&event) {
            changed.mend(&form, &name);
        }
    });
}

/// The checked form and the field in which an event was.
fn field(event: &Event) -> Option<(HtmlFormElement, String)> {
    let control: Element = dom::origin(event, "input, select, textarea")?;
    let form = control.closest(CHECKED).ok()??.dyn_into().ok()?;
    Some((form, control.get_attribute("name")?))
}

impl Filled for HtmlFormElement {
    fn value(&self, name: &str) -> String {
        let Ok(Some(control)) = self.query_selector(&format!("[name={name}]")) else {
            return String::new();
        };
        if let Some(input) = control.dyn_ref::<HtmlInputElement>() {
            // A checkbox holds its value whether or not it is ticked.
            let is_empty = input.type_() == "checkbox" && !input.checked();
            if is_empty { String::new() } else { input.value() }
        } else if let Some(select) = control.dyn_ref::<HtmlSelectElement>() {
            select.value()
        } else if let Some(text) = control.dyn_ref::<HtmlTextAreaElement>() {
            text.value()
        } else {
            String::new()
        }
    }

    fn is_half_filled(&self, name: &str) -> bool {
        let control = self.query_selector(&format!("[name={name}]")).ok().flatten();
        let input = control.and_then(|control| control.dyn_into::<HtmlInputElement>().ok());
        input.is_some_and(|input| input.validity().bad_input())
    }
}

impl Browser {
    fn complaint(&self, form: &HtmlFormElement, name: &str) -> Option<String> {
        let clock = clock_at(&Filled::value(form, "timeZone"));
        self.shop()
            .state
            .with_untracked(|state| check::complaint(&state.page, name, form, clock.as_deref()))
    }

    /// Looks at a field that is left.
    fn find(&self, form: &HtmlFormElement, name: &str) {
        let known =
            self.shop().state.with_untracked(|state| check::checked(&state.page).contains(&name));
        if known {
            let complaint = self.complaint(form, name);
            self.shop().findings.update(|findings| findings.insert(name.to_owned(), complaint));
        }
        if name == "price" {
            self.tell_understood(form);
        }
    }

    /// Shows what buyers pay, as the price was understood: a point may be meant as a comma.
    fn tell_understood(&self, form: &HtmlFormElement) {
        let understood = self.shop().state.with_untracked(|state| match &state.page {
            Page::Sell(sell) => check::understood(sell, form),
            _ => None,
        });
        let shown = understood.and_then(|(units, currency)| shown(&units, &currency));
        let text = shown.map(|shown| format!("Buyers pay {shown}.")).unwrap_or_default();
        if let Some(line) = dom::by_id("understood") {
            line.set_text_content(Some(&text));
        }
    }

    /// Looks at a field that is being written: what was wrong may be right by now.
    fn mend(&self, form: &HtmlFormElement, name: &str) {
        let shop = self.shop();
        let wrong = shop.findings.with_untracked(|findings| match findings.get(name) {
            Some(found) => found.is_some(),
            None => shop.state.with_untracked(|state| {
                form_of(&state.page).is_some_and(|form| form.error(name).is_some())
            }),
        });
        if wrong && self.complaint(form, name).is_none() {
            shop.findings.update(|findings| findings.insert(name.to_owned(), None));
        }
        if name == "startsAt" {
            self.mend(form, "turningCodes");
        }
        if name == "currency" {
            let code = Filled::value(form, name);
            shop.state.update(|state| {
                if let Some(form) = form_of_mut(&mut state.page) {
                    form.values.insert("currency".to_owned(), code);
                }
            });
            if !Filled::value(form, "price").is_empty() {
                self.find(form, "price");
            }
        }
    }
}

/// Whether all fields of `form` are good; if not, says what is wrong, at once and at each field.
pub(crate) fn all_good(browser: &Browser, form: &HtmlFormElement) -> bool {
    if !form.has_attribute("data-checked") {
        return true;
    }
    let shop = browser.shop();
    let names = shop.state.with_untracked(|state| check::checked(&state.page));
    let complaint = |name: &&str| {
        let message = browser.complaint(form, name)?;
        Some(FieldError { field: Some((*name).to_owned()), message })
    };
    let errors: Vec<FieldError> = names.iter().filter_map(complaint).collect();
    if errors.is_empty() {
        return true;
    }
    shop.findings.update(|findings| findings.clear());
    shop.state.update(|state| {
        if let Some(form) = form_of_mut(&mut state.page) {
            form.errors = errors;
        }
    });
    dom::focus("summary");
    false
}

fn form_of(page: &Page) -> Option<&Form> {
    match page {
        Page::SignIn(entrance) | Page::SignUp(entrance) => Some(&entrance.form),
        Page::Sell(sell) => Some(&sell.form),
        _ => None,
    }
}

fn form_of_mut(page: &mut Page) -> Option<&mut Form> {
    match page {
        Page::SignIn(entrance) | Page::SignUp(entrance) => Some(&mut entrance.form),
        Page::Sell(sell) => Some(&mut sell.form),
        _ => None,
    }
}

/// Chooses the time zone of this machine for a new listing that has none: most events are near.
pub(crate) fn prefill(browser: &Browser) {
    let is_new = browser.shop().state.with_untracked(|state| match &state.page {
        Page::Sell(sell) => sell.ticket.is_none(),
        _ => false,
    });
    let select = dom::by_id("timeZone").and_then(|it| it.dyn_into::<HtmlSelectElement>().ok());
    if let (true, Some(select)) = (is_new, select)
        && select.value().is_empty()
    {
        // A zone that is not among the choices leaves it without one.
        select.set_value(&time_zone());
        if select.selected_index() < 0 {
            select.set_value("");
        }
    }
}

/// The time zone of this machine, by its IANA name.
fn time_zone() -> String {
    let locales = js_sys::Array::new();
    let format = js_sys::Intl::DateTimeFormat::new(&locales, &js_sys::Object::new());
    let zone = js_sys::Reflect::get(&format.resolved_options(), &"timeZone".into());
    zone.ok().and_then(|zone| zone.as_string()).unwrap_or_default()
}

#[wasm_bindgen]
extern "C" {
    type LocalDate;
    /// `Date.prototype.toLocaleString`, with options.
    #[wasm_bindgen(method, structural, catch, js_name = toLocaleString)]
    fn to_locale_string(
        this: &LocalDate,
        locale: &str,
        options: &JsValue,
    ) -> Result<String, JsValue>;
}

#[wasm_bindgen]
extern "C" {
    type LocalNumber;
    /// `Number.prototype.toLocaleString`, with options.
    #[wasm_bindgen(method, structural, catch, js_name = toLocaleString)]
    fn to_locale_string(
        this: &LocalNumber,
        locale: JsValue,
        options: &JsValue,
    ) -> Result<String, JsValue>;
}

/// Writes an amount in units as the visitor's language has it.
fn shown(units: &str, currency: &str) -> Option<String> {
    let options = js_sys::Object::new();
    js_sys::Reflect::set(&options, &"style".into(), &"currency".into()).ok()?;
    js_sys::Reflect::set(&options, &"currency".into(), &currency.into()).ok()?;
    let language = dom::window().navigator().language();
    let number: LocalNumber = JsValue::from_f64(units.parse().ok()?).unchecked_into();
    number.to_locale_string(language.into(), &options).ok()
}

/// What the clocks of a time zone show now, as `2027-06-12T20:30`. Sweden writes it so.
fn clock_at(time_zone: &str) -> Option<String> {
    let options = js_sys::Object::new();
    if !time_zone.is_empty() {
        js_sys::Reflect::set(&options, &"timeZone".into(), &time_zone.into()).ok()?;
    }
    let now: LocalDate = js_sys::Date::new_0().unchecked_into();
    let text = now.to_locale_string("sv-SE", &options).ok()?;
    Some(text.get(..16)?.replace(' ', "T"))
}
