//! What a request, an event or a tick brings along for whatever is done for it.

use std::convert::Infallible;
use std::fmt::{self, Display};
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use axum::extract::FromRequestParts;
use boxoffice_contract::{Trace, UserId};
use http::header::{HeaderName, HeaderValue};
use http::request::Parts;

use crate::deadline::Deadline;
use crate::trace;

/// Names a request through all services and logs.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id of a request, for the log and for calls to siblings.
#[derive(Clone, Debug)]
pub struct RequestId(pub HeaderValue);

/// What is known of a request before anybody handles it, and who turns out to have sent it.
#[derive(Clone, Debug)]
pub struct Inbound {
    /// The request's id.
    pub(crate) id: RequestId,
    /// Its client's address.
    pub(crate) client: Option<IpAddr>,
    /// The account that sent it, once that is verified: for the log of what was refused.
    pub(crate) caller: Arc<OnceLock<UserId>>,
}

impl Inbound {
    pub(crate) fn new(id: RequestId, client: Option<IpAddr>) -> Self {
        Self { id, client, caller: Arc::default() }
    }
}

/// What a request, an event or a tick brings along: the first parameter of every use case.
///
/// It is handed on, and kept nowhere else: an instance is at work for several requests at once,
/// interleaved at each await, and one would have another's.
#[derive(Clone, Debug, Default)]
pub struct Cx {
    trace: Trace,
    inbound: Option<Inbound>,
    caller: Option<UserId>,
    deadline: Option<Deadline>,
    fields: Vec<(&'static str, String)>,
}

impl Cx {
    /// The context of what nobody asked for, and no tick does.
    pub const NONE: &'static Self = &Self {
        trace: Trace::NONE,
        inbound: None,
        caller: None,
        deadline: None,
        fields: Vec::new(),
    };

    /// Returns the context of a request.
    #[must_use]
    pub fn of_request(parts: &Parts) -> Self {
        let inbound = parts.extensions.get().cloned();
        Self { inbound, ..Self::of_trace(trace::of(&parts.headers)) }
    }

    /// Returns the context of what is part of `trace`.
    #[must_use]
    pub fn of_trace(trace: Trace) -> Self {
        Self { trace, ..Self::default() }
    }

    /// Returns the context of a tick, which begins nothing after `deadline`.
    #[must_use]
    pub fn of_tick(deadline: Deadline) -> Self {
        Self { deadline: Some(deadline), ..Self::default() }
    }

    /// Adds a field to what the log says.
    #[must_use]
    pub fn with(&self, field: &'static str, value: impl Display) -> Self {
        let mut cx = self.clone();
        cx.fields.push((field, value.to_string()));
        cx
    }

    /// Returns the same context of a request that `caller` makes.
    #[must_use]
    pub(crate) fn called_by(self, caller: UserId) -> Self {
        if let Some(inbound) = &self.inbound {
            // Verified twice, it is the same account.
            let _ = inbound.caller.set(caller);
        }
        Self { caller: Some(caller), ..self }
    }

    /// The trace that it is part of. Events that follow from it carry it on.
    #[must_use]
    pub const fn trace(&self) -> Trace {
        self.trace
    }

    /// The request that it is part of, if it is part of one.
    #[must_use]
    pub fn request_id(&self) -> Option<&RequestId> {
        self.inbound.as_ref().map(|inbound| &inbound.id)
    }

    /// The address of the client who asks, as far as the host and trusted proxies tell.
    #[must_use]
    pub fn client(&self) -> Option<IpAddr> {
        self.inbound.as_ref()?.client
    }

    /// What limits of a client are counted by. Clients that cannot be told apart count as one.
    #[must_use]
    pub fn client_bucket(&self) -> String {
        self.client().map_or_else(|| "unknown".to_owned(), boxoffice_client_address::bucket)
    }

    /// The account of the user who asks, if that was verified.
    #[must_use]
    pub const fn caller(&self) -> Option<UserId> {
        self.caller
    }

    /// Returns whether nothing more may begin.
    #[must_use]
    pub fn is_out_of_time(&self) -> bool {
        self.deadline.is_some_and(Deadline::has_passed)
    }
}

/// The fields of a line of the log, each with a space before it.
impl Display for Cx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(RequestId(id)) = self.request_id() {
            write!(f, " request_id={}", id.to_str().unwrap_or_default())?;
        }
        if let Some(id) = self.trace.id() {
            write!(f, " trace_id={id}")?;
        }
        for (field, value) in &self.fields {
            write!(f, " {field}={value}")?;
        }
        Ok(())
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Cx {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of_request(parts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_is_told_what_it_was_done_for() {
        let trace = Trace::parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        let id = RequestId(HeaderValue::from_static("abc-1"));
        let inbound = Some(Inbound::new(id, None));
        let cx = Cx { inbound, ..Cx::of_trace(trace) };
        let said = " request_id=abc-1 trace_id=0af7651916cd43dd8448eb211c80319c";
        assert_eq!(cx.to_string(), said);
        assert_eq!(cx.with("payment", 7).to_string(), format!("{said} payment=7"));
        assert_eq!(cx.to_string(), said);
        assert_eq!(Cx::NONE.to_string(), "");
    }
}
