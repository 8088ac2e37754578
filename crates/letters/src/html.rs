//! A letter as an HTML document.
//!
//! Mail programs know little of style sheets: tables set the page out, and each element carries its
//! style. The style sheet in the head only adds dark colours and narrow screens, where it is known.
//! Nothing is loaded from elsewhere, so reading a letter tells nobody.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::content::{Block, Content, Fact, Part};
use crate::letter::Setting;
use crate::text::{UNSUBSCRIBE, home, unsubscribe};

/// Dark colours, by the tokens of the shop's own style sheet, and narrow screens.
const STYLE: &str = include_str!("letter.css");

/// The style of an element: what each mail program knows, in the light colours of the shop.
mod style {
    pub(super) const BODY: &str = "margin:0;padding:0;background:#f5efe4;\
        -webkit-text-size-adjust:100%";
    pub(super) const PAPER: &str = "background:#f5efe4";
    pub(super) const AROUND: &str = "padding:24px 12px 40px";
    pub(super) const SHEET: &str = "width:100%;max-width:600px;\
        font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif;\
        font-size:16px;line-height:1.5;color:#1f1a14";
    pub(super) const BRAND: &str = "padding:0 4px 14px;font-size:20px;font-weight:800;\
        letter-spacing:-0.6px;color:#1f1a14";
    pub(super) const MARK: &str = "display:inline-block;width:22px;height:14px;margin-right:9px;\
        border-radius:4px;background:#b92d14";
    pub(super) const CARD: &str = "padding:32px 32px 16px;background:#fffdf8;\
        border:1px solid #d6cbb6;border-radius:14px";
    pub(super) const HEADING: &str = "margin:0 0 16px;font-size:28px;line-height:1.12;\
        font-weight:800;letter-spacing:-0.8px;color:#1f1a14";
    pub(super) const PARAGRAPH: &str = "margin:0 0 16px";
    pub(super) const FACTS: &str = "width:100%;margin:8px 0 24px;border-top:2px dashed #d6cbb6;\
        border-bottom:2px dashed #d6cbb6;border-collapse:separate;border-spacing:0 12px";
    pub(super) const NAME: &str = "width:1%;padding:0 20px 0 0;\
        font-family:ui-monospace,'SF Mono','Cascadia Mono','Roboto Mono','DejaVu Sans Mono',\
        Consolas,monospace;font-size:12px;line-height:24px;letter-spacing:0.4px;font-weight:500;\
        text-transform:uppercase;text-align:left;vertical-align:top;white-space:nowrap;\
        color:#635848";
    pub(super) const VALUE: &str = "padding:0;vertical-align:top;font-weight:600;\
        word-break:break-word;overflow-wrap:anywhere";
    pub(super) const CODE: &str = "margin:8px 0 24px;padding:16px;border-radius:14px;\
        background:#ece4d4;font-family:ui-monospace,'SF Mono','Cascadia Mono','Roboto Mono',\
        'DejaVu Sans Mono',Consolas,monospace;font-size:32px;line-height:1.2;font-weight:700;\
        letter-spacing:6px;text-align:center";
    pub(super) const PRESS: &str = "margin:8px 0 12px";
    pub(super) const BUTTON: &str = "display:inline-block;padding:12px 24px;border-radius:999px;\
        background:#b92d14;color:#fff8ef;font-weight:650;line-height:1.2;text-decoration:none";
    pub(super) const URL: &str = "margin:0 0 24px;font-size:14px;line-height:1.45;\
        word-break:break-all;overflow-wrap:anywhere";
    pub(super) const LINK: &str = "color:#b92d14";
    pub(super) const FOOT: &str = "padding:18px 4px 0;font-size:14px;line-height:1.5;\
        color:#635848";
    pub(super) const HOME: &str = "color:#635848";
}

/// Returns the document of `content`.
pub(crate) fn written(content: &Content, setting: &Setting) -> String {
    let Content { subject, heading, blocks, reason } = content;
    let page = html! {
        (DOCTYPE)
        // The shop's sentences are English; only amounts and dates follow the reader.
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="supported-color-schemes" content="light dark";
                // Some programs would make links of what looks like a date or a number.
                meta name="format-detection" content="telephone=no, date=no, address=no, email=no";
                title { (subject) }
                style { (PreEscaped(STYLE)) }
            }
            body.paper style=(style::BODY) {
                table.paper role="presentation" width="100%" cellpadding="0" cellspacing="0"
                    border="0" style=(style::PAPER) {
                    tr { td align="center" style=(style::AROUND) { (sheet(heading, blocks, reason, setting)) } }
                }
            }
        }
    };
    page.into_string()
}

fn sheet(heading: &str, blocks: &[Block], reason: &str, setting: &Setting) -> Markup {
    html! {
        table.sheet role="presentation" width="600" cellpadding="0" cellspacing="0" border="0"
            align="center" style=(style::SHEET) {
            tr {
                td.ink style=(style::BRAND) {
                    span.mark style=(style::MARK) {} (setting.shop)
                }
            }
            tr {
                td.card style=(style::CARD) {
                    h1.ink style=(style::HEADING) { (heading) }
                    @for one in blocks { (block(one)) }
                }
            }
            tr {
                td.soft style=(style::FOOT) {
                    (reason) br;
                    a.soft href=(home(setting)) style=(style::HOME) { (home(setting)) }
                    @if let Some(url) = unsubscribe(setting) {
                        br;
                        (UNSUBSCRIBE) ": "
                        a.soft href=(url) style=(style::HOME) { (url) }
                    }
                }
            }
        }
    }
}

fn block(block: &Block) -> Markup {
    match block {
        Block::Paragraph(parts) => html! {
            p style=(style::PARAGRAPH) { @for one in parts { (part(one)) } }
        },
        Block::Facts(facts) => html! {
            table.facts cellpadding="0" cellspacing="0" border="0" style=(style::FACTS) {
                @for one in facts { (fact(one)) }
            }
        },
        Block::Code(code) => html! { p.code style=(style::CODE) { (code) } },
        Block::Button { label, url } => html! {
            p style=(style::PRESS) {
                a.button href=(url) style=(style::BUTTON) { (label) }
            }
            p style=(style::URL) { a.link href=(url) style=(style::LINK) { (url) } }
        },
    }
}

fn fact(Fact { name, value }: &Fact) -> Markup {
    html! {
        tr {
            th.soft scope="row" style=(style::NAME) { (name) }
            td.value style=(style::VALUE) { (part(value)) }
        }
    }
}

/// A part of a sentence. What others wrote turns nothing around that stands beside it.
fn part(part: &Part) -> Markup {
    match part {
        Part::Ours(words) => html! { (words) },
        Part::Theirs(words) => html! { bdi { (words.isolated()) } },
    }
}
