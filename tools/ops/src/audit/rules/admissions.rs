//! Orders and admissions: nobody pays without being let in, and nobody enters for nothing.

use std::collections::{BTreeMap, HashMap};

use boxoffice_contract::admissions::AdmissionStatus;
use boxoffice_contract::door::Verdict;
use boxoffice_contract::orders::OrderStatus;

use super::{Differences, Found, Rule, by_id};
use crate::books::{Admission, Books, Listing, Order, Scan};

pub(super) fn check(books: &Books, found: &mut Found) {
    let orders = by_id(&books.orders, |order| &order.id);
    let scans = by_id(&books.scans, |scan| &scan.id);
    let listings = by_id(&books.listings, |listing| &listing.id);
    let mut tickets: BTreeMap<(&str, i64), Vec<&Admission>> = BTreeMap::new();
    let mut units: BTreeMap<&str, Vec<&Admission>> = BTreeMap::new();
    for admission in &books.admissions {
        let ticket = (admission.order_id.as_str(), admission.number);
        tickets.entry(ticket).or_default().push(admission);
        units.entry(admission.unit_id.as_str()).or_default().push(admission);
        state(admission, found);
        offer(admission, &listings, found);
        if admission.status == AdmissionStatus::Used {
            entry(admission, &scans, found);
        }
        match orders.get(admission.order_id.as_str()) {
            Some(order) => of_order(admission, order, found),
            None => {
                let sentence = "it exists, but its order does not";
                found.add(Rule::AdmissionOrder, ids(admission), sentence);
            }
        }
    }
    for admissions in tickets.values() {
        seconds(admissions, found);
    }
    for admissions in units.values() {
        of_unit(admissions, found);
    }
    let sales = Sales { orders: &orders, units: &units };
    for order in books.orders.iter().filter(|order| ended(order).is_none()) {
        missing(order, &tickets, &sales, found);
    }
}

/// The sales of units, one after the other.
struct Sales<'a> {
    orders: &'a HashMap<&'a str, &'a Order>,
    units: &'a BTreeMap<&'a str, Vec<&'a Admission>>,
}

impl Sales<'_> {
    /// Whether the admission is somebody else's by a sale that stands. One that does not stand gives it
    /// back, unless somebody has entered meanwhile.
    fn is_sold_on(&self, admission: &Admission) -> bool {
        let Some(order) = &admission.resold_order_id else { return false };
        let stands = self.orders.get(order.as_str()).is_some_and(|order| ended(order).is_none());
        let later = self.units.get(admission.unit_id.as_str()).into_iter().flatten();
        let mut later = later.filter(|other| other.generation > admission.generation);
        stands || later.any(|other| other.used_scan.is_some())
    }
}

/// Checks that at most one admission of a unit lets somebody in.
fn of_unit(admissions: &[&Admission], found: &mut Found) {
    let live: Vec<_> = admissions.iter().filter(|admission| is_live(admission)).collect();
    for second in live.iter().skip(1) {
        let sentence = format!("the unit {} has another, {}", second.unit_id, live[0].id);
        found.add(Rule::SecondAdmission, ids(second), sentence);
    }
}

/// Checks an admission that is offered against the listing of its offer.
fn offer(admission: &Admission, listings: &HashMap<&str, &Listing>, found: &mut Found) {
    let is_offered = admission.status == AdmissionStatus::Offered;
    let sentence = match admission.offer_id.as_deref().map(|id| listings.get(id)) {
        None if is_offered => "it is offered, but by no listing".to_owned(),
        Some(None) if is_offered => "it is offered, but its listing does not exist".to_owned(),
        Some(Some(listing)) if is_offered && listing.withdrawn != 0 => {
            format!("it is offered, but its listing {} is withdrawn", listing.id)
        }
        Some(Some(listing)) if is_offered && listing.sold != 0 => {
            format!("it is offered, but its listing {} is sold", listing.id)
        }
        Some(Some(listing)) if !is_offered && listing.withdrawn == 0 && listing.sold == 0 => {
            format!("it is {}, but its listing {} is on sale", admission.status.name(), listing.id)
        }
        _ => return,
    };
    found.add(Rule::AdmissionState, ids(admission), sentence);
}

fn ids(admission: &Admission) -> [(&'static str, &str); 2] {
    [("admission", &admission.id), ("order", &admission.order_id)]
}

fn is_live(admission: &Admission) -> bool {
    admission.status != AdmissionStatus::Void
}

/// Returns why nobody may enter for the order, or `None` if it is sold.
fn ended(order: &Order) -> Option<&'static str> {
    match order.status {
        OrderStatus::Complete if order.refunded_at.is_none() => None,
        OrderStatus::Complete => Some(OrderStatus::Refunded.name()),
        status => Some(status.name()),
    }
}

