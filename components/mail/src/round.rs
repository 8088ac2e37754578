//! Sending what is due, for a few seconds at a time.
//!
//! A worker takes letters up for a minute, hands them over, and marks each with the server's answer. If
//! it ends between the answer and the mark, the letter is taken up again when the minute is over. Then it
//! arrives twice, both times with the same `Message-ID`.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use boxoffice_kernel::db::{self, Query, Read};
use boxoffice_kernel::{Cx, Deadline, Timestamp, config, log, unit};
use boxoffice_letters::{self as letters, Setting};
use futures::future::join_all;
use lettre::Address;
use rustls::ClientConfig;
use uuid::Uuid;

use crate::facts::{Content, Found};
use crate::letter::{self, End, Kind, Letter, Reader};
use crate::message::{self, Envelope, Unsubscribe};
use crate::server::{self, Leave};
use crate::smtp::address::Server;
use crate::smtp::resolver;
use crate::smtp::session::{Failure, Parcel, Session};
use crate::smtp::settings::Settings;
use crate::smtp::tls;
use crate::smtp::wire::{Connection, Wire, within};
use crate::{SERVICE, expand, facts, suppressed, unsubscribe};

/// After this long no further letter is begun: other workers wait for their messages.
const TURN: Duration = Duration::from_secs(3);
/// After this long nothing is waited for.
const LIMIT: Duration = Duration::from_secs(5);
/// How many letters are taken up at once.
const BATCH: i64 = 10;
/// How long a letter waits for a service that does not answer, in seconds.
const PATIENCE: i64 = 30;
/// How long a letter waits for what it encloses, before it asks again, in seconds.
const SOON: i64 = 1;
/// What the shop is called in letters.
const SHOP: &str = "Boxoffice";

/// Sends the letters that are due, as far as there is time and the server takes them.
///
/// # Errors
/// When the database fails. What is wrong with the variables `/readyz` says.
pub(crate) async fn run() -> Result<()> {
    let cx = Cx::NONE;
    let Ok(Some(settings)) = Settings::load().await else { return Ok(()) };
    let Ok(tls) = tls::config(&settings.authorities) else { return Ok(()) };
    let due: Option<(Uuid,)> =
        db::Reader::new(&SERVICE).read(letter::any_due(Timestamp::now())).await?;
    if due.is_none() {
        return Ok(());
    }
    let Some(leave) = server::leave(cx).await? else { return Ok(()) };
    let (deadline, until) = (Deadline::after(TURN), Instant::now() + LIMIT);
    let begun = async {
        let address = address(&settings, &tls, until).await?;
        let wire = Connection::open(address, tls, until).await?;
        Session::begin(wire, &settings.server, &settings.host).await
    };
    match begun.await {
        Ok(session) => Round { cx, settings, session, deadline, until }.send_all(leave).await,
        Err(error) => leave.failed(cx, &error).await,
    }
}

/// Returns the server's address; a resolver knows it, if `smtp_url` does not say it.
async fn address(
    settings: &Settings,
    tls: &Arc<ClientConfig>,
    until: Instant,
) -> Result<SocketAddr, String> {
    let Server { ip, port, name, .. } = &settings.server;
    let ip = match (ip, settings.resolver) {
        (Some(ip), _) => *ip,
        (None, None) => return Err("nobody knows the server's address".to_owned()),
        (None, Some(resolver)) => {
            let mut wire = Connection::open(resolver, tls.clone(), until).await?;
            let id = Uuid::new_v4().as_fields().1;
            resolver::ask(&mut wire, name, id).await?
        }
    };
    Ok(SocketAddr::new(ip, *port))
}

/// A connection to the server, and the time that there is for it.
struct Round<W> {
    cx: &'static Cx,
    settings: Settings,
    session: Session<W>,
    deadline: Deadline,
    /// When nothing is waited for any more.
    until: Instant,
}

