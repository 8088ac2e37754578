//! Nothing there, or nothing that works: with a way back.

use sycamore::prelude::*;

use crate::state::{Failed, Missing};

pub(crate) fn missing(Missing { what }: Missing) -> View {
    view! {
        div(class="lost") {
            p(class="code", aria-hidden="true") { "404" }
            h1(tabindex="-1") { "Not found" }
            p { (what) }
            p { a(class="button", href="/") { "Browse tickets" } }
        }
    }
}

pub(crate) fn failed(Failed { status, what, request_id }: Failed) -> View {
    let title = match status {
        403 => "Not allowed",
        503 => "Back in a moment",
        _ => "Something went wrong",
    };
    view! {
        div(class="lost") {
            p(class="code", aria-hidden="true") { (status) }
            h1(tabindex="-1") { (title) }
            p { (what) }
            p { a(class="button", href="/") { "Browse tickets" } }
            p(class="small") { "If you ask us for help, quote " code { (request_id) } }
        }
    }
}
