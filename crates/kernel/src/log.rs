//! The service's log: one line a fact on standard error, which the host stamps and forwards.

use std::fmt::Display;

use boxoffice_contract::UserId;

use crate::Trace;
use crate::cx::{Cx, Inbound};

/// Logs what went wrong inside while serving the request `request_id`; clients never see this text.
pub fn request_failed(request_id: &str, error: &anyhow::Error) {
    eprintln!("level=error request_id={request_id} error={:?}", format!("{error:#}"));
}

/// Logs how a consumer group dealt with an event, and the trace that had caused it.
pub fn event(group: &str, event_type: &str, id: impl Display, trace: Trace, outcome: &str) {
    let line = event_line(group, event_type, id, trace, outcome);
    eprintln!("level=info {line}");
}

/// Logs that a consumer group could not apply an event, and why.
pub fn event_failed(
    group: &str,
    event_type: &str,
    id: impl Display,
    trace: Trace,
    outcome: &str,
    error: &str,
) {
    let line = event_line(group, event_type, id, trace, outcome);
    eprintln!("level=error {line} error={error:?}");
}

fn event_line(
    group: &str,
    event_type: &str,
    id: impl Display,
    trace: Trace,
    outcome: &str,
) -> String {
    let trace_id = trace.id();
    let trace_id = trace_id.as_deref().unwrap_or("-");
    format!("event={event_type} id={id} group={group} outcome={outcome} trace_id={trace_id}")
}

/// Logs what an operator may want to know, and need not act on.
pub fn noted(cx: &Cx, what: &str, detail: impl Display) {
    eprintln!("level=warn what={what:?} detail={:?}{cx}", detail.to_string());
}

/// Logs what failed without failing what it was done for, and for what it was done.
pub fn failed(cx: &Cx, what: &str, error: &anyhow::Error) {
    eprintln!("level=error while={what:?} error={:?}{cx}", format!("{error:#}"));
}

/// What happens to accounts, and what is refused: one line of the log each (OWASP ASVS 5.0, V16.3).
/// `docs/observability.md` says what each one means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// Somebody has an account now.
    SignedUp,
    /// A session has begun.
    SignedIn,
    /// Address and password did not match.
    SignInFailed,
    /// One session has ended before its time.
    SessionEnded,
    /// All sessions of an account have ended before their time, but perhaps the one that asked.
    SessionsEnded,
    /// An account has another password.
    PasswordChanged,
    /// A letter by which a password is reset was asked for.
    ResetAsked,
    /// The owner of an account has proven its address.
    AddressVerified,
    /// Somebody has proven the address of an account that was unverified: what let others in has ended.
    AddressClaimed,
    /// A letter by which one signs in was asked for.
    LinkAsked,
    /// An account asks for another address.
    AddressAsked,
    /// An account has another address, which its owner has proven.
    AddressChanged,
    /// An account has an address back that it had. Its sessions have ended, and its password.
    AddressRestored,
    /// An unverified account has lost its address to somebody who has proven it.
    AddressLost,
    /// A code or a link of a letter was wrong, or no longer worked.
    ProofRefused,
    /// The owner of a suspended account wanted to sign in.
    SuspendedRefused,
    /// An answer in the name of the sign-in provider was not believed.
    ProviderRefused,
    /// A sign-in provider may sign in to an account.
    ProviderLinked,
    /// It may no longer.
    ProviderUnlinked,
    /// An operator did something with an account.
    Operated,
    /// A file with everything about an account was asked for.
    ExportAsked,
    /// An account is deleted.
    AccountDeleted,
    /// A second factor was wrong, used before, or not the account's.
    FactorRefused,
    /// A second factor was added to an account, or new recovery codes were made.
    FactorAdded,
    /// A second factor was removed from an account.
    FactorRemoved,
    /// Somebody who is signed in has proven again who they are.
    Confirmed,
    /// Something was done too often.
    LimitMet,
    /// Somebody asked for what they may not do, or another site's page did: the answer was 403.
    Refused,
    /// Somebody gives a buyer's money back.
    RefundAsked,
    /// An event came without a valid code, or a webhook without a valid signature.
    Forged,
}

