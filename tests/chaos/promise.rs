//! What people were told, which must be so at the end.

use boxoffice_tests::Surroundings;

/// Something that an answer of 2xx said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Promise {
    /// This listing was made.
    Listed(String),
    /// This order was made.
    Held(String),
    /// This order was cancelled.
    Cancelled(String),
    /// This payment was taken for this order.
    Paid { payment: String, order: String },
    /// This payment was given back, or would be.
    Refunded(String),
    /// This admission was accepted, with this generation.
    Accepted { admission: String, generation: i64 },
    /// This admission was offered for sale, and had this version then.
    Offered { admission: String, version: i64 },
    /// Somebody was let in by this scan of this admission.
    Admitted { admission: String, scan: String },
}

impl Promise {
    /// What is not as was promised; None if it is.
    pub(crate) fn broken(&self, around: &Surroundings) -> Option<String> {
        let database = around.database();
        let text = |sql: &str, id: &str| -> Option<String> {
            database.rows(sql, [id]).unwrap().first().map(|row| row.get(0).unwrap())
        };
        let status = "SELECT CASE WHEN refunded_at IS NULL THEN status ELSE 'refunded' END \
                      FROM orders_orders WHERE id = ?1";
        let order = |id: &str| text(status, id);
        let payment = |id: &str| text("SELECT status FROM payments_payments WHERE id = ?1", id);
        let seen = match self {
            Self::Listed(id) => text("SELECT title FROM tickets_tickets WHERE id = ?1", id),
            Self::Held(id) => order(id),
            Self::Cancelled(id) => order(id).filter(|status| status == "cancelled"),
            Self::Refunded(id) => payment(id).filter(|status| status == "refunded"),
            Self::Accepted { admission, generation } => text(
                &format!("SELECT status FROM admissions_admissions WHERE id = ?1 AND generation >= {generation}"),
                admission,
            ),
            Self::Offered { admission, version } => text(
                &format!("SELECT status FROM admissions_admissions WHERE id = ?1 AND version >= {version}"),
                admission,
            ),
            // A refund may have come later, but nobody else has come in with it.
            Self::Admitted { admission, scan } => text(
                &format!("SELECT status FROM admissions_admissions WHERE id = ?1 AND used_scan = '{scan}'"),
                admission,
            )
            .filter(|status| matches!(status.as_str(), "used" | "void")),
            Self::Paid { payment: id, order: of } => {
                match (payment(id).as_deref(), order(of).as_deref()) {
                    (Some("captured"), Some("complete"))
                    | (Some("refunded"), Some("refunded"))
                    | (Some("voided" | "refunded"), Some("cancelled")) => order(of),
                    _ => None,
                }
            }
        };
        if seen.is_some() {
            return None;
        }
        let now = match self {
            Self::Listed(_) => None,
            Self::Held(id) | Self::Cancelled(id) => order(id),
            Self::Refunded(id) => payment(id),
            Self::Accepted { admission, .. }
            | Self::Offered { admission, .. }
            | Self::Admitted { admission, .. } => {
                text("SELECT status FROM admissions_admissions WHERE id = ?1", admission)
            }
            Self::Paid { payment: id, order: of } => {
                Some(format!("{:?}, {:?}", payment(id), order(of)))
            }
        };
        Some(format!("{self:?} was promised; now it is {now:?}"))
    }
}
