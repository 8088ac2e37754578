//! Reads codes with the device's camera.
//!
//! The server draws the controls, and draws them again with each verdict. The first of them are kept
//! and put into each new page, so that the picture goes on.

use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;

use boxoffice_web_dom as dom;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    DomException, Element, HtmlButtonElement, HtmlElement, HtmlMediaElement, HtmlVideoElement,
    MediaDevices, MediaStream, MediaStreamConstraints, MediaStreamTrack,
};

use super::reader::Reader;
use super::sound;
use crate::sightings::Sightings;

/// What the browser is asked for: the camera on the back, and enough pixels for a code at arm's length.
const CONSTRAINTS: &str = r#"{"audio":false,"video":{"facingMode":"environment",
    "width":{"ideal":1280},"height":{"ideal":720}}}"#;
/// How long the camera rests after each frame, in milliseconds: at most ten are read a second.
const REST: i32 = 100;

const START: &str = "Scan with the camera";
const STOP: &str = "Stop the camera";
const ASKED: &str = "Waiting for the camera…";
const READY: &str = "Hold a code in front of the camera.";
const INSECURE: &str =
    "The camera needs a page that is opened over HTTPS. Type the code, or use a hand-held scanner.";
const MISSING: &str =
    "This browser has no access to a camera. Type the code, or use a hand-held scanner.";
const NONE: &str = "There is no camera on this device. Type the code, or use a hand-held scanner.";
const REFUSED: &str = "The camera is not allowed on this page. Type the code, use a hand-held scanner, or allow the camera in the browser's settings.";
const BUSY: &str = "Another program uses the camera. Type the code, or use a hand-held scanner.";
const FAILED: &str = "The camera did not start. Type the code, or use a hand-held scanner.";
const ENDED: &str =
    "The camera has stopped. Start it again, type the code, or use a hand-held scanner.";

#[wasm_bindgen]
extern "C" {
    /// A track whose device may have a light.
    type Track;
    #[wasm_bindgen(method, structural, catch, js_name = getCapabilities)]
    fn capabilities(this: &Track) -> Result<Capabilities, JsValue>;
    #[wasm_bindgen(method, structural, catch, js_name = applyConstraints)]
    fn apply(this: &Track, constraints: &JsValue) -> Result<js_sys::Promise, JsValue>;

    type Capabilities;
    #[wasm_bindgen(method, structural, getter)]
    fn torch(this: &Capabilities) -> JsValue;
}

/// A door's camera.
#[derive(Clone)]
pub(crate) struct Camera(Rc<Inner>);

struct Inner {
    on_code: Box<dyn Fn(String)>,
    panel: OnceCell<Panel>,
    sightings: RefCell<Sightings>,
    /// What the camera sees, while it is on.
    stream: RefCell<Option<MediaStream>>,
    /// Whether somebody wants the camera: it may still be asked for.
    is_wanted: Cell<bool>,
    /// Counts starts and stops. What began before the last of them comes to nothing.
    turn: Cell<u32>,
}

/// The controls on the page.
struct Panel {
    whole: Element,
    sight: HtmlElement,
    video: HtmlVideoElement,
    switch: HtmlButtonElement,
    light: HtmlButtonElement,
    said: Element,
}

/// Returns a camera that is off, and that calls `on_code` with each code that it reads.
///
/// A code that stays in view is reported once, as [`Sightings`] tells.
pub(crate) fn start(on_code: impl Fn(String) + 'static) -> Camera {
    Camera(Rc::new(Inner {
        on_code: Box::new(on_code),
        panel: OnceCell::new(),
        sightings: RefCell::default(),
        stream: RefCell::default(),
        is_wanted: Cell::new(false),
        turn: Cell::new(0),
    }))
}

impl Camera {
    /// Puts the controls into `door`, which has just come onto the page.
    pub(crate) fn enter(&self, door: &Element) {
        let Some(drawn) = dom::within::<Element>(door, "#camera") else { return };
        match self.0.panel.get() {
            Some(panel) => {
                let _ = drawn.replace_with_with_node_1(&panel.whole);
                self.0.goes_on();
            }
            None => self.adopt(&drawn),
        }
    }

