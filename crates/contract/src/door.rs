//! The door of an event: who comes in, and what each scan came to.

use serde::{Deserialize, Serialize};

use crate::admissions::AdmissionStatus;
use crate::{AdmissionId, ScanId, StaffId, TicketId, Timestamp, Word};

names! {
    /// What a scan came to.
    pub enum Verdict {
        /// One person may enter.
        Admitted = "admitted",
        /// Somebody has entered with this admission before.
        Used = "used",
        /// The admission was refunded, or somebody else has it by now.
        Void = "void",
        /// Its holder offers it for sale, and has to take it off sale to enter.
        Offered = "offered",
        /// The code turns, and this one is too old, or the ticket has a code that turns by now.
        Stale = "stale",
        /// The code is for another event.
        OtherEvent = "otherEvent",
        /// The code is not one of this shop's.
        Invalid = "invalid",
    }
}

/// The cookie that carries the key of a link for staff to the API, in place of `X-Door-Key`: a page's
/// script cannot read it.
pub const KEY_COOKIE: &str = "door_key";

/// A code that was held before a scanner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Scan {
    /// The scan's id, which the door makes: a repeat changes nothing.
    #[cfg_attr(feature = "openapi", schema(value_type = Uuid))]
    pub id: ScanId,
    /// The code that was read.
    #[serde(default)]
    pub code: Option<String>,
    /// The admission, where it was found by hand and no code was read.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Uuid>))]
    pub admission_id: Option<AdmissionId>,
    /// When it was scanned, by the door's clock; now if it is left out.
    #[serde(default)]
    pub at: Option<Timestamp>,
    /// Whether the door has let the person in by its own decision, without asking. The shop then keeps
    /// that, whatever it decides itself.
    #[serde(default)]
    pub admitted: bool,
}

/// The scans of a door that the shop has not heard of yet, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct NewScans {
    /// The door's name, such as `North`.
    pub door: String,
    /// The scans, 1 to 100.
    pub scans: Vec<Scan>,
}

/// When and where somebody entered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// When, by the door's clock.
    pub at: Timestamp,
    /// The door's name.
    pub door: String,
}

/// What a scan came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Scanned {
    /// The scan's id.
    #[cfg_attr(feature = "openapi", schema(value_type = Uuid))]
    pub id: ScanId,
    /// What it came to.
    #[cfg_attr(feature = "openapi", schema(value_type = Verdict))]
    pub verdict: Word<Verdict>,
    /// The admission, if it is one of this event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Uuid>))]
    pub admission_id: Option<AdmissionId>,
    /// Which of its order's admissions it is, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<i64>,
    /// How many admissions its order has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<i64>,
    /// The name of the guest, if the organizer asks for it. Who shows a void code is somebody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// When and where somebody entered with it before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<Entry>,
}

/// What the scans came to, in their order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Scans {
    /// One for each scan.
    pub results: Vec<Scanned>,
}

/// An admission as a door knows it: no more than it takes to decide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Guest {
    /// The admission's id.
    #[cfg_attr(feature = "openapi", schema(value_type = Uuid))]
    pub id: AdmissionId,
    /// The generation whose code lets in.
    pub generation: i64,
    /// Its status.
    #[cfg_attr(feature = "openapi", schema(value_type = AdmissionStatus))]
    pub status: Word<AdmissionStatus>,
    /// What people call its order, which finds the guest whose phone is dead.
    #[serde(default)]
    pub order: String,
    /// Which of its order's admissions it is, from 1.
    #[serde(default)]
    pub number: i64,
    /// How many admissions its order has.
    #[serde(default)]
    pub of: i64,
    /// The name of the guest, if the organizer asks for it and the holder has given it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// When and where somebody entered with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<Entry>,
}

/// What of a door's list has changed since it was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Changes {
    /// What the next request gives as `since`.
    pub since: Timestamp,
    /// Whether too much has changed to tell here: the door reads the whole list again.
    pub reload: bool,
    /// The admissions as they are now. Some may have been told before.
    pub guests: Vec<Guest>,
}

/// Somebody whom a door let in by its own decision, and whom the shop would have refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Double {
    /// The door's scan.
    #[cfg_attr(feature = "openapi", schema(value_type = Uuid))]
    pub id: ScanId,
    /// The admission.
    #[cfg_attr(feature = "openapi", schema(value_type = Uuid))]
    pub admission_id: AdmissionId,
    /// What people call its order.
    pub order: String,
    /// Which of its order's admissions it is, from 1.
    pub number: i64,
    /// How many admissions its order has.
    pub of: i64,
    /// The name of the guest, if the organizer asks for it. Who was let in by a void code is somebody
    /// else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Why the shop would have refused: `used`, or `void` for a refund or a new holder.
    #[cfg_attr(feature = "openapi", schema(value_type = Verdict))]
    pub verdict: Word<Verdict>,
    /// When and where the door let somebody in.
    pub entry: Entry,
    /// The entry that counts, which another scan made. Without one, nobody else has entered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<Entry>,
}

/// What doors let in by their own decision, and the shop would have refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Doubles {
    /// Each of them, the last that the shop heard of first; at most 200.
    pub items: Vec<Double>,
}

/// How many of an event's admissions stand how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// How many may still enter.
    pub valid: i64,
    /// How many have entered.
    pub used: i64,
}

/// A door, as those who stand at it see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Door {
    /// The listing, which is the event.
    #[cfg_attr(feature = "openapi", schema(value_type = Uuid))]
    pub ticket_id: TicketId,
    /// The listing's title.
    pub title: String,
    /// When the event begins.
    pub starts_at: Option<Timestamp>,
    /// IANA name of the venue's time zone.
    pub time_zone: Option<String>,
    /// How many have entered, and how many may.
    pub counts: Counts,
    /// Whether who asks is the organizer, who may give staff access.
    pub is_organizer: bool,
    /// Whether guests give their names, by which a door finds them.
    #[serde(default)]
    pub asks_names: bool,
    /// Whether the codes of its tickets turn: a picture of one then lets nobody in.
    #[serde(default)]
    pub turns: bool,
}

/// A link for staff to make.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct NewStaff {
    /// Whom or which door it is for, such as `North`.
    pub name: String,
}

/// A link by which staff reach one event's door without an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Staff {
    /// The link's id.
    #[cfg_attr(feature = "openapi", schema(value_type = Uuid))]
    pub id: StaffId,
    /// Whom or which door it is for.
    pub name: String,
    /// The address to hand on. Who has it can let people in.
    pub link: String,
    /// When it stops working.
    pub expires_at: Timestamp,
}
