//! Writes every page, with made-up states, to `target/gallery/*.html`: to look at the design
//! without a shop that runs.

use std::path::Path;
use std::{fs, io};

use boxoffice_admission_code::qr::Qr;
use boxoffice_contract::admissions::Wallet;
use boxoffice_contract::door::Verdict;
use boxoffice_contract::{
    AdmissionId, IdentityId, OrderId, PaymentId, ScanId, SessionId, StaffId, TicketId,
};
use boxoffice_web::accept::{self, Offer};
use boxoffice_web::account::{
    self, Account, Arrival, Data, DataFile, Forgotten, Letters, Linked, Proof, Providers,
};
use boxoffice_web::admission::{self, Code, InHand, Picture, Sale, Transfer, Turning};
use boxoffice_web::door::{self, Door, Double, Link, Seen, Staff};
use boxoffice_web::sales::{Balance, Deal, DealKind, Sales, drawn};
use boxoffice_web::sessions::{self, Session, Sessions};
use uuid::Uuid;

use boxoffice_web::state::{
    Admission, AdmissionStatus, Browse, Card, Checkout, Currency, Detail, Drawn, Entrance, Failed,
    FieldError, Form, Going, Listing, Listings, Method, Missing, Moment, Notice, Order, Orders,
    Outcome, Page, Reminder, Sell, Standing, State, TestCard, TicketStatus, Tone, Visitor,
};
use boxoffice_web::{Assets, Module, Site, document};

const NOW: i64 = 1_780_000_000_000;

fn main() -> io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/gallery");
    fs::create_dir_all(&folder)?;
    for file in ["app.css", "boot.js", "door.js", "favicon.svg"] {
        fs::copy(
            Path::new(env!("CARGO_MANIFEST_DIR")).join("assets").join(file),
            folder.join(file),
        )?;
    }
    let site = Site {
        origin: "https://tickets.example".to_owned(),
        reload: None,
        is_for_tests: false,
        assets: Assets {
            css: "app.css".to_owned(),
            icon: "favicon.svg".to_owned(),
            shop: module("boot.js", "boxoffice_web"),
            door: module("door.js", "boxoffice_web_door"),
            turning: module("turning.js", "boxoffice_web_turning"),
        },
    };
    for (name, page) in pages() {
        let html = document(&state(name, page), &site);
        fs::write(folder.join(format!("{name}.html")), html)?;
    }
    println!("{}", folder.display());
    Ok(())
}

fn module(start: &str, crate_name: &str) -> Module {
    Module {
        start: start.to_owned(),
        glue: format!("{crate_name}.js"),
        wasm: format!("{crate_name}_bg.wasm"),
    }
}

fn state(name: &str, page: Page) -> State {
    let visitor = Visitor { email: "ada@example.com".to_owned(), key: "k".to_owned() };
    let notice = Notice { tone: Tone::Good, text: "Your listing is saved.".to_owned() };
    State {
        here: "/".to_owned(),
        title: name.to_owned(),
        description: "Tickets for concerts and shows".to_owned(),
        visitor: (!matches!(page, Page::SignIn(_) | Page::SignUp(_))).then_some(visitor),
        notice: (name == "listings").then_some(notice),
        held: None,
        now: NOW,
        page,
    }
}

