//! `/admissions/{id}`: a ticket in the hand, with the code that a door reads. The server alone draws
//! it: a browser needs nothing but the picture.

use boxoffice_contract::admissions::Wallet;
use boxoffice_contract::{AdmissionId, OrderId, TicketId};
use sycamore::prelude::*;

use crate::drawn::{Shape, copied, draw, saved, shape};
use crate::parts::{
    self, Control, Field, Need, field, hidden, key, moment, numbered, place, submit, summary, way,
};
use crate::shop::Shop;
use crate::state::{Form, Moment, State};

/// A ticket in the hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admission {
    /// The admission.
    pub id: AdmissionId,
    /// The order that it was bought with, if the visitor bought it.
    pub order: Option<OrderId>,
    /// The listing's title.
    pub title: String,
    /// The venue's name.
    pub venue: Option<String>,
    /// The venue's city.
    pub city: Option<String>,
    /// When the event begins.
    pub when: Option<Moment>,
    /// Which of its order's tickets it is, from 1.
    pub number: i64,
    /// How many tickets its order has.
    pub of: i64,
    /// The wallets that this shop makes passes for.
    pub wallets: Vec<Wallet>,
    /// What it is good for.
    pub standing: Standing,
    /// The visitor's tickets of the same order before and after it: their numbers and ids.
    pub neighbours: [Option<(i64, AdmissionId)>; 2],
    /// The key of this page.
    pub key: String,
}

/// What a ticket is good for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It lets one person in.
    Valid {
        /// Its code.
        code: Code,
        /// Whether it is handed on, and to whom.
        transfer: Transfer,
        /// Whether it can be sold on.
        sale: Sale,
    },
    /// Its holder sells it on, and its code lets nobody in meanwhile.
    Offered {
        /// What it costs, with its currency.
        price: String,
        /// The listing that buyers find it by.
        listing: TicketId,
        /// The key of the form that takes it off sale.
        key: String,
    },
    /// Somebody has entered with it.
    Used {
        /// Its code, for a door that wants to see it again.
        code: Code,
        /// When somebody entered.
        at: Option<Moment>,
    },
    /// It lets nobody in.
    Void,
}

/// A QR code as SVG.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// The attribute `viewBox`, which includes the quiet zone.
    pub view_box: String,
    /// The attribute `d` of a path whose stroke draws the dark modules.
    pub path: String,
}

/// How a ticket is handed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transfer {
    /// Nobody has been offered it. The form: `email`.
    Nobody(Form),
    /// Somebody has yet to accept it.
    Waiting {
        /// Their address.
        email: String,
        /// When they can no longer accept it.
        until: Moment,
        /// The link that they are sent.
        link: String,
        /// The key of the form that takes it back.
        key: String,
    },
    /// The organizer does not let it be handed on, or not once more.
    Forbidden,
}

/// How a valid ticket is sold on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sale {
    /// Its holder names a price. The form: `price`.
    Open {
        /// The form.
        form: Form,
        /// The sign of the currency that it was sold in.
        sign: String,
        /// The highest price, with its currency.
        most: String,
    },
    /// The event has begun.
    Begun,
    /// It is being handed on.
    HandedOn,
    /// The organizer does not let it be sold on.
    Forbidden,
}

/// Returns `state` with the page of this ticket on it.
#[must_use]
pub fn drawn(state: State, admission: Admission) -> State {
    let key = admission.key.clone();
    draw(state, key, move |shop| page(shop, admission))
}

fn page(shop: Shop, admission: Admission) -> View {
    let Admission { id, number, of, neighbours, .. } = admission;
    let name = numbered(number, of);
    let ways = ways(&admission);
    let pages = pages(neighbours, of);
    let (status, code, next) = match admission.standing {
        Standing::Valid { code, transfer, sale } => {
            let code = picture(code, "qr");
            let code = view! { (code) p(class="small") { "Turn your screen's brightness up." } };
            let (give, sell) = (hand_on(shop, id, transfer), sell_on(shop, id, sale));
            (valid(), code, view! { (give) (sell) })
        }
        Standing::Offered { price, listing, key } => {
            let said =
                format!("On sale for {price}. Its code lets nobody in until you take it off sale.");
            (offered(), view! { p { (said) } }, on_sale(shop, id, listing, key))
        }
        Standing::Used { code, at } => (used(at), picture(code, "qr dimmed"), View::new()),
        Standing::Void => (void(), View::new(), View::new()),
    };
    let (saved, title) = (saved(), admission.title);
    let when = parts::when(admission.when);
    let place = place(admission.venue.as_deref(), admission.city.as_deref());
    let place = parts::line("where", place);
    view! {
        div(class="narrow", data-keep="") {
            (saved)
            article(class="sheet pass") {
                h1(tabindex="-1") { (title) }
                div { (when) (place) }
                div(class="headline") {
                    p(class="number") { (name) }
                    (status)
                }
                (code)
            }
            (pages)
            (ways)
            (next)
        }
    }
}

