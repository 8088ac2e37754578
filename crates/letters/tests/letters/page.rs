//! Reads a letter as its recipient's mail program does.

use boxoffice_letters::Rendered;
use unicode_width::UnicodeWidthStr;

/// What a letter's HTML shows.
pub(crate) struct Page {
    /// Its words, without any blank.
    pub(crate) words: String,
    /// Where its links lead.
    pub(crate) links: Vec<String>,
}

impl Page {
    /// Reads the body of a document.
    pub(crate) fn read(html: &str) -> Self {
        let body = &html[html.find("<body").expect("a body")..];
        let (mut words, mut links) = (String::new(), Vec::new());
        for piece in body.split('<').skip(1) {
            let (tag, text) = piece.split_once('>').expect("a tag ends");
            words.push_str(text);
            let tag = format!(" {tag}");
            for name in [" href=\"", " src=\"", " background=\"", " action=\""] {
                let values = tag.split(name).skip(1);
                links.extend(values.map(|value| shown(value.split('"').next().unwrap_or(value))));
            }
        }
        Self { words: dense(&shown(&words)), links }
    }
}

/// Checks what must hold of every letter of the shop at `shop`.
pub(crate) fn check(rendered: &Rendered, shop: &str) {
    let Rendered { subject, text, html, .. } = rendered;
    let length = subject.chars().count();
    assert!((1..=78).contains(&length), "{length} characters: {subject}");
    assert!(!subject.contains(|letter: char| letter.is_control()), "{subject:?}");
    assert!(!subject.contains(['\u{2028}', '\u{2029}']), "{subject:?}");
    for line in text.lines() {
        let is_link = line.starts_with(shop);
        assert!(is_link || line.width() <= 78, "{} columns: {line}", line.width());
        assert!(!line.ends_with(char::is_whitespace), "a blank at the end: {line:?}");
    }
    assert!(text.ends_with('\n') && !text.contains('\r'), "{text:?}");
    let page = Page::read(html);
    assert!(!page.links.is_empty(), "a letter leads to the shop");
    for link in &page.links {
        assert!(link == shop || link.starts_with(&format!("{shop}/")), "{link} leads elsewhere");
    }
    for link in text.split_whitespace().filter(|word| word.contains("://")) {
        assert!(link.starts_with(shop) || link.contains("//\u{200c}"), "{link} leads elsewhere");
    }
    // The text parts names from values by colons, its foot by dashes, and names the shop there again.
    let bare = |words: &str| words.replace(':', "");
    let said = bare(&dense(text)).replacen("--Boxoffice", "", 1);
    assert_eq!(said, bare(&page.words), "both forms say the same");
    assert!(html.contains("<html lang=\"en\">") && html.contains("\"color-scheme\""), "{html}");
    assert!(!html.contains("<img") && !html.contains("url("), "nothing is loaded: {html}");
}

/// Text without blanks: lines may be broken anywhere.
fn dense(text: &str) -> String {
    text.split_whitespace().collect()
}

fn shown(html: &str) -> String {
    html.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}