fn pages() -> Vec<(&'static str, Page)> {
    let outcome = |standing| {
        let (again, admissions) = ("/".to_owned(), Some(held()));
        Page::Order(Outcome { order: order(standing, 0), again, admissions, give_back: None })
    };
    vec![
        ("browse", Page::Browse(browse(cards()))),
        ("empty", Page::Browse(Browse { filtered: true, ..browse(Vec::new()) })),
        ("first-run", Page::Browse(browse(Vec::new()))),
        ("ticket", Page::Ticket(detail(TicketStatus::Open))),
        ("sold", Page::Ticket(detail(TicketStatus::Sold))),
        ("lost-race", Page::Ticket(lost())),
        ("from-a-fan", Page::Ticket(resale(false))),
        ("own-offer", Page::Ticket(resale(true))),
        ("sign-in", Page::SignIn(entrance(false))),
        ("sign-up", Page::SignUp(entrance(true))),
        ("sell", Page::Sell(sell())),
        ("checkout", Page::Checkout(checkout())),
        ("asked", Page::Checkout(Checkout { order: order(Standing::Asked, 0), ..checkout() })),
        ("paid", outcome(Standing::Paid)),
        ("changed", Page::Order(changed())),
        ("refunded", outcome(Standing::Refunded)),
        ("paying", outcome(Standing::Paying)),
        ("expired", outcome(Standing::Expired)),
        ("orders", Page::Orders(orders())),
        ("no-orders", Page::Orders(no_orders())),
        ("admission", in_hand(valid(Transfer::Nobody(Form::default())))),
        ("admission-waiting", in_hand(valid(waiting()))),
        ("admission-nameless", in_hand(nameless())),
        ("admission-named", named()),
        ("admission-too-dear", in_hand(too_dear())),
        ("admission-on-sale", in_hand(on_sale())),
        ("admission-turning", in_hand(turning(true))),
        ("admission-early", in_hand(turning(false))),
        ("admission-used", in_hand(admission::Standing::Used { code: code(), at: Some(moment()) })),
        ("admission-void", in_hand(admission::Standing::Void)),
        ("accept", accept::drawn(state("accept", nothing()), offer()).page),
        ("accept-ended", accept::ended(state("accept", nothing()), String::new(), ended()).page),
        ("door", at_door(None)),
        ("door-admitted", at_door(Some(seen(Verdict::Admitted)))),
        (
            "door-named",
            at_door(Some(Seen { name: Some(GUEST.to_owned()), ..seen(Verdict::Admitted) })),
        ),
        ("door-again", at_door(Some(seen(Verdict::Used)))),
        ("door-offered", at_door(Some(seen(Verdict::Offered)))),
        ("door-refused", at_door(Some(seen(Verdict::Invalid)))),
        ("door-closed", door::closed(state("door", nothing()), String::new(), closed()).page),
        ("listings", Page::Listings(listings())),
        ("account", account::drawn(state("account", nothing()), own_account(false)).page),
        ("account-verified", account::drawn(state("account", nothing()), own_account(true)).page),
        (
            "second-step",
            account::second_step(state("sign-in", nothing()), proving("t", false)).page,
        ),
        ("confirm", account::confirm(state("confirm", nothing()), proving("", true)).page),
        ("new-app", account::new_app(state("account", nothing()), new_app()).page),
        (
            "recovery-codes",
            account::recovery_codes(
                state("account", nothing()),
                (0..10).map(|number| format!("abcd-efgh-ijkl-mno{number}")).collect(),
            )
            .page,
        ),
        ("forgotten", account::forgotten(state("forgotten", nothing()), forgotten(true)).page),
        (
            "forgotten-unmailed",
            account::forgotten(state("forgotten", nothing()), forgotten(false)).page,
        ),
        ("forgotten-sent", account::sent(state("forgotten", nothing()), "/").page),
        ("reset", account::reset(state("reset", nothing()), arrival()).page),
        ("verify", account::verify(state("verify", nothing()), proof()).page),
        (
            "sessions",
            sessions::drawn(state("sessions", Page::Drawn(Drawn::default())), devices()).page,
        ),
        ("sales", drawn(state("sales", Page::Drawn(Drawn::default())), sales()).page),
        ("missing", Page::Missing(Missing { what: "This listing does not exist.".to_owned() })),
        ("failed", Page::Failed(failed())),
    ]
}

fn failed() -> Failed {
    Failed {
        status: 500,
        what: "The shop could not do that just now. Nothing was charged. Try again in a minute."
            .to_owned(),
        request_id: "0197a3c2-7b1e-7c3a-9f00-0c8b1e2d3f4a".to_owned(),
    }
}

const EVENTS: [(&str, &str, &str); 9] = [
    ("The Paper Kites at the Old Mill", "Old Mill", "Basel"),
    ("Nils Frahm, solo", "Tonhalle", "Zürich"),
    ("Open Air Gampel, three-day pass", "Gampel", "Gampel"),
    ("Khruangbin", "Halle 622", "Zürich"),
    ("La Traviata, stalls left", "Grand Théâtre", "Genève"),
    ("Fribourg-Gottéron v. ZSC Lions, standing", "BCF Arena", "Fribourg"),
    ("An evening of Steve Reich: Music for 18 Musicians, complete", "KKL", "Luzern"),
    ("Improvised Shakespeare", "Komedia", "Brighton"),
    ("Rosalía", "Hallenstadion", "Zürich"),
];

fn moment() -> Moment {
    Moment {
        iso: "2027-06-12T20:30:00+02:00".to_owned(),
        date: "Sat, 12 June 2027".to_owned(),
        time: "20:30".to_owned(),
        zone: "CEST, Zurich".to_owned(),
    }
}

