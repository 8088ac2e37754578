//! `/admissions/{id}`: a ticket in the hand, with the code that a door reads. The server alone draws
//! it: a browser needs nothing but the picture.

use boxoffice_contract::admissions::Wallet;
use boxoffice_contract::{AdmissionId, OrderId, TicketId};
use sycamore::prelude::*;

use crate::drawn::{Shape, copied, draw, saved, shape, with_script};
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
    /// The name of the guest, if the holder has given it.
    pub name: Option<String>,
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
    Valid(Box<InHand>),
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

impl Standing {
    /// Returns its code, if it has one.
    fn code(&self) -> Option<&Code> {
        match self {
            Self::Valid(in_hand) => in_hand.code.as_ref(),
            Self::Used { code, .. } => Some(code),
            Self::Offered { .. } | Self::Void => None,
        }
    }
}

/// A ticket that lets one person in, and what its holder may do with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InHand {
    /// Its code; `None` until the guest has a name.
    pub code: Option<Code>,
    /// The form that names the guest, if the organizer asks for it: `name`.
    pub naming: Option<Form>,
    /// Whether it is handed on, and to whom.
    pub transfer: Transfer,
    /// Whether it can be sold on.
    pub sale: Sale,
}

/// How a ticket's code is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Code {
    /// It stays as it is.
    Still(Picture),
    /// It is another one every 30 seconds.
    Turning(Box<Turning>),
}

/// A code that turns. A module of its own (`web/turning`) draws the next ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turning {
    /// The part of each code that is the same all the time, in base64url.
    pub token: String,
    /// What the part is made of that turns, in base64url.
    pub seed: String,
    /// The code of this moment; `None` before the first.
    pub picture: Option<Picture>,
    /// From when on there is a code.
    pub opens: Moment,
    /// The address of the script that starts the module.
    pub script: String,
}

/// A QR code as SVG.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
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
    let script = match admission.standing.code() {
        Some(Code::Turning(turning)) => Some(turning.script.clone()),
        _ => None,
    };
    let now = state.now;
    let state = draw(state, key, move |shop| page(shop, admission, now));
    match script {
        Some(script) => with_script(state, script),
        None => state,
    }
}

fn page(shop: Shop, admission: Admission, now: i64) -> View {
    let Admission { id, number, of, neighbours, .. } = admission;
    let name = numbered(number, of);
    let ways = ways(&admission);
    let pages = pages(neighbours, of);
    let (status, code, next) = match admission.standing {
        Standing::Valid(ticket) => {
            let InHand { code, naming, transfer, sale } = *ticket;
            let code = in_hand(shop, id, code, naming, now);
            let (give, sell) = (hand_on(shop, id, transfer), sell_on(shop, id, sale));
            (valid(), code, view! { (give) (sell) })
        }
        Standing::Offered { price, listing, key } => {
            let said =
                format!("On sale for {price}. Its code lets nobody in until you take it off sale.");
            (offered(), view! { p { (said) } }, on_sale(shop, id, listing, key))
        }
        Standing::Used { code, at } => (used(at), shown(code, true, now), View::new()),
        Standing::Void => (void(), View::new(), View::new()),
    };
    let (saved, title) = (saved(), admission.title);
    let guest = parts::line("guest", admission.name);
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
                (guest)
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

/// The code with a way to change the guest's name, or the form that has to come before the code.
fn in_hand(
    shop: Shop,
    id: AdmissionId,
    code: Option<Code>,
    naming: Option<Form>,
    now: i64,
) -> View {
    // A form that was refused is open: what is wrong with it must be seen.
    let is_open = naming.as_ref().is_some_and(|form| !form.errors.is_empty());
    let form = naming.map(|form| guest(shop, id, form));
    let Some(code) = code else {
        let form = form.unwrap_or_default();
        return view! {
            section(class="naming", aria-labelledby="naming") {
                h2(id="naming") { "Who comes with this ticket?" }
                p { "The organizer asks for each guest's name. Your code is here once you have given it." }
                (form)
            }
        };
    };
    let change = |form: View| {
        view! {
            details(class="unprinted naming", open=is_open) {
                summary(class="button quiet") { "Change the name" }
                div { (form) }
            }
        }
    };
    let (code, change) = (shown(code, false, now), form.map(change).unwrap_or_default());
    view! { (code) (change) }
}

fn guest(shop: Shop, id: AdmissionId, form: Form) -> View {
    let action = format!("/admissions/{id}/name");
    let form = *create_signal(form);
    let (errors, key) = (summary(form), key(form));
    let name = Field {
        name: "name",
        label: "Name",
        hint: "Those at the door see it.",
        need: Need::Must,
        control: Control::LINE,
    };
    let name = field(shop, form, name);
    let button = submit(shop, &action, "Save the name".to_owned(), "Saving the name…");
    view! {
        (errors)
        form(method="post", action=action, class="sheet-form", novalidate=true) {
            (key)
            (name)
            (button)
        }
    }
}

/// The code, and how to show it if nobody has entered with it (`is_used`). `now` is when the server
/// draws it, in milliseconds since 1970.
fn shown(code: Code, is_used: bool, now: i64) -> View {
    match code {
        Code::Still(code) => {
            let code = picture(code, class(is_used));
            let bright = match is_used {
                true => View::new(),
                false => view! { p(class="small") { "Turn your screen's brightness up." } },
            };
            view! { (code) (bright) }
        }
        Code::Turning(code) => turning(*code, is_used, now),
    }
}

const fn class(is_used: bool) -> &'static str {
    if is_used { "qr dimmed" } else { "qr" }
}

