//! What a door tells of itself and of whom it lets in.

use std::collections::BTreeSet;

use boxoffice_contract::door::Scan;

use crate::{Verdict, text, unless};

/// How many scans a door may tell at once.
pub const MOST_SCANS: usize = 100;
/// The longest text that a scanner may have read, in bytes. A ticket's code is a third of it.
const MAX_CODE: usize = 512;

/// Checks the name of a door, or of those who stand at it.
///
/// # Errors
/// The sentence for who typed it.
pub fn name(name: &str) -> Verdict {
    text::line(name, 60, "Enter a name of 1 to 60 characters, such as North")
}

/// Checks the scans of a door.
///
/// # Errors
/// The sentence for who wrote the door's program.
pub fn scans(scans: &[Scan]) -> Verdict {
    unless((1..=MOST_SCANS).contains(&scans.len()), "Send 1 to 100 scans at a time")?;
    let is_whole = |scan: &Scan| match (&scan.code, scan.admission_id) {
        (Some(code), None) => code.len() <= MAX_CODE,
        (None, Some(_)) => true,
        (Some(_), Some(_)) | (None, None) => false,
    };
    unless(
        scans.iter().all(is_whole),
        "Give each scan a code of at most 512 bytes, or an admissionId",
    )?;
    let ids: BTreeSet<_> = scans.iter().map(|scan| scan.id).collect();
    unless(ids.len() == scans.len(), "Give each scan an id of its own")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use boxoffice_contract::{AdmissionId, ScanId};

    use super::*;

    fn scan(code: Option<&str>, admission_id: Option<AdmissionId>) -> Scan {
        Scan {
            id: ScanId::nil(),
            code: code.map(str::to_owned),
            admission_id,
            at: None,
            admitted: false,
        }
    }

    #[test]
    fn a_scan_is_of_one_thing() {
        let id = Some(AdmissionId::nil());
        let long = "A".repeat(MAX_CODE + 1);
        for (scan, good) in [
            (scan(Some("A"), None), true),
            (scan(None, id), true),
            (scan(Some("A"), id), false),
            (scan(None, None), false),
            (scan(Some(&long), None), false),
        ] {
            assert_eq!(scans(std::slice::from_ref(&scan)).is_ok(), good, "{scan:?}");
        }
        assert!(scans(&[]).is_err());
        let many = |count: usize| -> Vec<Scan> {
            let own = |_| Scan { id: ScanId::new(), ..scan(None, id) };
            (0..count).map(own).collect()
        };
        assert!(scans(&many(MOST_SCANS)).is_ok());
        assert!(scans(&many(MOST_SCANS + 1)).is_err());
        assert!(scans(&[scan(None, id), scan(None, id)]).is_err());
    }

    #[test]
    fn a_door_has_a_name() {
        for (text, good) in [
            ("", false),
            ("  ", false),
            ("\u{200b}", false),
            ("North\nSouth", false),
            ("North", true),
            ("Ж", true),
        ] {
            assert_eq!(name(text).is_ok(), good, "{text:?}");
        }
        assert!(name(&"x".repeat(60)).is_ok() && name(&"x".repeat(61)).is_err());
    }
}