fn valid() -> View {
    let mark = shape(Shape::Good);
    view! { p(class="status good") { (mark) "Valid" } }
}

fn used(at: Option<Moment>) -> View {
    let mark = shape(Shape::Due);
    let (time, date) = at.map(|at| (format!("Used at {}", at.time), at.date)).unzip();
    let time = time.unwrap_or_else(|| "Used".to_owned());
    let date = date.map(|date| view! { span(class="small") { (date) } }).unwrap_or_default();
    view! { p(class="status due") { (mark) (time) } (date) }
}

fn offered() -> View {
    let mark = shape(Shape::Due);
    view! { p(class="status due") { (mark) "On sale" } }
}

fn void() -> View {
    let mark = shape(Shape::Bad);
    let word = "This ticket was refunded or sold on, and lets nobody in";
    view! { p(class="status bad") { (mark) (word) } }
}

/// The code, dark on light whatever the colours of the page: scanners expect it so.
fn picture(Code { view_box, path }: Code, class: &'static str) -> View {
    let svg = format!(
        "<svg viewBox=\"{view_box}\" shape-rendering=\"crispEdges\" focusable=\"false\">\
         <path fill=\"#fff\" d=\"M0 0h999v999H0z\"/><path stroke=\"#000\" d=\"{path}\"/></svg>"
    );
    view! {
        div(class=class, role="img", aria-label="Ticket code", dangerously_set_inner_html=svg) {}
    }
}

/// The ways to the other tickets of the same order.
fn pages(neighbours: [Option<(i64, AdmissionId)>; 2], of: i64) -> View {
    if neighbours.iter().all(Option::is_none) {
        return View::new();
    }
    let [before, after] = neighbours.map(|one| one.map(|(number, id)| (numbered(number, of), id)));
    let link = |other: Option<(String, AdmissionId)>, rel: &'static str, label: &'static str| {
        let link = |(name, id): (String, AdmissionId)| {
            let (href, name) = (format!("/admissions/{id}"), format!("{label}: {name}"));
            view! { a(class="button quiet", href=href, rel=rel, aria-label=name) { (label) } }
        };
        other.map(link).unwrap_or_default()
    };
    let (before, after) = (link(before, "prev", "Previous"), link(after, "next", "Next"));
    view! { nav(class="pages", aria-label="Tickets of this order") { (before) (after) } }
}

/// Where to go from here.
fn ways(admission: &Admission) -> View {
    let Admission { id, order, when, wallets, standing, .. } = admission;
    let is_good = *standing != Standing::Void;
    // Without a code there is nothing to print, or to put into a wallet.
    let has_code = matches!(standing, Standing::Valid { .. } | Standing::Used { .. });
    let file = |address: String, label: &'static str| {
        view! { a(class="button quiet", href=address, download="") { (label) } }
    };
    let calendar = match is_good && when.is_some() {
        true => file(format!("/admissions/{id}/event.ics"), "Add to calendar"),
        false => View::new(),
    };
    let paper = match has_code {
        true => file(format!("/api/admissions/{id}.pdf"), "Download as PDF"),
        false => View::new(),
    };
    let pass = |wallet: &Wallet| match wallet {
        Wallet::Apple => file(format!("/api/admissions/{id}.pkpass"), "Add to Apple Wallet"),
        Wallet::Google => {
            way("button quiet", format!("/api/admissions/{id}.google"), "Add to Google Wallet")
        }
    };
    let passes: Vec<View> = wallets.iter().filter(|_| has_code).map(pass).collect();
    let order = match order {
        Some(order) => way("button quiet", format!("/orders/{order}"), "Order"),
        None => way("button quiet", "/orders", "My orders"),
    };
    view! { p(class="actions") { (calendar) (paper) (passes) (order) } }
}