    /// Gives the controls on the first page their life.
    fn adopt(&self, drawn: &Element) {
        let Some(panel) = Panel::find(drawn) else { return };
        if let Some(checkbox) = dom::within(drawn, "[data-part=sound]") {
            sound::switch(&checkbox);
        }
        match devices() {
            Ok(_) => {}
            Err(why) => {
                panel.switch.set_hidden(true);
                panel.say(why);
            }
        }
        let camera = self.clone();
        dom::listen(&panel.switch, "click", move |_| camera.toggle());
        let camera = self.clone();
        dom::listen(&panel.light, "click", move |_| camera.0.toggle_light());
        // A page that is only kept for its "back" must not keep the camera.
        let camera = self.clone();
        dom::listen(&dom::window(), "pagehide", move |_| camera.0.stop(""));
        let _ = panel.whole.class_list().add_1("ready");
        let _ = self.0.panel.set(panel);
    }

    fn toggle(&self) {
        if self.0.is_wanted.get() {
            self.0.stop("");
        } else {
            spawn_local(self.0.clone().run());
        }
    }
}

impl Panel {
    fn find(whole: &Element) -> Option<Self> {
        Some(Self {
            whole: whole.clone(),
            sight: dom::within(whole, "[data-part=sight]")?,
            video: dom::within(whole, "video")?,
            switch: dom::within(whole, "[data-part=camera]")?,
            light: dom::within(whole, "[data-part=light]")?,
            said: dom::within(whole, "[role=status]")?,
        })
    }

    fn say(&self, text: &str) {
        self.said.set_text_content(Some(text));
    }

    /// Shows that somebody wants the camera, or nobody does.
    fn show_wanted(&self, is_wanted: bool) {
        self.switch.set_text_content(Some(if is_wanted { STOP } else { START }));
        // On a phone, the field for codes would hide the picture behind a keyboard.
        if let Some(field) = dom::by_id("code") {
            let _ = match is_wanted {
                true => field.set_attribute("inputmode", "none"),
                false => field.remove_attribute("inputmode"),
            };
        }
    }

    fn show_sight(&self, stream: Option<&MediaStream>) {
        self.sight.set_hidden(stream.is_none());
        self.video.set_src_object(stream);
        self.light.set_hidden(!stream.is_some_and(has_light));
        self.show_light(false);
        if stream.is_some() {
            play(&self.video);
        }
    }

    fn show_light(&self, is_on: bool) {
        let _ = self.light.set_attribute("aria-pressed", if is_on { "true" } else { "false" });
    }
}

impl Inner {
    /// Asks for the camera, and reads codes until it is stopped.
    async fn run(self: Rc<Self>) {
        let Some(panel) = self.panel.get() else { return };
        let turn = self.begin_turn(true);
        panel.say(ASKED);
        let asked = ask().await;
        let is_late = self.turn.get() != turn;
        match asked {
            Ok(stream) if is_late => end(&stream),
            Err(_) if is_late => {}
            Err(why) => self.stop(why),
            Ok(stream) => {
                panel.say(READY);
                panel.show_sight(Some(&stream));
                self.clone().notice_end(&stream, turn);
                self.stream.replace(Some(stream));
                self.watch(panel, turn).await;
            }
        }
    }

    /// Reports the codes in view until the next turn begins.
    async fn watch(&self, panel: &Panel, turn: u32) {
        let mut reader = Reader::find().await;
        while self.turn.get() == turn {
            let has_frame = panel.video.ready_state() >= HtmlMediaElement::HAVE_CURRENT_DATA;
            if has_frame && dom::is_visible() {
                let codes = reader.read(&panel.video).await;
                if self.turn.get() == turn {
                    self.report(codes);
                }
            }
            dom::sleep(REST).await;
        }
    }

    fn report(&self, codes: Vec<String>) {
        let now = js_sys::Date::now();
        for code in codes {
            let counts = self.sightings.borrow_mut().counts(&code, now);
            if counts {
                (self.on_code)(code);
            }
        }
    }

    /// Stops when the device is taken away, or the permission.
    fn notice_end(self: Rc<Self>, stream: &MediaStream, turn: u32) {
        let Some(track) = track(stream) else { return };
        dom::listen(&track, "ended", move |_| {
            if self.turn.get() == turn {
                self.stop(ENDED);
            }
        });
    }

