//! Finds codes in a frame of a video: with the browser's own detector where it has one, else with
//! [`decoder`].

use boxoffice_web_dom as dom;
use js_sys::{Array, Object, Promise, Reflect};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, HtmlVideoElement};

use crate::decoder;

/// The only kind of code that tickets have, by the name that browsers give it.
const FORMAT: &str = "qr_code";
/// The longest side of a picture that is decoded, in pixels. A code that fills a third of it has 4
/// pixels a module.
const SIDE: u32 = 720;

#[wasm_bindgen]
extern "C" {
    /// <https://wicg.github.io/shape-detection-api/#barcode-detection-api>
    pub(crate) type BarcodeDetector;
    #[wasm_bindgen(catch, constructor)]
    fn new(options: &JsValue) -> Result<BarcodeDetector, JsValue>;
    #[wasm_bindgen(catch, static_method_of = BarcodeDetector, js_name = getSupportedFormats)]
    fn supported_formats() -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn detect(this: &BarcodeDetector, video: &HtmlVideoElement) -> Result<Promise, JsValue>;

    /// A code that was found.
    type Found;
    #[wasm_bindgen(method, structural, getter, js_name = rawValue)]
    fn raw_value(this: &Found) -> String;
}

/// What finds codes.
pub(crate) enum Reader {
    Browser(BarcodeDetector),
    Ours(Canvas),
    /// Neither can be had: the browser gives no canvas.
    Blind,
}

impl Reader {
    /// Returns the best that this browser has.
    pub(crate) async fn find() -> Self {
        match detector().await {
            Ok(Some(detector)) => Self::Browser(detector),
            // It may be there, and lack what it works with.
            Ok(None) | Err(_) => Self::ours(),
        }
    }

    fn ours() -> Self {
        Canvas::make().map_or(Self::Blind, Self::Ours)
    }

    /// Returns the texts of the codes in the frame that `video` shows.
    pub(crate) async fn read(&mut self, video: &HtmlVideoElement) -> Vec<String> {
        if let Self::Browser(detector) = self {
            match detected(detector, video).await {
                Ok(codes) => return codes,
                Err(_) => *self = Self::ours(),
            }
        }
        match self {
            Self::Ours(canvas) => canvas.read(video).unwrap_or_default(),
            Self::Browser(_) | Self::Blind => Vec::new(),
        }
    }
}

async fn detector() -> Result<Option<BarcodeDetector>, JsValue> {
    let formats = JsFuture::from(BarcodeDetector::supported_formats()?).await?;
    let format = JsValue::from_str(FORMAT);
    if !formats.unchecked_into::<Array>().includes(&format, 0) {
        return Ok(None);
    }
    let options = Object::new();
    Reflect::set(&options, &"formats".into(), &Array::of1(&format))?;
    BarcodeDetector::new(&options).map(Some)
}

async fn detected(
    detector: &BarcodeDetector,
    video: &HtmlVideoElement,
) -> Result<Vec<String>, JsValue> {
    let found: Array = JsFuture::from(detector.detect(video)?).await?.unchecked_into();
    Ok(found.iter().map(|code| code.unchecked_into::<Found>().raw_value()).collect())
}

/// Where frames become pixels.
pub(crate) struct Canvas {
    element: HtmlCanvasElement,
    context: CanvasRenderingContext2d,
}

impl Canvas {
    fn make() -> Option<Self> {
        let element = dom::document().create_element("canvas").ok()?;
        let element: HtmlCanvasElement = element.dyn_into().ok()?;
        let options = Object::new();
        // Pixels are read back with each frame, which takes long from a graphics card.
        Reflect::set(&options, &"willReadFrequently".into(), &JsValue::TRUE).ok()?;
        let context = element.get_context_with_context_options("2d", &options).ok()??;
        Some(Self { element, context: context.dyn_into().ok()? })
    }

    /// Reads the square in the middle of the frame, which is what the page shows of it.
    fn read(&self, video: &HtmlVideoElement) -> Result<Vec<String>, JsValue> {
        let (width, height) = (video.video_width(), video.video_height());
        let from = width.min(height);
        let side = from.min(SIDE);
        if side == 0 {
            return Ok(Vec::new());
        }
        if self.element.width() != side {
            self.element.set_width(side);
            self.element.set_height(side);
        }
        let [left, top] = [width, height].map(|length| f64::from(length - from) / 2.0);
        let [from, to] = [from, side].map(f64::from);
        self.context.draw_image_with_html_video_element_and_sw_and_sh_and_dx_and_dy_and_dw_and_dh(
            video, left, top, from, from, 0.0, 0.0, to, to,
        )?;
        let pixels = self.context.get_image_data(0.0, 0.0, to, to)?.data();
        let side = usize::try_from(side).unwrap_or_default();
        Ok(decoder::read(&pixels, side, side))
    }
}
