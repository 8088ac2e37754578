//! Giving money back.

use super::{CREATE, HELD, OPEN, PAID, REFUND, Scenario};

pub(super) const TABLE: &[Scenario] = &[
    Scenario {
        name: "refunds: whole",
        steps: &[
            PAID,
            (
                REFUND,
                "payment_intent={pi}&reason=requested_by_customer&metadata[why]=rain",
                200,
                &[
                    "re:=/id",
                    "/object=refund",
                    "/amount=4900",
                    "/currency=usd",
                    "/charge={ch}",
                    "/payment_intent={pi}",
                    "/reason=requested_by_customer",
                    "/metadata/why=rain",
                    "/status=succeeded",
                    "/created=1772366400",
                ],
            ),
            ("GET /v1/refunds/{re}", "", 200, &["/id={re}", "/amount=4900"]),
            ("GET /v1/charges/{ch}", "", 200, &["/refunded=true", "/amount_refunded=4900"]),
            // A refunded intent stays succeeded.
            (
                "GET /v1/payment_intents/{pi}",
                "",
                200,
                &["/status=succeeded", "/amount_received=4900"],
            ),
            (
                REFUND,
                "payment_intent={pi}",
                400,
                &[
                    "/error/code=charge_already_refunded",
                    "/error/message=Charge {ch} has already been refunded.",
                ],
            ),
            (REFUND, "charge={ch}&amount=1", 400, &["/error/code=charge_already_refunded"]),
            (
                "GET /sandbox/movements?payment_intent={pi}",
                "",
                200,
                &["/data/2/kind=refund", "/data/2/amount=4900", "/data/3!"],
            ),
        ],
    },
    Scenario {
        name: "refunds: in parts, never more than was taken",
        steps: &[
            PAID,
            (REFUND, "charge={ch}&amount=1000", 200, &["one:=/id", "/reason=null"]),
            ("GET /v1/charges/{ch}", "", 200, &["/refunded=false", "/amount_refunded=1000"]),
            (
                REFUND,
                "payment_intent={pi}&amount=3901",
                400,
                &[
                    "/error/param=amount",
                    "/error/code!",
                    "/error/message=Refund amount ($39.01) is greater than unrefunded amount on charge \
                     ($39.00)",
                ],
            ),
            (REFUND, "payment_intent={pi}&amount=0", 400, &["/error/param=amount"]),
            (REFUND, "payment_intent={pi}&amount=3900", 200, &["two:=/id"]),
            ("GET /v1/charges/{ch}", "", 200, &["/refunded=true", "/amount_refunded=4900"]),
            (
                "GET /v1/refunds?payment_intent={pi}",
                "",
                200,
                &[
                    "/object=list",
                    "/url=/v1/refunds",
                    "/has_more=false",
                    "/data/0/id={two}",
                    "/data/1/id={one}",
                    "/data/2!",
                ],
            ),
            (
                "GET /v1/refunds?charge={ch}&limit=1",
                "",
                200,
                &["/data/0/id={two}", "/has_more=true"],
            ),
            ("GET /v1/charges?payment_intent={pi}", "", 200, &["/data/0/id={ch}", "/data/1!"]),
        ],
    },
    Scenario {
        name: "refunds: what was not taken cannot be given back",
        steps: &[
            HELD,
            (REFUND, "payment_intent={pi}", 400, &["/error/code!", "/error/param!"]),
            ("POST /v1/payment_intents/{pi}/cancel", "", 200, &[]),
            (REFUND, "payment_intent={pi}", 400, &["/error/code!"]),
            OPEN,
            (REFUND, "payment_intent={pi}", 400, &["/error/type=invalid_request_error"]),
            (REFUND, "amount=100", 400, &["/error/code=parameter_missing"]),
            (REFUND, "payment_intent={pi}&reason=whim", 400, &["/error/param=reason"]),
            (REFUND, "payment_intent={pi}&colour=red", 400, &["/error/code=parameter_unknown"]),
        ],
    },
    Scenario {
        name: "refunds: not of what is disputed",
        steps: &[
            PAID,
            (
                "POST /sandbox/disputes",
                "payment_intent={pi}&reason=product_not_received",
                200,
                &[
                    "du:=/id",
                    "/object=dispute",
                    "/amount=4900",
                    "/charge={ch}",
                    "/reason=product_not_received",
                    "/status=needs_response",
                ],
            ),
            (
                "POST /sandbox/disputes",
                "payment_intent={pi}",
                400,
                &["/error/param=payment_intent"],
            ),
            ("GET /v1/charges/{ch}", "", 200, &["/disputed=true", "/refunded=false"]),
            (REFUND, "payment_intent={pi}", 400, &["/error/code=charge_disputed"]),
            (
                "POST /v1/disputes/{du}",
                "evidence[uncategorized_text]=winning_evidence",
                200,
                &["/status=won"],
            ),
            ("POST /v1/disputes/{du}/close", "", 400, &["/error/type=invalid_request_error"]),
            (REFUND, "payment_intent={pi}&amount=900", 200, &["/amount=900"]),
            ("POST /sandbox/disputes", "payment_intent={pi}", 200, &["lost:=/id", "/amount=4000"]),
            ("POST /v1/disputes/{lost}/close", "", 200, &["/status=lost"]),
            ("GET /v1/disputes/{lost}", "", 200, &["/status=lost", "/payment_intent={pi}"]),
            ("GET /v1/disputes", "", 200, &["/data/0/id={lost}", "/data/1/id={du}"]),
            (REFUND, "payment_intent={pi}", 400, &["/error/code=charge_disputed"]),
            HELD,
            (
                "POST /sandbox/disputes",
                "payment_intent={pi}",
                400,
                &["/error/param=payment_intent"],
            ),
            (
                "POST /v1/disputes/{du}",
                "evidence[uncategorized_text]=whatever",
                400,
                &["/error/param=evidence[uncategorized_text]"],
            ),
        ],
    },
    Scenario {
        name: "refunds: charge and intent must belong together",
        steps: &[
            PAID,
            (
                CREATE,
                "amount=900&currency=usd&confirm=true&payment_method=pm_card_visa\
                 &payment_method_types[]=card",
                200,
                &["other:=/latest_charge"],
            ),
            (REFUND, "payment_intent={pi}&charge={other}", 400, &["/error/param=charge"]),
            (REFUND, "payment_intent={pi}&charge={ch}", 200, &["/amount=4900"]),
        ],
    },
];