/// An id that ends with `end`.
fn id(end: usize) -> Uuid {
    Uuid::from_u128(0x0197_a3c2_7b1e_7c3a_9f00_0c8b_1e00_0000 + end as u128)
}

fn card(index: usize) -> Card {
    let (title, venue, city) = EVENTS[index % EVENTS.len()];
    let sale = match index {
        2 => TicketStatus::Held,
        5 => TicketStatus::Sold,
        _ => TicketStatus::Open,
    };
    Card {
        id: TicketId(id(0x2d_3f00 + index)),
        version: 1,
        title: title.to_owned(),
        price: format!("€{}.00", 28 + index * 9),
        venue: Some(venue.to_owned()),
        city: Some(city.to_owned()),
        when: (index != 7).then(moment),
        sale,
        available: if sale == TicketStatus::Open { 3 } else { 0 },
        quantity: if index.is_multiple_of(2) { 4 } else { 1 },
        mine: index == 4,
    }
}

fn cards() -> Vec<Card> {
    (0..EVENTS.len()).map(card).collect()
}

fn browse(cards: Vec<Card>) -> Browse {
    let next = (!cards.is_empty()).then(|| "/?cursor=x".to_owned());
    Browse { filters: Form::default(), filtered: false, cards, next, first: None }
}

fn detail(sale: TicketStatus) -> Detail {
    let card = Card { sale, ..card(0) };
    Detail {
        card,
        description: Some(
            "Two seats in row 7, on the aisle.\nEntrance by the east door; doors open at seven."
                .to_owned(),
        ),
        hold: Form::default(),
        seen: "4500-EUR".to_owned(),
        totals: ["€28.00", "€56.00", "€84.00"].map(str::to_owned).to_vec(),
        unpaid: None,
        others: cards().into_iter().skip(3).take(3).collect(),
        fans: cards().into_iter().take(3).collect(),
        event: None,
        withdraw: None,
    }
}

fn error(field: Option<&str>, message: &str) -> FieldError {
    FieldError { field: field.map(str::to_owned), message: message.to_owned() }
}

fn lost() -> Detail {
    let message = "Someone else just reserved this ticket. You haven't been charged.";
    let hold = Form { errors: vec![error(None, message)], ..Form::default() };
    Detail { hold, ..detail(TicketStatus::Held) }
}

fn resale(mine: bool) -> Detail {
    let card = Card { mine, quantity: 1, available: 1, ..card(0) };
    Detail {
        card,
        description: None,
        totals: vec!["€28.00".to_owned()],
        fans: Vec::new(),
        event: Some(TicketId(id(0x2d_3f01))),
        withdraw: mine.then(Form::default),
        ..detail(TicketStatus::Open)
    }
}

fn entrance(wrong: bool) -> Entrance {
    let errors = vec![
        error(Some("email"), "Enter an e-mail address such as ada@example.com"),
        error(Some("password"), "Enter a password of 8 to 128 characters"),
    ];
    let form = Form { errors: if wrong { errors } else { Vec::new() }, ..Form::default() };
    let provider = Some("Example ID".to_owned());
    Entrance { next: "/".to_owned(), wish: None, form, provider }
}

fn sell() -> Sell {
    let currency = |code: &str, sign: &str, name: &str, digits| Currency {
        code: code.to_owned(),
        sign: sign.to_owned(),
        name: name.to_owned(),
        digits,
        least: 50,
        most: 99_999_999,
    };
    let values = [("currency", "EUR"), ("quantity", "2"), ("timeZone", "Europe/Zurich")];
    let values = values.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Sell {
        ticket: Some(TicketId(id(0x2d_3f00))),
        version: Some(1),
        locked: None,
        form: Form { values: values.into(), ..Form::default() },
        currencies: vec![
            currency("EUR", "€", "Euro", 2),
            currency("CHF", "CHF", "Swiss Franc", 2),
            currency("JPY", "¥", "Japanese Yen", 0),
        ],
        time_zones: ["America/New_York", "Europe/London", "Europe/Zurich", "UTC"]
            .map(str::to_owned)
            .to_vec(),
        withdraw: Some(Form::default()),
        point: '.',
    }
}

