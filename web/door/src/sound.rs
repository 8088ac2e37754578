//! What a door's staff hear and feel: two rising tones for who may come in, low ones for who may not.

use std::cell::RefCell;

use boxoffice_web_dom as dom;
use wasm_bindgen::prelude::*;
use web_sys::{Element, HtmlInputElement};

/// How long a tone is, in seconds.
const TONE: f64 = 0.12;
/// The name under which the device remembers that the sound is off, and what it then remembers.
const REMEMBERED: &str = "door-sound";
const OFF: &str = "off";

#[wasm_bindgen]
extern "C" {
    #[derive(Clone)]
    type AudioContext;
    #[wasm_bindgen(catch, constructor)]
    fn new() -> Result<AudioContext, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn resume(this: &AudioContext) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, getter, js_name = currentTime)]
    fn current_time(this: &AudioContext) -> f64;
    #[wasm_bindgen(method, getter)]
    fn destination(this: &AudioContext) -> JsValue;
    #[wasm_bindgen(method, catch, js_name = createOscillator)]
    fn create_oscillator(this: &AudioContext) -> Result<Oscillator, JsValue>;

    type Oscillator;
    #[wasm_bindgen(method, getter)]
    fn frequency(this: &Oscillator) -> Frequency;
    #[wasm_bindgen(method, catch)]
    fn connect(this: &Oscillator, to: &JsValue) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch)]
    fn start(this: &Oscillator, at: f64) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch)]
    fn stop(this: &Oscillator, at: f64) -> Result<(), JsValue>;

    type Frequency;
    #[wasm_bindgen(method, catch, js_name = setValueAtTime)]
    fn set_value_at_time(this: &Frequency, hertz: f64, at: f64) -> Result<JsValue, JsValue>;

    /// Not every browser has it.
    #[wasm_bindgen(catch, js_namespace = navigator)]
    fn vibrate(milliseconds: u32) -> Result<bool, JsValue>;
}

thread_local! {
    /// Made at the first tap or key, and once: before that browsers forbid it, and they allow few.
    static SOUND: RefCell<Option<AudioContext>> = const { RefCell::new(None) };
}

/// Makes the sound ready at the first tap or key. Browsers silence it until then, and again while a
/// phone is locked.
pub(crate) fn arm() {
    for gesture in ["pointerup", "keydown"] {
        dom::listen(&dom::document(), gesture, |_| wake());
    }
}

fn wake() {
    if !is_allowed() {
        return;
    }
    SOUND.with_borrow_mut(|sound| {
        if sound.is_none() {
            *sound = AudioContext::new().ok();
        }
        if let Some(sound) = sound {
            let _ = sound.resume();
        }
    });
}

/// Whether the browser lets the page sound and vibrate. Not each key is a gesture to it, and a sound that is made too
/// early is a warning in the console. Browsers that cannot say so are asked by making one.
fn is_allowed() -> bool {
    let read = |of: &JsValue, name: &str| {
        js_sys::Reflect::get(of, &name.into()).unwrap_or(JsValue::UNDEFINED)
    };
    let activation = read(&read(&js_sys::global(), "navigator"), "userActivation");
    read(&activation, "hasBeenActive").as_bool().unwrap_or(true)
}

/// Sounds as the verdict of `door` says, if there is one.
pub(crate) fn enter(door: &Element) {
    let verdict: Option<Element> = dom::within(door, "#verdict");
    if let Some(tone) = verdict.and_then(|verdict| verdict.get_attribute("data-tone")) {
        sound(&tone);
    }
}

/// Vibrates and, unless it is switched off, sounds as a verdict of this tone: `good`, `due` or `bad`.
pub(crate) fn sound(tone: &str) {
    let (tones, buzz) = match tone {
        "good" => ([660.0, 990.0], 60),
        "due" => ([440.0, 440.0], 250),
        _ => ([330.0, 196.0], 400),
    };
    if is_allowed() {
        let _ = vibrate(buzz);
    }
    if is_on() {
        // Without a sound, the page says it all the same.
        SOUND.with_borrow(|sound| sound.as_ref().map(|sound| play(sound, tones)));
    }
}

/// Plays two tones, one after the other.
fn play(sound: &AudioContext, [first, second]: [f64; 2]) -> Result<(), JsValue> {
    let oscillator = sound.create_oscillator()?;
    let now = sound.current_time();
    oscillator.frequency().set_value_at_time(first, now)?;
    oscillator.frequency().set_value_at_time(second, now + TONE)?;
    oscillator.connect(&sound.destination())?;
    oscillator.start(now)?;
    oscillator.stop(now + 2.0 * TONE)
}

/// Lets a checkbox switch the sound, for as long as this device remembers it.
pub(crate) fn switch(checkbox: &HtmlInputElement) {
    checkbox.set_checked(is_on());
    let switched = checkbox.clone();
    dom::listen(checkbox, "change", move |_| {
        let Some(storage) = dom::storage() else { return };
        let _ = match switched.checked() {
            true => storage.remove_item(REMEMBERED),
            false => storage.set_item(REMEMBERED, OFF),
        };
    });
}

fn is_on() -> bool {
    let remembered = dom::storage().and_then(|storage| storage.get_item(REMEMBERED).ok().flatten());
    remembered.as_deref() != Some(OFF)
}