impl<W: Wire> Round<W> {
    async fn send_all(mut self, mut leave: Leave) -> Result<()> {
        while !self.deadline.has_passed() {
            let most = if leave.is_probe() { 1 } else { BATCH };
            let taking = letter::taking_up(Timestamp::now(), most);
            let letters: Vec<Letter> = unit::change_all(self.cx, &SERVICE, taking).await?;
            if letters.is_empty() {
                break;
            }
            if let Err(error) = self.send_batch(&letters, &mut leave).await? {
                return leave.failed(self.cx, &error).await;
            }
        }
        self.session.end().await;
        Ok(())
    }

    /// Sends `letters`, which were taken up. The inner error says that the server failed; those that it
    /// was not asked to take are given back.
    async fn send_batch(
        &mut self,
        letters: &[Letter],
        leave: &mut Leave,
    ) -> Result<Result<(), String>> {
        let asked = join_all(letters.iter().map(|letter| find(self.cx, letter)));
        let Some(found) = within(LIMIT, self.until, asked).await else {
            for letter in letters {
                self.change(waiting_for_others(letter, &anyhow!("nobody tells in time"))).await?;
            }
            return Ok(Ok(()));
        };
        let mut failed = None;
        for (letter, found) in letters.iter().zip(found) {
            if failed.is_some() || self.deadline.has_passed() {
                self.change(letter::giving_back(letter, Timestamp::now(), None)).await?;
                continue;
            }
            let content = match found {
                Ready::Nothing(query) => {
                    self.change(query).await?;
                    continue;
                }
                Ready::ForSeveral => {
                    self.expand(letter).await?;
                    continue;
                }
                Ready::Content(content) => content,
            };
            let Some(packed) = self.pack(letter, *content).await? else { continue };
            let outcome = self.session.deliver(&packed.parcel).await;
            self.note(letter, &outcome, packed.reader).await?;
            match outcome {
                Err(Failure::Server(error) | Failure::Broken(error)) => failed = Some(error),
                Ok(_) | Err(Failure::Later(_) | Failure::Never(_)) => {
                    leave.succeeded(self.cx).await?;
                }
            }
        }
        Ok(failed.map_or(Ok(()), Err))
    }

    async fn expand(&self, letter: &Letter) -> Result<()> {
        let Err(error) = expand::expand(self.cx, letter, self.deadline).await else {
            return Ok(());
        };
        let cx = self.cx.with("letter", letter.id);
        log::failed(&cx, "finding out who gets a letter; it is tried again", &error);
        self.change(waiting_for_others(letter, &error)).await
    }

    /// Writes the message, or ends the letter if that is not possible.
    async fn pack(&self, letter: &Letter, content: Content) -> Result<Option<Packed>> {
        let Settings { from, host, .. } = &self.settings;
        let Content { account, email, locale, opens, letter: said, files } = content;
        let Ok(to) = email.parse::<Address>() else {
            self.end(letter, End::GivenUp, "the address is invalid").await?;
            return Ok(None);
        };
        let public_url = config::shop().await?;
        let (call, page) = match (letter.kind.category(), account) {
            (Some(category), Some(account)) => unsubscribe::paths(account, category).await?,
            _ => None,
        }
        .unzip();
        let unsubscribe = call.map(|path| Unsubscribe(format!("{public_url}{path}")));
        let shop = SHOP.to_owned();
        let setting = Setting { public_url, locale, shop, opens, unsubscribe: page };
        let rendered = letters::render(&said, &setting);
        let (id, written_at) = (letter.id, letter.created_at);
        let envelope = Envelope { id, from, to: &to, host, written_at, unsubscribe };
        match message::write(rendered, &envelope, files) {
            Ok(message) => {
                let reader = Reader { account, address_hash: suppressed::hash(&email).await? };
                Ok(Some(Packed {
                    parcel: Parcel { from: from.email.clone(), to, message },
                    reader,
                }))
            }
            Err(error) => {
                self.end(letter, End::GivenUp, &format!("{error:#}")).await?;
                Ok(None)
            }
        }
    }