    /// Ends the camera, and says `why` if that is not obvious.
    fn stop(&self, why: &str) {
        self.begin_turn(false);
        let stream = self.stream.take();
        if let Some(stream) = stream {
            end(&stream);
        }
        if let Some(panel) = self.panel.get() {
            panel.show_sight(None);
            panel.say(why);
        }
    }

    fn begin_turn(&self, is_wanted: bool) -> u32 {
        self.is_wanted.set(is_wanted);
        self.turn.set(self.turn.get().wrapping_add(1));
        if let Some(panel) = self.panel.get() {
            panel.show_wanted(is_wanted);
        }
        self.turn.get()
    }

    /// Goes on in a new page: a video that was moved has stopped.
    fn goes_on(&self) {
        let Some(panel) = self.panel.get() else { return };
        if self.is_wanted.get() {
            panel.show_wanted(true);
        }
        if self.stream.borrow().is_some() {
            play(&panel.video);
        }
    }

    fn toggle_light(&self) {
        let Some(panel) = self.panel.get() else { return };
        let is_on = panel.light.get_attribute("aria-pressed").as_deref() != Some("true");
        let stream = self.stream.borrow();
        let Some(track) = stream.as_ref().and_then(track) else { return };
        if set_light(track.unchecked_ref(), is_on).is_ok() {
            panel.show_light(is_on);
        }
    }
}

/// Returns what gives access to cameras, or why nothing does.
fn devices() -> Result<MediaDevices, &'static str> {
    if !dom::window().is_secure_context() {
        return Err(INSECURE);
    }
    let devices = dom::window().navigator().media_devices().map_err(|_| MISSING)?;
    if devices.is_undefined() { Err(MISSING) } else { Ok(devices) }
}

/// Asks for the camera; the browser asks its user. Returns what it sees, or why nothing.
async fn ask() -> Result<MediaStream, &'static str> {
    let constraints = js_sys::JSON::parse(CONSTRAINTS).map_err(|_| FAILED)?;
    let constraints: MediaStreamConstraints = constraints.unchecked_into();
    let asked = devices()?.get_user_media_with_constraints(&constraints);
    match JsFuture::from(asked.map_err(|_| FAILED)?).await {
        Ok(stream) => Ok(stream.unchecked_into()),
        Err(error) => Err(reason(&error)),
    }
}

/// <https://www.w3.org/TR/mediacapture-streams/#dom-mediadevices-getusermedia>
fn reason(error: &JsValue) -> &'static str {
    let name = error.dyn_ref::<DomException>().map(DomException::name).unwrap_or_default();
    match name.as_str() {
        "NotAllowedError" => REFUSED,
        "NotFoundError" | "OverconstrainedError" => NONE,
        "NotReadableError" => BUSY,
        _ => FAILED,
    }
}

fn play(video: &HtmlVideoElement) {
    if let Ok(playing) = video.play() {
        // It is refused where the video is moved again at once; then the next move plays it.
        spawn_local(async move { drop(JsFuture::from(playing).await) });
    }
}

/// Ends all tracks, which turns the camera and its light off.
fn end(stream: &MediaStream) {
    for track in stream.get_tracks().iter() {
        track.unchecked_into::<MediaStreamTrack>().stop();
    }
}

fn track(stream: &MediaStream) -> Option<MediaStreamTrack> {
    stream.get_video_tracks().get(0).dyn_into().ok()
}

/// Tells whether the camera has a light. Not every browser tells what a camera has.
fn has_light(stream: &MediaStream) -> bool {
    let Some(track) = track(stream) else { return false };
    let track: &Track = track.unchecked_ref();
    track.capabilities().is_ok_and(|capabilities| capabilities.torch().is_truthy())
}

fn set_light(track: &Track, is_on: bool) -> Result<(), JsValue> {
    let wanted = js_sys::JSON::parse(&format!(r#"{{"advanced":[{{"torch":{is_on}}}]}}"#))?;
    let applied = track.apply(&wanted)?;
    spawn_local(async move { drop(JsFuture::from(applied).await) });
    Ok(())
}
