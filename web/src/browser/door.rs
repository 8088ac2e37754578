//! What a door hears and feels: two rising tones for who may come in, low ones for who may not.

use wasm_bindgen::prelude::*;

use super::dom;

/// How long a tone is, in seconds.
const TONE: f64 = 0.12;

#[wasm_bindgen]
extern "C" {
    #[derive(Clone)]
    type AudioContext;
    #[wasm_bindgen(catch, constructor)]
    fn new() -> Result<AudioContext, JsValue>;
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
    /// Made once: browsers allow a page few of them.
    static SOUND: Option<AudioContext> = AudioContext::new().ok();
}

/// Sounds and vibrates as the verdict on the page says, if there is one.
pub(crate) fn sound() {
    let tone = dom::by_id("verdict").and_then(|verdict| verdict.get_attribute("data-tone"));
    let (tones, buzz) = match tone.as_deref() {
        Some("good") => ([660.0, 990.0], 60),
        Some("due") => ([440.0, 440.0], 250),
        Some(_) => ([330.0, 196.0], 400),
        None => return,
    };
    let _ = vibrate(buzz);
    SOUND.with(|sound| {
        // Without a sound, the page says it all the same.
        let _ = sound.as_ref().map(|sound| play(sound, tones));
    });
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