/// A code that turns, and what is said before the first and after the last. The module shows one of the
/// three. Where there are no scripts, the server's code counts for as long as any.
fn turning(turning: Turning, is_used: bool, now: i64) -> View {
    let Turning { token, seed, picture: code, opens, script: _ } = turning;
    let is_open = code.is_some();
    let blank = Picture { view_box: "0 0 57 57".to_owned(), path: String::new() };
    let code = picture(code.unwrap_or(blank), class(is_used));
    let opens = moment(opens);
    let how = match is_used {
        true => View::new(),
        false => view! {
            p(class="small") {
                "A new code every 30 seconds: a picture of it lets nobody in. Turn your screen's brightness up."
            }
        },
    };
    let now = now.to_string();
    view! {
        div(id="turning", data-token=token, data-seed=seed, data-now=now) {
            p(id="turning-early", class="notice", hidden=is_open) {
                "Your code shows here from " (opens) " on, also without a network."
            }
            div(id="turning-code", hidden=!is_open) {
                (code)
                div(class="turn", aria-hidden="true") { span {} }
                (how)
                noscript {
                    p(class="small") { "Load the page again for the next code." }
                }
            }
            p(id="turning-late", class="notice", hidden=true) {
                "These codes have ended. Load this page again, with a network."
            }
        }
    }
}

/// A picture of a code, dark on light whatever the colours of the page: scanners expect it so.
fn picture(Picture { view_box, path }: Picture, class: &'static str) -> View {
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
    // Without a code there is nothing to print, or to put into a wallet. One that turns cannot be.
    let has_code = matches!(standing.code(), Some(Code::Still(_)));
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
        None => way("button quiet", "/orders", "My tickets"),
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
        page_of(standing).html
    }

    fn page_of(standing: Standing) -> Drawn {
        let state = State {
            here: "/".to_owned(),
            title: String::new(),
            description: String::new(),
            visitor: None,
            notice: None,
            held: None,
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
            name: None,
            wallets: Wallet::ALL.to_vec(),
            standing,
            neighbours: [None, None],
            key: String::new(),
        };
        match drawn(state, admission).page {
            Page::Drawn(drawn) => drawn,
            other => panic!("{other:?}"),
        }
    }

    fn valid(transfer: Transfer, sale: Sale) -> String {
        let (code, naming) = (Some(code()), None);
        html(Standing::Valid(Box::new(InHand { code, naming, transfer, sale })))
    }

    fn code() -> Code {
        Code::Still(Picture { view_box: "0 0 9 9".to_owned(), path: "M4 4h1".to_owned() })
    }

    fn named(code: Option<Code>, errors: Vec<FieldError>) -> String {
        let naming = Some(Form { errors, ..Form::default() });
        let transfer = Transfer::Nobody(Form::default());
        html(Standing::Valid(Box::new(InHand { code, naming, transfer, sale: Sale::Begun })))
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
    fn a_ticket_that_needs_a_name_asks_for_it_in_place_of_its_code() {
        let action = format!("action=\"/admissions/{ID}/name\"");
        let page = named(None, Vec::new());
        for shown in ["Who comes with this ticket?", &action, "Save the name", "Valid"] {
            assert!(page.contains(shown), "{shown}: {page}");
        }
        for hidden in ["Ticket code", ".pdf", ".pkpass", ".google", "Change the name"] {
            assert!(!page.contains(hidden), "{hidden}: {page}");
        }
        let page = named(Some(code()), Vec::new());
        for shown in ["Ticket code", ".pdf", ".pkpass", ".google", "Change the name", &action] {
            assert!(page.contains(shown), "{shown}: {page}");
        }
        assert!(!page.contains("Who comes with this ticket?"), "{page}");
    }

    #[test]
    fn a_code_that_turns_loads_what_turns_it_and_is_in_no_file() {
        let turning = |picture: Option<Picture>| {
            let opens = Moment {
                iso: String::new(),
                date: "12 June".to_owned(),
                time: "08:30".to_owned(),
                zone: String::new(),
            };
            let (token, seed, script) = ("T".to_owned(), "S".to_owned(), "turning.js".to_owned());
            let code = Code::Turning(Box::new(Turning { token, seed, picture, opens, script }));
            page_of(Standing::Used { code, at: None })
        };
        let open =
            turning(Some(Picture { view_box: "0 0 9 9".to_owned(), path: "M4 4h1".to_owned() }));
        let early = turning(None);
        for page in [&open, &early] {
            assert_eq!(page.script.as_deref(), Some("turning.js"));
            for shown in ["data-token=\"T\"", "data-seed=\"S\"", "08:30"] {
                assert!(page.html.contains(shown), "{shown}: {}", page.html);
            }
            for hidden in [".pdf", ".pkpass", ".google"] {
                assert!(!page.html.contains(hidden), "{hidden}: {}", page.html);
            }
        }
        let is_hidden = |page: &Drawn, id: &str| {
            let (_, part) = page.html.split_once(&format!("id=\"{id}\"")).unwrap_or_default();
            part.split('>').next().unwrap_or_default().contains("hidden")
        };
        for (id, hidden) in [
            ("turning-early", [true, false]),
            ("turning-code", [false, true]),
            ("turning-late", [true, true]),
        ] {
            assert_eq!([is_hidden(&open, id), is_hidden(&early, id)], hidden, "{id}");
        }
    }

    #[test]
    fn the_form_to_change_a_name_is_folded_until_something_is_wrong_with_it() {
        assert!(!details(&named(Some(code()), Vec::new())).contains("open"));
        let error = FieldError { field: Some("name".to_owned()), message: "No.".to_owned() };
        let page = named(Some(code()), vec![error]);
        assert!(details(&page).contains("open"), "{page}");
        assert!(page.contains("href=\"#name\""), "the summary leads to the field: {page}");
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