    /// Stores what became of an attempt.
    async fn note(
        &self,
        letter: &Letter,
        outcome: &Result<String, Failure>,
        reader: Reader,
    ) -> Result<()> {
        match outcome {
            Ok(answer) => {
                self.change(letter::sending(letter.id, Timestamp::now(), answer, reader)).await
            }
            Err(Failure::Never(error)) => self.end(letter, End::GivenUp, error).await,
            Err(Failure::Later(error) | Failure::Broken(error)) => match letter.pause() {
                Some(seconds) => {
                    let at = Timestamp::now().plus_seconds(seconds);
                    self.change(letter::putting_off(letter, at, error)).await
                }
                None => self.end(letter, End::GivenUp, error).await,
            },
            Err(Failure::Server(error)) => {
                self.change(letter::giving_back(letter, Timestamp::now(), Some(error))).await
            }
        }
    }

    async fn end(&self, letter: &Letter, end: End, said: &str) -> Result<()> {
        if end == End::GivenUp {
            let cx = self.cx.with("letter", letter.id).with("kind", letter.kind.name());
            log::noted(&cx, "giving a letter up", said);
        }
        self.change(letter::ending(letter.id, end, Timestamp::now(), said)).await
    }

    async fn change(&self, query: Query) -> Result<()> {
        unit::change::<()>(self.cx, &SERVICE, query).await?;
        Ok(())
    }
}

/// A letter that is ready to be handed over, and who gets it.
struct Packed {
    parcel: Parcel,
    reader: Reader,
}

/// What happens to a letter next.
enum Ready {
    /// It is sent with this content.
    Content(Box<Content>),
    /// It becomes one letter for each recipient.
    ForSeveral,
    /// It is not sent, and this is noted.
    Nothing(Query),
}

/// Finds out what a letter says.
async fn find(cx: &Cx, letter: &Letter) -> Ready {
    let now = Timestamp::now();
    if letter.has_expired(now) {
        let said = "it could not be sent in time";
        return Ready::Nothing(letter::ending(letter.id, End::GivenUp, now, said));
    }
    if letter.kind == Kind::EventMoved && letter.recipient.is_none() {
        return Ready::ForSeveral;
    }
    match wanted(cx, letter).await {
        Ok(Found::There(content)) => Ready::Content(Box::new(content)),
        Ok(Found::NotYet) => {
            Ready::Nothing(letter::giving_back(letter, now.plus_seconds(SOON), None))
        }
        Ok(Found::Early(due)) => Ready::Nothing(letter::giving_back(letter, due, None)),
        Ok(Found::Void(why)) => Ready::Nothing(letter::ending(letter.id, End::Dropped, now, &why)),
        Err(error) => {
            let cx = cx.with("letter", letter.id).with("kind", letter.kind.name());
            log::failed(&cx, "finding out what a letter says; it is tried again", &error);
            Ready::Nothing(waiting_for_others(letter, &error))
        }
    }
}

/// Finds out what a letter says, unless its reader does without it.
async fn wanted(cx: &Cx, letter: &Letter) -> Result<Found<Content>> {
    let found = facts::find(cx, letter).await?;
    let (Found::There(content), Some(category)) = (&found, letter.kind.category()) else {
        return Ok(found);
    };
    let Some(account) = content.account else { return Ok(found) };
    let unwanted = suppressed::unwanted(category, account, &content.email).await?;
    Ok(unwanted.map_or(found, |why| Found::Void(why.to_owned())))
}

/// Gives a letter back until the services that know of it answer again.
fn waiting_for_others(letter: &Letter, error: &anyhow::Error) -> Query {
    let at = Timestamp::now().plus_seconds(PATIENCE);
    letter::giving_back(letter, at, Some(&format!("{error:#}")))
}