fn hand_on(shop: Shop, id: AdmissionId, transfer: Transfer) -> View {
    let inside = match transfer {
        Transfer::Nobody(form) => receiver(shop, id, form),
        Transfer::Waiting { email, until, link, key } => {
            let action = format!("/admissions/{id}/take-back");
            let until = moment(until);
            let link = copied("link".to_owned(), format!("Link for {email}"), link);
            let button = submit(shop, &action, "Take it back".to_owned(), "Taking it back…");
            let key = hidden("key", key);
            view! {
                p { "Waiting for " strong { (email) } " to accept until " (until) "." }
                p(class="small") { "Send them this link. Until they accept, the ticket stays yours." }
                (link)
                form(method="post", action=action, class="quietly") { (key) (button) }
            }
        }
        Transfer::Forbidden => {
            view! { p { "The organizer does not let you hand this ticket on." } }
        }
    };
    view! {
        section(class="sheet unprinted", aria-labelledby="give") {
            h2(id="give") { "Give this ticket to somebody" }
            (inside)
        }
    }
}

fn receiver(shop: Shop, id: AdmissionId, form: Form) -> View {
    let action = format!("/admissions/{id}/transfer");
    let form = *create_signal(form);
    let errors = summary(form);
    let key = key(form);
    let control = Control::Line { kind: "email", complete: "off", mode: "email" };
    let email = Field {
        name: "email",
        label: "Their e-mail address",
        hint: "You get a link to send them. They need an account with this address to accept.",
        need: Need::Must,
        control,
    };
    let email = field(shop, form, email);
    let button = submit(shop, &action, "Make the link".to_owned(), "Making the link…");
    view! {
        (errors)
        form(method="post", action=action, class="sheet-form", novalidate=true) {
            (key)
            (email)
            (button)
        }
    }
}

fn sell_on(shop: Shop, id: AdmissionId, sale: Sale) -> View {
    // A form that was refused is open: what is wrong with it must be seen.
    let is_open = matches!(&sale, Sale::Open { form, .. } if !form.errors.is_empty());
    let inside = match sale {
        Sale::Open { form, sign, most } => price(shop, id, form, sign, &most),
        Sale::Begun => view! { p { "The event has begun, so this ticket cannot be sold on." } },
        Sale::HandedOn => {
            view! { p { "You are handing this ticket on. Take it back first to sell it." } }
        }
        Sale::Forbidden => view! { p { "The organizer does not let you sell this ticket on." } },
    };
    view! {
        details(class="sheet unprinted sell-on", open=is_open) {
            summary(class="button quiet") { "Sell it on" }
            div { (inside) }
        }
    }
}

fn price(shop: Shop, id: AdmissionId, form: Form, sign: String, most: &str) -> View {
    let action = format!("/admissions/{id}/offer");
    let form = *create_signal(form);
    let (errors, key) = (summary(form), key(form));
    let terms = format!("At most {most}. When it is sold you get the price less the shop's fee.");
    let price = Field {
        name: "price",
        label: "Price",
        hint: "The full price that the buyer pays.",
        need: Need::Must,
        control: Control::AMOUNT,
    };
    let price = field(shop, form, price);
    let button = submit(shop, &action, "Put it on sale".to_owned(), "Putting it on sale…");
    view! {
        (errors)
        p { (terms) }
        form(method="post", action=action, class="sheet-form", novalidate=true) {
            (key)
            div(class="prefixed") {
                span(class="prefix", aria-hidden="true") { (sign) }
                (price)
            }
            (button)
        }
    }
}

fn on_sale(shop: Shop, id: AdmissionId, listing: TicketId, key: String) -> View {
    let action = format!("/admissions/{id}/offer/end");
    let listing = way("button quiet", format!("/tickets/{listing}"), "See it as buyers do");
    let key = hidden("key", key);
    let button = submit(shop, &action, "Take it off sale".to_owned(), "Taking it off sale…");
    view! {
        section(class="sheet unprinted", aria-labelledby="sale") {
            h2(id="sale") { "Your offer" }
            p { "When it is sold you get the price less the shop's fee, and the ticket is the buyer's." }
            p(class="actions") { (listing) }
            form(method="post", action=action, class="quietly") { (key) (button) }
        }
    }
}

#[cfg(test)]
mod tests {
    use boxoffice_contract::FieldError;
    use uuid::Uuid;

    use super::*;
    use crate::state::{Drawn, Page};

    const ID: AdmissionId = AdmissionId(Uuid::from_u128(1));
    const LISTING: TicketId = TicketId(Uuid::from_u128(2));