impl Security {
    /// All of them.
    pub const ALL: [Self; 30] = [
        Self::SignedUp,
        Self::SignedIn,
        Self::SignInFailed,
        Self::SessionEnded,
        Self::SessionsEnded,
        Self::PasswordChanged,
        Self::ResetAsked,
        Self::AddressVerified,
        Self::AddressClaimed,
        Self::LinkAsked,
        Self::AddressAsked,
        Self::AddressChanged,
        Self::AddressRestored,
        Self::AddressLost,
        Self::ProofRefused,
        Self::SuspendedRefused,
        Self::ProviderRefused,
        Self::ProviderLinked,
        Self::ProviderUnlinked,
        Self::Operated,
        Self::ExportAsked,
        Self::AccountDeleted,
        Self::FactorRefused,
        Self::FactorAdded,
        Self::FactorRemoved,
        Self::Confirmed,
        Self::LimitMet,
        Self::Refused,
        Self::RefundAsked,
        Self::Forged,
    ];

    /// Returns the word that stands in the log.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SignedUp => "signed_up",
            Self::SignedIn => "signed_in",
            Self::SignInFailed => "sign_in_failed",
            Self::SessionEnded => "session_ended",
            Self::SessionsEnded => "sessions_ended",
            Self::PasswordChanged => "password_changed",
            Self::ResetAsked => "reset_asked",
            Self::AddressVerified => "address_verified",
            Self::AddressClaimed => "address_claimed",
            Self::LinkAsked => "link_asked",
            Self::AddressAsked => "address_asked",
            Self::AddressChanged => "address_changed",
            Self::AddressRestored => "address_restored",
            Self::AddressLost => "address_lost",
            Self::ProofRefused => "proof_refused",
            Self::SuspendedRefused => "suspended_refused",
            Self::ProviderRefused => "provider_refused",
            Self::ProviderLinked => "provider_linked",
            Self::ProviderUnlinked => "provider_unlinked",
            Self::Operated => "operated",
            Self::ExportAsked => "export_asked",
            Self::AccountDeleted => "account_deleted",
            Self::FactorRefused => "factor_refused",
            Self::FactorAdded => "factor_added",
            Self::FactorRemoved => "factor_removed",
            Self::Confirmed => "confirmed",
            Self::LimitMet => "limit_met",
            Self::Refused => "refused",
            Self::RefundAsked => "refund_asked",
            Self::Forged => "forged",
        }
    }
}

/// Logs that `event` happened: from where, and with which account. `cx` may add fields.
pub fn security(cx: &Cx, event: Security, account: Option<UserId>) {
    let client = cx.client().map(|address| address.to_string());
    eprintln!("{}{cx}", security_line(event, client.as_deref(), account.or(cx.caller())));
}

/// Logs the same of a request of which no more is known.
pub(crate) fn security_of(inbound: &Inbound, event: Security) {
    let client = inbound.client.map(|address| address.to_string());
    let id = inbound.id.0.to_str().unwrap_or_default();
    let line = security_line(event, client.as_deref(), inbound.caller.get().copied());
    eprintln!("{line} request_id={id}");
}

fn security_line(event: Security, client: Option<&str>, account: Option<UserId>) -> String {
    let account = account.map(|account| account.to_string());
    let or_none = |value: Option<&str>| value.unwrap_or("-").to_owned();
    format!(
        "level=info security={} client={} account={}",
        event.name(),
        or_none(client),
        or_none(account.as_deref())
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_security_line_says_what_from_where_and_who() {
        let line = security_line(Security::Refused, Some("198.51.100.7"), Some(UserId::nil()));
        let account = "00000000-0000-0000-0000-000000000000";
        let expected = format!("level=info security=refused client=198.51.100.7 account={account}");
        assert_eq!(line, expected);
        let nobody = security_line(Security::SignInFailed, None, None);
        assert_eq!(nobody, "level=info security=sign_in_failed client=- account=-");
    }

    #[test]
    fn each_security_event_is_documented() {
        let page = include_str!("../../../docs/observability.md");
        for event in Security::ALL {
            assert!(page.contains(&format!("| `{}` |", event.name())), "{}", event.name());
        }
    }

    #[test]
    fn the_line_of_an_event_leads_to_the_request_that_caused_it() {
        let line = |trace| event_line("orders", "ticket:created", "7-0", trace, "failed");
        let trace = Trace::parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        let begins = "event=ticket:created id=7-0 group=orders outcome=failed trace_id=";
        assert_eq!(line(trace), format!("{begins}0af7651916cd43dd8448eb211c80319c"));
        assert_eq!(line(Trace::NONE), format!("{begins}-"));
    }
}
