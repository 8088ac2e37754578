//! What an intent carries for people and papers; none of it changes what happens.

use serde::{Deserialize, Serialize};

use crate::{
    choice::choices,
    errors::{Error, Refusal},
    form::Params,
};

const DESCRIPTION_CHARS: usize = 1000;
const DESCRIPTOR_CHARS: usize = 22;

choices! {
    /// Whether the method is to be kept for later payments.
    FutureUsage {
        /// Yes, for payments with the buyer present.
        OnSession = "on_session",
        /// Yes, for payments without.
        OffSession = "off_session",
    }
}

/// The descriptive fields of an intent.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Details {
    pub(crate) description: Option<String>,
    pub(crate) receipt_email: Option<String>,
    pub(crate) setup_future_usage: Option<FutureUsage>,
    pub(crate) statement_descriptor: Option<String>,
    pub(crate) statement_descriptor_suffix: Option<String>,
    pub(crate) transfer_group: Option<String>,
}

/// What a call changes in them: an outer `None` leaves a field alone, an inner one unsets it.
#[derive(Debug, Default)]
pub(super) struct Change {
    description: Option<Option<String>>,
    receipt_email: Option<Option<String>>,
    setup_future_usage: Option<FutureUsage>,
    statement_descriptor: Option<Option<String>>,
    statement_descriptor_suffix: Option<Option<String>>,
    transfer_group: Option<Option<String>>,
}

impl Change {
    /// Reads all of them, for creating and updating.
    pub(super) fn parse(params: &mut Params) -> Result<Self, Error> {
        Ok(Self {
            description: limited(params, "description", DESCRIPTION_CHARS)?,
            receipt_email: params.clearable("receipt_email")?,
            setup_future_usage: params.choice("setup_future_usage")?,
            transfer_group: params.clearable("transfer_group")?,
            ..Self::parse_descriptors(params)?
        })
    }

    /// Reads those that may still change when the money is captured.
    pub(super) fn parse_descriptors(params: &mut Params) -> Result<Self, Error> {
        Ok(Self {
            statement_descriptor: limited(params, "statement_descriptor", DESCRIPTOR_CHARS)?,
            statement_descriptor_suffix: limited(
                params,
                "statement_descriptor_suffix",
                DESCRIPTOR_CHARS,
            )?,
            ..Self::default()
        })
    }

    /// Reads those that may still change when the intent is confirmed.
    pub(super) fn parse_confirming(params: &mut Params) -> Result<Self, Error> {
        Ok(Self {
            receipt_email: params.clearable("receipt_email")?,
            setup_future_usage: params.choice("setup_future_usage")?,
            ..Self::default()
        })
    }

    /// Makes the change.
    pub(super) fn apply(self, details: &mut Details) {
        set(&mut details.description, self.description);
        set(&mut details.receipt_email, self.receipt_email);
        set(&mut details.setup_future_usage, self.setup_future_usage.map(Some));
        set(&mut details.statement_descriptor, self.statement_descriptor);
        set(&mut details.statement_descriptor_suffix, self.statement_descriptor_suffix);
        set(&mut details.transfer_group, self.transfer_group);
    }
}

fn set<T>(field: &mut Option<T>, change: Option<Option<T>>) {
    if let Some(value) = change {
        *field = value;
    }
}

fn limited(params: &mut Params, name: &str, limit: usize) -> Result<Option<Option<String>>, Error> {
    let text = params.clearable(name)?;
    let chars = text.iter().flatten().map(|text| text.chars().count()).sum::<usize>();
    if chars <= limit {
        return Ok(text);
    }
    Err(Refusal::invalid(format!(
        "Invalid {name}: at most {limit} characters, but it has {chars}."
    ))
    .code("parameter_invalid_string")
    .param(name)
    .into())
}