fn order(standing: Standing, index: usize) -> Order {
    let card = card(index);
    Order {
        id: OrderId(id(0x2d_ff00 + index)),
        number: "7K2M-94QX".to_owned(),
        standing,
        ticket: card.id,
        title: card.title,
        venue: card.venue,
        city: card.city,
        when: card.when,
        quantity: 2,
        price: card.price,
        total: "€56.00".to_owned(),
        expires_at: NOW + 14 * 60_000 + 31_000,
        made: moment(),
        admission: (standing == Standing::Paid).then(|| AdmissionId(id(0x2d_aa00))),
        changed: None,
    }
}

fn changed() -> Outcome {
    let told = "The seller changed this event on Tue, 1 Jun 2027. It was: Sat, 12 Jun 2027, 20:30 \
                (CEST, Zurich).";
    Outcome {
        order: Order { changed: Some(told.to_owned()), ..order(Standing::Paid, 0) },
        again: "/".to_owned(),
        admissions: Some(held()),
        give_back: Some(Form::default()),
    }
}

fn nothing() -> Page {
    Page::Drawn(Drawn::default())
}

fn held() -> Vec<Admission> {
    let statuses = AdmissionStatus::ALL.iter().copied();
    let held = statuses.zip(1_u16..).map(|(status, number)| Admission {
        id: AdmissionId(id(0x2d_aa00 + usize::from(number))),
        number: i64::from(number),
        of: 4,
        status,
    });
    held.collect()
}

fn code() -> Code {
    Code::Still(picture(158))
}

fn picture(length: usize) -> Picture {
    let text = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:".repeat(5);
    let qr = Qr::encode(text.get(..length).unwrap_or_default());
    qr.map_or_else(
        |_| Picture { view_box: String::new(), path: String::new() },
        |qr| Picture { view_box: qr.view_box(), path: qr.path() },
    )
}

/// A ticket whose code turns: as it is now, or before its first.
fn turning(is_open: bool) -> admission::Standing {
    let code = Some(Code::Turning(Box::new(Turning {
        token: String::new(),
        seed: String::new(),
        picture: is_open.then(|| picture(212)),
        opens: moment(),
        script: String::new(),
    })));
    let (transfer, sale) = (Transfer::Forbidden, Sale::Forbidden);
    admission::Standing::Valid(Box::new(InHand { code, naming: None, transfer, sale }))
}

fn valid(transfer: Transfer) -> admission::Standing {
    let sale = match transfer {
        Transfer::Waiting { .. } => Sale::HandedOn,
        _ => for_sale(Form::default()),
    };
    admission::Standing::Valid(Box::new(InHand {
        code: Some(code()),
        naming: None,
        transfer,
        sale,
    }))
}

fn for_sale(form: Form) -> Sale {
    let values = [("price".to_owned(), "45.00".to_owned())].into();
    let form = Form { values, ..form };
    Sale::Open { form, sign: "€".to_owned(), most: "€45.00".to_owned() }
}

fn too_dear() -> admission::Standing {
    let errors = vec![error(Some("price"), "Give a price from €0.50 to €45.00.")];
    let sale = for_sale(Form { errors, ..Form::default() });
    let (code, transfer) = (Some(code()), Transfer::Forbidden);
    admission::Standing::Valid(Box::new(InHand { code, naming: None, transfer, sale }))
}

fn on_sale() -> admission::Standing {
    admission::Standing::Offered {
        price: "€40.00".to_owned(),
        listing: TicketId(id(0x2d_3f01)),
        key: "k".to_owned(),
    }
}

fn nameless() -> admission::Standing {
    let transfer = Transfer::Nobody(Form::default());
    let naming = Some(Form::default());
    admission::Standing::Valid(Box::new(InHand {
        code: None,
        naming,
        transfer,
        sale: Sale::Forbidden,
    }))
}

fn named() -> Page {
    let transfer = Transfer::Nobody(Form::default());
    let values = [("name".to_owned(), GUEST.to_owned())];
    let naming = Some(Form { values: values.into(), ..Form::default() });
    let code = Some(code());
    let standing = admission::Standing::Valid(Box::new(InHand {
        code,
        naming,
        transfer,
        sale: Sale::Forbidden,
    }));
    in_hand_of(Some(GUEST), standing)
}

const GUEST: &str = "Zoë Ångström-Papadopoulou";

fn waiting() -> Transfer {
    Transfer::Waiting {
        email: "grace@example.com".to_owned(),
        until: moment(),
        link: "https://tickets.example/admissions/0197a3c2-7b1e-7c3a-9f00-0c8b1e2daa01/accept?token=5f"
            .to_owned(),
        key: "k".to_owned(),
    }
}

fn in_hand(standing: admission::Standing) -> Page {
    in_hand_of(None, standing)
}

