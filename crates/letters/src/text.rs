//! A letter as plain text.

use textwrap::{Options, WordSplitter, wrap};

use crate::content::{Block, Content, Fact, Part, address};
use crate::letter::Setting;

/// How many columns a line has at most (RFC 5322, 2.1.1).
const COLUMNS: usize = 78;
/// What the link says by which the recipient does without such letters.
pub(crate) const UNSUBSCRIBE: &str = "Get no more e-mails like this";

/// Returns the text of `content`, with one empty line between its parts.
pub(crate) fn written(content: &Content, setting: &Setting) -> String {
    let mut parts = vec![plain(&setting.shop), plain(content.heading)];
    parts.extend(content.blocks.iter().map(block));
    // Mail programs know what follows such a line for a signature (RFC 3676, 4.3); but they take the
    // blank at its end for a sign of flowed text, which this is not.
    let [shop, reason] = [&setting.shop, content.reason].map(plain);
    let mut foot = format!("--\n{shop}\n{reason}\n{}", home(setting));
    if let Some(url) = unsubscribe(setting) {
        foot = format!("{foot}\n{UNSUBSCRIBE}:\n{url}");
    }
    parts.push(foot);
    let mut text = parts.join("\n\n");
    text.push('\n');
    text
}

/// Returns the shop's own address, as letters write it.
pub(crate) fn home(setting: &Setting) -> &str {
    setting.public_url.trim_end_matches('/')
}

/// Returns the address of the page by which the recipient does without such letters.
pub(crate) fn unsubscribe(setting: &Setting) -> Option<String> {
    setting.unsubscribe.as_deref().map(|path| address(&setting.public_url, path))
}

fn block(block: &Block) -> String {
    match block {
        Block::Paragraph(parts) => plain(&parts.iter().map(Part::plain).collect::<String>()),
        Block::Facts(facts) => facts.iter().map(fact).collect::<Vec<_>>().join("\n"),
        Block::Code(code) => wrapped(code, ["    ", "    "]),
        // A link stays whole, however long it is.
        Block::Button { label, url } => format!("{label}:\n{url}"),
    }
}

fn fact(Fact { name, value }: &Fact) -> String {
    wrapped(&format!("{name}: {}", value.plain()), ["", "  "])
}

fn plain(text: &str) -> String {
    wrapped(text, ["", ""])
}

/// Returns `text` in lines that fit. The first begins with one indent, the others with another.
fn wrapped(text: &str, [first, others]: [&str; 2]) -> String {
    let options = Options::new(COLUMNS)
        .word_splitter(WordSplitter::NoHyphenation)
        .initial_indent(first)
        .subsequent_indent(others);
    let lines = wrap(text, options);
    lines.iter().map(|line| line.trim_end()).collect::<Vec<_>>().join("\n")
}