/// Checks what an admission says of itself.
fn state(admission: &Admission, found: &mut Found) {
    if admission.generation < 1 {
        let sentence = format!("its generation is {}, not 1 or more", admission.generation);
        found.add(Rule::AdmissionState, ids(admission), sentence);
    }
    if admission.undone != 0 && admission.status != AdmissionStatus::Void {
        let sentence = format!("its sale is undone, but it is {}", admission.status.name());
        found.add(Rule::AdmissionState, ids(admission), sentence);
    }
    if admission.transfer_id.is_some() && admission.status != AdmissionStatus::Valid {
        let sentence = format!("it is {}, but can be handed on", admission.status.name());
        found.add(Rule::AdmissionState, ids(admission), sentence);
    }
}

/// Checks that somebody has entered with a used admission.
fn entry(admission: &Admission, scans: &HashMap<&str, &Scan>, found: &mut Found) {
    let id = admission.used_scan.as_deref().unwrap_or_default();
    let sentence = match scans.get(id) {
        Some(scan) if scan.admission_id != admission.id => {
            format!("it is used, but its scan is of the admission {}", scan.admission_id)
        }
        Some(scan) if scan.verdict != Verdict::Admitted => {
            format!("it is used, but its scan came to {}", scan.verdict.name())
        }
        Some(_) => return,
        None => "it is used, but this scan does not exist".to_owned(),
    };
    found.add(Rule::AdmissionScan, [("admission", &admission.id), ("scan", id)], sentence);
}

/// Checks an admission against its order.
fn of_order(admission: &Admission, order: &Order, found: &mut Found) {
    // A resale is an order of a fan's listing, and for the event of the first sale.
    let event = order.resale_of.as_ref().unwrap_or(&order.ticket_id);
    let differences = Differences::default().of("ticket_id", &admission.ticket_id, event).of(
        "total",
        &admission.total,
        &order.quantity,
    );
    if let Some(differences) = differences.all() {
        found.add(Rule::AdmissionOrder, ids(admission), differences);
    }
    if admission.generation <= 1 && admission.holder_id != order.buyer_id {
        let (holder, buyer) = (&admission.holder_id, &order.buyer_id);
        let sentence = format!("{holder} holds it, but {buyer} has bought it and not handed it on");
        found.add(Rule::FirstHolder, ids(admission), sentence);
    }
    if !is_live(admission) {
        return;
    }
    if let Some(status) = ended(order) {
        let sentence = format!("it is {}, but its order is {status}", admission.status.name());
        found.add(Rule::UndueAdmission, ids(admission), sentence);
    } else if !(1..=order.quantity).contains(&admission.number) {
        let sentence =
            format!("it is number {}, but its order has {}", admission.number, order.quantity);
        found.add(Rule::UndueAdmission, ids(admission), sentence);
    }
}

/// Finds those of the admissions of one ticket that are too many.
fn seconds(admissions: &[&Admission], found: &mut Found) {
    // Of several, the one that lets in is not the second.
    let mut admissions = admissions.to_vec();
    admissions.sort_by_key(|admission| (!is_live(admission), admission.id.as_str()));
    for second in admissions.iter().skip(1) {
        let sentence =
            format!("number {} of the order has another, {}", second.number, admissions[0].id);
        found.add(Rule::SecondAdmission, ids(second), sentence);
    }
}

/// Finds the tickets of a sold order that nobody can enter with.
fn missing(
    order: &Order,
    tickets: &BTreeMap<(&str, i64), Vec<&Admission>>,
    sales: &Sales<'_>,
    found: &mut Found,
) {
    let lets_in = |number: &i64| {
        let admissions = tickets.get(&(order.id.as_str(), *number)).into_iter().flatten();
        let mut admissions = admissions.copied();
        admissions.any(|admission| is_live(admission) || sales.is_sold_on(admission))
    };
    let numbers: Vec<String> = (1..=order.quantity)
        .filter(|number| !lets_in(number))
        .map(|number| number.to_string())
        .collect();
    if !numbers.is_empty() {
        let sentence = format!(
            "the order has {} tickets; none lets in for number {}",
            order.quantity,
            numbers.join(", ")
        );
        found.add(Rule::MissingAdmission, [("order", &order.id)], sentence);
    }
}
