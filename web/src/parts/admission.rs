//! Tickets that one holds, as ways to their codes.

use sycamore::prelude::*;

use crate::state::{Admission, AdmissionStatus};

/// Which of its order's tickets one is.
pub(crate) fn numbered(number: i64, of: i64) -> String {
    format!("Ticket {number} of {of}")
}

/// A row for each ticket, which leads to its code.
pub(crate) fn admissions(admissions: Vec<Admission>) -> View {
    let rows: Vec<View> = admissions.into_iter().map(line).collect();
    view! { ul(class="passes") { (rows) } }
}

fn line(Admission { id, number, of, status }: Admission) -> View {
    let href = format!("/admissions/{id}");
    let name = numbered(number, of);
    let (word, class) = called(status);
    view! {
        li {
            a(href=href) { (name) }
            p(class=class) { (word) }
        }
    }
}

/// What people call a ticket's status, and the class of the style sheet's.
fn called(status: AdmissionStatus) -> (&'static str, &'static str) {
    match status {
        AdmissionStatus::Valid => ("Valid", "status good"),
        AdmissionStatus::Used => ("Used", "status"),
        AdmissionStatus::Offered => ("On sale", "status due"),
        AdmissionStatus::Void => ("Refunded or sold on", "status"),
    }
}
