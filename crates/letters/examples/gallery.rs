//! Writes all letters to one page, for those who work on them:
//! `cargo run -p boxoffice-letters --example gallery > target/letters.html`.

use std::fmt::Write;

use boxoffice_letters::{render, sample};

fn main() {
    let mut page = String::from(
        "<!doctype html><html lang=en><meta charset=utf-8>\
         <meta name=viewport content=\"width=device-width,initial-scale=1\">\
         <meta name=color-scheme content=\"light dark\"><title>Letters</title>\
         <style>body{font:16px/1.5 system-ui;margin:1rem}iframe{width:100%;height:46rem;border:0}\
         pre{white-space:pre-wrap}</style>",
    );
    for letter in sample::letters() {
        let rendered = render(&letter, &sample::setting());
        let [kind, subject, text, html] =
            [letter.kind(), &rendered.subject, &rendered.text, &rendered.html].map(escaped);
        // Writing to a string cannot fail.
        let _ = write!(
            page,
            "<h2>{kind}: {subject}</h2><iframe title=\"{kind}\" sandbox srcdoc=\"{html}\"></iframe>\
             <details><summary>Text</summary><pre>{text}</pre></details>"
        );
    }
    println!("{page}");
}

/// Makes text safe for HTML, in an element or in a quoted attribute.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}