    /// The page of a ticket that stands so, as HTML.
    fn html(standing: Standing) -> String {
        let state = State {
            here: "/".to_owned(),
            title: String::new(),
            description: String::new(),
            visitor: None,
            notice: None,
            now: 0,
            page: Page::Drawn(Drawn::default()),
        };
        let admission = Admission {
            id: ID,
            order: None,
            title: "Kites".to_owned(),
            venue: None,
            city: None,
            when: None,
            number: 1,
            of: 1,
            wallets: Wallet::ALL.to_vec(),
            standing,
            neighbours: [None, None],
            key: String::new(),
        };
        match drawn(state, admission).page {
            Page::Drawn(Drawn { html, .. }) => html,
            other => panic!("{other:?}"),
        }
    }

    fn valid(transfer: Transfer, sale: Sale) -> String {
        let code = Code { view_box: "0 0 9 9".to_owned(), path: "M4 4h1".to_owned() };
        html(Standing::Valid { code, transfer, sale })
    }

    fn for_sale(errors: Vec<FieldError>) -> Sale {
        let values = [("price".to_owned(), "45.00".to_owned())].into();
        let form = Form { values, errors, ..Form::default() };
        Sale::Open { form, sign: "€".to_owned(), most: "€45.00".to_owned() }
    }

    /// The tag with which the part to sell a ticket begins.
    fn details(html: &str) -> &str {
        let (_, rest) = html.split_once("<details").expect("a part to unfold");
        rest.split('>').next().unwrap_or_default()
    }

    #[test]
    fn the_form_to_sell_is_folded_until_something_is_wrong_with_it() {
        let page = valid(Transfer::Nobody(Form::default()), for_sale(Vec::new()));
        assert!(!details(&page).contains("open"), "{page}");
        for shown in [
            &format!("action=\"/admissions/{ID}/offer\"") as &str,
            "value=\"45.00\"",
            "At most €45.00. When it is sold you get the price less the shop's fee.",
        ] {
            assert!(page.contains(shown), "{shown}: {page}");
        }
        let error = FieldError { field: Some("price".to_owned()), message: "No.".to_owned() };
        let page = valid(Transfer::Nobody(Form::default()), for_sale(vec![error]));
        assert!(details(&page).contains("open"), "{page}");
        assert!(page.contains("href=\"#price\""), "the summary leads to the field: {page}");
    }

    #[test]
    fn what_cannot_be_sold_on_says_why() {
        for (sale, why) in [
            (Sale::Begun, "The event has begun, so this ticket cannot be sold on."),
            (Sale::HandedOn, "Take it back first to sell it."),
            (Sale::Forbidden, "The organizer does not let you sell this ticket on."),
        ] {
            let page = valid(Transfer::Nobody(Form::default()), sale);
            assert!(page.contains(why), "{why}: {page}");
            assert!(!page.contains("/offer\""), "{why}: {page}");
        }
    }

    #[test]
    fn what_cannot_be_handed_on_says_so() {
        let may = valid(Transfer::Nobody(Form::default()), Sale::Begun);
        assert!(may.contains("/transfer\""), "{may}");
        let may_not = valid(Transfer::Forbidden, Sale::Begun);
        assert!(!may_not.contains("/transfer\""), "{may_not}");
        assert!(may_not.contains("The organizer does not let you hand this ticket on."));
    }

    #[test]
    fn a_ticket_on_sale_shows_no_code_and_a_way_to_end_that() {
        let price = "€40.00".to_owned();
        let page = html(Standing::Offered { price, listing: LISTING, key: "k-1".to_owned() });
        for shown in [
            "On sale for €40.00. Its code lets nobody in until you take it off sale.",
            &format!("href=\"/tickets/{LISTING}\""),
            &format!("action=\"/admissions/{ID}/offer/end\""),
            "value=\"k-1\"",
        ] {
            assert!(page.contains(shown), "{shown}: {page}");
        }
        for hidden in ["Ticket code", ".pdf", ".pkpass", "/transfer", "Sell it on"] {
            assert!(!page.contains(hidden), "{hidden}: {page}");
        }
    }

    #[test]
    fn a_void_ticket_says_how_it_may_have_ended() {
        let page = html(Standing::Void);
        assert!(page.contains("This ticket was refunded or sold on, and lets nobody in"), "{page}");
        assert!(!page.contains("Ticket code") && !page.contains("Sell it on"), "{page}");
    }
}