fn in_hand_of(guest: Option<&str>, standing: admission::Standing) -> Page {
    let card = card(0);
    let shown = admission::Admission {
        id: AdmissionId(id(0x2d_aa01)),
        order: Some(OrderId(id(0x2d_ff00))),
        title: card.title,
        venue: card.venue,
        city: card.city,
        when: card.when,
        number: 2,
        of: 3,
        name: guest.map(str::to_owned),
        wallets: Wallet::ALL.to_vec(),
        standing,
        neighbours: [1, 3].map(|number| Some((number, AdmissionId(id(0x2d_aa00))))),
        key: String::new(),
    };
    admission::drawn(state("admission", nothing()), shown).page
}

fn offer() -> Offer {
    let card = card(0);
    Offer {
        id: AdmissionId(id(0x2d_aa01)),
        token: "5f".to_owned(),
        title: card.title,
        venue: card.venue,
        city: card.city,
        when: card.when,
        email: "grace@example.com".to_owned(),
        until: moment(),
        form: Form::default(),
    }
}

fn ended() -> String {
    "This link no longer works: the ticket was accepted or taken back, or the link is too old."
        .to_owned()
}

fn closed() -> String {
    "Only the organizer, and staff with a link that works, may use this door.".to_owned()
}

fn seen(verdict: Verdict) -> Seen {
    Seen {
        verdict: Some(verdict),
        ticket: (verdict != Verdict::Invalid).then_some((2, 3)),
        name: None,
        first: (verdict == Verdict::Used).then(|| (moment(), "North".to_owned())),
    }
}

fn at_door(seen: Option<Seen>) -> Page {
    let link = |number: usize, name: &str| Link {
        id: StaffId(id(number)),
        name: name.to_owned(),
        address: format!("https://tickets.example/door/{}?key={number}", id(0x2d_3f00)),
        until: moment(),
        key: "k".to_owned(),
    };
    let values = [("door".to_owned(), "North".to_owned())];
    let page = Door {
        ticket: TicketId(id(0x2d_3f00)),
        title: EVENTS[0].0.to_owned(),
        when: Some(moment()),
        inside: 12,
        of: 40,
        scan: Form { values: values.into(), ..Form::default() },
        last: seen.as_ref().map(|_| (ScanId(id(7)), "k".to_owned())),
        seen,
        staff: Some(Staff {
            form: Form::default(),
            links: vec![link(1, "North"), link(2, "Grace, who stands at the side door")],
        }),
        zone: Some("Europe/Zurich".to_owned()),
        asks_names: true,
        doubles: Some(vec![Double {
            order: "7K3M-0Q9T".to_owned(),
            ticket: (1, 2),
            name: Some(GUEST.to_owned()),
            entry: (moment(), "South".to_owned()),
            first: Some((moment(), "North".to_owned())),
            verdict: Some(Verdict::Used),
        }]),
        turns: false,
        script: "door.js".to_owned(),
    };
    door::drawn(state("door", nothing()), page).page
}

fn no_orders() -> Orders {
    Orders { unpaid: Vec::new(), going: Vec::new(), orders: Vec::new(), next: None }
}

fn checkout() -> Checkout {
    let test_card = |token: &str, name: &str, effect: &str| TestCard {
        token: token.to_owned(),
        name: name.to_owned(),
        effect: effect.to_owned(),
    };
    let pay = Form {
        errors: vec![error(
            None,
            "The card was declined. Your tickets are still held: try another one.",
        )],
        ..Form::default()
    };
    Checkout {
        order: order(Standing::Unpaid, 0),
        method: Method::Sandbox {
            cards: vec![
                test_card("pm_card_visa", "Visa", "Pays."),
                test_card("pm_card_declined", "Declined card", "Is declined: nothing is charged."),
                test_card("pm_card_insufficient", "Empty card", "Has insufficient funds."),
            ],
        },
        pay,
        cancel: Form::default(),
        again: "/".to_owned(),
        reminder: Reminder::Offered(Form::default()),
    }
}

fn going() -> Going {
    let card = card(1);
    Going {
        ticket: card.id,
        title: card.title,
        venue: card.venue,
        city: card.city,
        when: card.when,
        admissions: held().into_iter().take(2).collect(),
    }
}

fn orders() -> Orders {
    Orders {
        unpaid: vec![order(Standing::Unpaid, 0)],
        going: vec![going()],
        orders: vec![
            order(Standing::Paid, 1),
            order(Standing::Expired, 3),
            order(Standing::Cancelled, 6),
            order(Standing::Refunded, 7),
        ],
        next: None,
    }
}

