//! From a new intent to money taken or let go.

use super::{CREATE, HELD, OPEN, PAID, REFUND, Scenario};

pub(super) const TABLE: &[Scenario] = &[
    Scenario {
        name: "a new intent has the documented fields",
        steps: &[
            (
                CREATE,
                "amount=4900&currency=EUR&metadata[order_id]=o-1&metadata[7]=x&description=Two+tickets",
                200,
                &[
                    "pi:=/id",
                    "/object=payment_intent",
                    "/amount=4900",
                    "/amount_capturable=0",
                    "/amount_received=0",
                    "/currency=eur",
                    "/capture_method=automatic_async",
                    "/confirmation_method=automatic",
                    "/automatic_payment_methods/enabled=true",
                    "/automatic_payment_methods/allow_redirects=always",
                    "/payment_method_types=[\"card\"]",
                    "/client_secret?",
                    "/created=1772366400",
                    "/customer=null",
                    "/description=Two tickets",
                    "/last_payment_error=null",
                    "/latest_charge=null",
                    "/livemode=false",
                    "/metadata={\"7\":\"x\",\"order_id\":\"o-1\"}",
                    "/next_action=null",
                    "/payment_method=null",
                    "/canceled_at=null",
                    "/cancellation_reason=null",
                    "/status=requires_payment_method",
                ],
            ),
            ("GET /v1/payment_intents/{pi}", "", 200, &["/id={pi}", "/amount=4900"]),
        ],
    },
    Scenario {
        name: "manual capture: hold, capture",
        steps: &[
            (
                CREATE,
                "amount=4900&currency=usd&capture_method=manual&payment_method=pm_card_visa\
                 &payment_method_types[0]=card",
                200,
                &["pi:=/id", "pm:=/payment_method", "/status=requires_confirmation"],
            ),
            (
                "POST /v1/payment_intents/{pi}/confirm",
                "",
                200,
                &[
                    "/status=requires_capture",
                    "/amount_capturable=4900",
                    "/amount_received=0",
                    "/payment_method={pm}",
                    "ch:=/latest_charge",
                ],
            ),
            (
                "GET /v1/charges/{ch}",
                "",
                200,
                &[
                    "/object=charge",
                    "/captured=false",
                    "/paid=true",
                    "/refunded=false",
                    "/amount_captured=0",
                    "/amount_refunded=0",
                    "/status=succeeded",
                    "/payment_intent={pi}",
                    "/payment_method_details/card/brand=visa",
                    "/payment_method_details/card/last4=\"4242\"",
                    "/payment_method_details/card/capture_before=1772971200",
                    "/outcome/type=authorized",
                ],
            ),
            (
                "POST /v1/payment_intents/{pi}/capture",
                "",
                200,
                &[
                    "/status=succeeded",
                    "/amount_capturable=0",
                    "/amount_received=4900",
                    "/latest_charge={ch}",
                ],
            ),
            ("GET /v1/charges/{ch}", "", 200, &["/captured=true", "/amount_captured=4900"]),
            (
                "GET /sandbox/movements?payment_intent={pi}",
                "",
                200,
                &[
                    "/data/0/kind=authorize",
                    "/data/1/kind=capture",
                    "/data/1/amount=4900",
                    "/data/2!",
                ],
            ),
        ],
    },
    Scenario {
        name: "a partial capture lets the rest go",
        steps: &[
            HELD,
            (
                "POST /v1/payment_intents/{pi}/capture",
                "amount_to_capture=4400&metadata[note]=less",
                200,
                &[
                    "/status=succeeded",
                    "/amount=4900",
                    "/amount_received=4400",
                    "/amount_capturable=0",
                    "/metadata/note=less",
                ],
            ),
            (
                "GET /v1/charges/{ch}",
                "",
                200,
                &["/amount=4900", "/amount_captured=4400", "/amount_refunded=0", "/refunded=false"],
            ),
            (
                "GET /sandbox/movements?payment_intent={pi}",
                "",
                200,
                &["/data/1/amount=4400", "/data/2/kind=void", "/data/2/amount=500", "/data/3!"],
            ),
            (REFUND, "payment_intent={pi}", 200, &["/amount=4400"]),
        ],
    },
    Scenario {
        name: "capture: amounts that are not there",
        steps: &[
            HELD,
            (
                "POST /v1/payment_intents/{pi}/capture",
                "amount_to_capture=4901",
                400,
                &["/error/code=amount_too_large", "/error/payment_intent/id={pi}"],
            ),
            (
                "POST /v1/payment_intents/{pi}/capture",
                "amount_to_capture=0",
                400,
                &["/error/code=parameter_invalid_integer"],
            ),
            (
                "POST /v1/payment_intents/{pi}/capture",
                "amount_to_capture=-1",
                400,
                &["/error/code=parameter_invalid_integer"],
            ),
            ("GET /v1/payment_intents/{pi}", "", 200, &["/status=requires_capture"]),
        ],
    },
    Scenario {
        name: "automatic capture",
        steps: &[
            PAID,
            (
                "GET /v1/payment_intents/{pi}",
                "",
                200,
                &[
                    "/amount_received=4900",
                    "/amount_capturable=0",
                    "/capture_method=automatic_async",
                ],
            ),
            ("GET /v1/charges/{ch}", "", 200, &["/captured=true"]),
            (
                "GET /sandbox/movements?payment_intent={pi}",
                "",
                200,
                &["/data/0/kind=authorize", "/data/1/kind=capture", "/data/2!"],
            ),
        ],
    },
    Scenario {
        name: "an intent does not need capturing twice, nor confirming",
        steps: &[
            HELD,
            (
                "POST /v1/payment_intents/{pi}/confirm",
                "payment_method=pm_card_visa",
                400,
                &["/error/code=payment_intent_unexpected_state", "/error/payment_intent/id={pi}"],
            ),
            ("POST /v1/payment_intents/{pi}/capture", "", 200, &[]),
            (
                "POST /v1/payment_intents/{pi}/capture",
                "",
                400,
                &[
                    "/error/type=invalid_request_error",
                    "/error/code=payment_intent_unexpected_state",
                    "/error/payment_intent/status=succeeded",
                    "/error/doc_url=https://stripe.com/docs/error-codes/payment-intent-unexpected-state",
                ],
            ),
            (
                "POST /v1/payment_intents/{pi}/confirm",
                "payment_method=pm_card_visa",
                400,
                &["/error/code=payment_intent_unexpected_state"],
            ),
            (
                "GET /sandbox/movements?payment_intent={pi}",
                "",
                200,
                &["/data/1/kind=capture", "/data/2!"],
            ),
        ],
    },
    Scenario {
        name: "cancel: from each state that allows it, once",
        steps: &[
            OPEN,
            (
                "POST /v1/payment_intents/{pi}/cancel",
                "cancellation_reason=abandoned",
                200,
                &["/status=canceled", "/canceled_at=1772366400", "/cancellation_reason=abandoned"],
            ),
            (
                "POST /v1/payment_intents/{pi}/cancel",
                "",
                400,
                &["/error/code=payment_intent_unexpected_state"],
            ),
            (
                "POST /v1/payment_intents/{pi}/confirm",
                "payment_method=pm_card_visa",
                400,
                &["/error/code=payment_intent_unexpected_state"],
            ),
            HELD,
            (
                "POST /v1/payment_intents/{pi}/cancel",
                "",
                200,
                &["/status=canceled", "/amount_capturable=0", "/cancellation_reason=null"],
            ),
            (
                "POST /v1/payment_intents/{pi}/capture",
                "",
                400,
                &["/error/code=payment_intent_unexpected_state"],
            ),
            (
                "GET /sandbox/movements?payment_intent={pi}",
                "",
                200,
                &["/data/0/kind=authorize", "/data/1/kind=void", "/data/1/amount=4900", "/data/2!"],
            ),
            PAID,
            (
                "POST /v1/payment_intents/{pi}/cancel",
                "",
                400,
                &[
                    "/error/code=payment_intent_unexpected_state",
                    "/error/payment_intent/status=succeeded",
                ],
            ),
            OPEN,
            (
                "POST /v1/payment_intents/{pi}/cancel",
                "cancellation_reason=bored",
                400,
                &[
                    "/error/param=cancellation_reason",
                    "/error/message=Invalid cancellation_reason: must be one of duplicate, fraudulent, \
                     requested_by_customer, or abandoned",
                ],
            ),
        ],
    },
    Scenario {
        name: "update: terms while open, words always",
        steps: &[
            (
                CREATE,
                "amount=4900&currency=usd&payment_method_types[]=card&metadata[a]=1&metadata[b]=2",
                200,
                &["pi:=/id"],
            ),
            (
                "POST /v1/payment_intents/{pi}",
                "amount=5900&metadata[a]=&metadata[c]=3&description=New",
                200,
                &["/amount=5900", "/metadata={\"b\":\"2\",\"c\":\"3\"}", "/description=New"],
            ),
            (
                "POST /v1/payment_intents/{pi}",
                "metadata=&description=",
                200,
                &["/metadata={}", "/description=null"],
            ),
            (
                "POST /v1/payment_intents/{pi}",
                "payment_method=pm_card_visa",
                200,
                &["/status=requires_confirmation", "/payment_method?"],
            ),
            (
                "POST /v1/payment_intents/{pi}/confirm",
                "",
                200,
                &["/status=succeeded", "/amount_received=5900"],
            ),
            (
                "POST /v1/payment_intents/{pi}",
                "amount=100",
                400,
                &["/error/code=payment_intent_unexpected_state", "/error/param=amount"],
            ),
            (
                "POST /v1/payment_intents/{pi}",
                "metadata[late]=yes",
                200,
                &["/metadata/late=yes", "/amount=5900"],
            ),
        ],
    },
];