fn listings() -> Listings {
    let listing = |card: Card| {
        let resale = card.quantity == 1;
        Listing { card, withdraw: Form::default(), resale }
    };
    Listings { listings: cards().into_iter().map(listing).collect(), next: None }
}

fn own_account(is_verified: bool) -> Account {
    Account {
        email: "ada.lovelace@example.com".to_owned(),
        is_verified,
        has_password: true,
        is_mailed: true,
        code: Form::default(),
        letter_key: "k".to_owned(),
        password: Form::default(),
        data: Data { file: DataFile::Unasked, key: "k".to_owned() },
        providers: Providers {
            name: Some("Example ID".to_owned()),
            linked: vec![Linked {
                id: IdentityId(Uuid::from_u128(1)),
                name: "Example ID".to_owned(),
                since: moment(),
                key: Some("k".to_owned()),
            }],
        },
        letters: Some(letters()),
        factors: Some(account::Factors {
            passkeys: vec![account::Passkey {
                id: boxoffice_contract::PasskeyId(Uuid::from_u128(1)),
                name: "My phone".to_owned(),
                since: moment(),
            }],
            app_since: is_verified.then(moment),
            recovery_codes: 7,
            passkey: Form::default(),
            key: "k".to_owned(),
        }),
    }
}

fn proving(token: &str, password: bool) -> account::Proving {
    account::Proving {
        next: "/".to_owned(),
        token: token.to_owned(),
        passkey: !password,
        app: !password,
        recovery: !password,
        password,
        waiting: token.is_empty().then(|| account::Waiting {
            action: "/account/address".to_owned(),
            fields: "email=ada%40example.org".to_owned(),
        }),
        form: Form::default(),
    }
}

fn new_app() -> account::NewApp {
    let picture = picture(usize::MAX);
    let (secret, uri) = ("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "otpauth://totp/Boxoffice");
    account::NewApp {
        picture,
        secret: secret.to_owned(),
        uri: uri.to_owned(),
        form: Form::default(),
    }
}

fn letters() -> Letters {
    let values = [("sales".to_owned(), "true".to_owned())].into();
    let form = Form { values, ..Form::default() };
    Letters { form, trouble: Some(account::Trouble::CameBack) }
}

fn forgotten(is_mailed: bool) -> Forgotten {
    Forgotten { is_mailed, next: "/".to_owned(), form: Form::default() }
}

fn arrival() -> Arrival {
    let Proof { token, form } = proof();
    Arrival { token, next: "/".to_owned(), form }
}

fn proof() -> Proof {
    Proof { token: "t".to_owned(), form: Form::default() }
}

fn devices() -> Sessions {
    let session = |index: u128, device: &str| Session {
        id: SessionId(Uuid::from_u128(index)),
        device: device.to_owned(),
        place: Some(format!("From the address 198.51.100.{index}")),
        since: moment(),
        seen: moment(),
        current: index == 1,
        key: "k".to_owned(),
    };
    let sessions = vec![session(1, "Firefox on Linux"), session(2, "Safari on iPhone")];
    Sessions { sessions, key: "k".to_owned() }
}

fn sales() -> Sales {
    let deal = |index, kind: DealKind, amount: &str| {
        let card = card(index);
        Deal {
            kind,
            payment: PaymentId(card.id.0),
            number: "7B61-RVWZ".to_owned(),
            ticket: card.id,
            title: card.title,
            quantity: 2,
            amount: amount.to_owned(),
            at: moment(),
            refund: (kind == DealKind::Sale).then(|| "k".to_owned()),
        }
    };
    Sales {
        filters: Form::default(),
        zones: vec!["Europe/Zurich".to_owned()],
        balances: vec![
            Balance { before: None, after: "CHF 0.00".to_owned() },
            Balance { before: Some("€12.00".to_owned()), after: "€68.00".to_owned() },
        ],
        deals: vec![
            deal(0, DealKind::Sale, "€56.00"),
            deal(1, DealKind::Refund, "−€74.00"),
            deal(1, DealKind::Undone, "€74.00"),
            deal(2, DealKind::Refunding, "€92.00"),
            deal(3, DealKind::Fee, "−€2.75"),
            deal(1, DealKind::FeeReturned, "€3.70"),
        ],
        file: "/sales.csv".to_owned(),
        next: Some("/sales?cursor=x".to_owned()),
    }
}
