//! Where cards come from.

use super::{CREATE, OPEN, Scenario};

pub(super) const TABLE: &[Scenario] = &[
    Scenario {
        name: "methods: from a token, used once",
        steps: &[
            (
                "POST /v1/payment_methods",
                "type=card&card[token]=tok_mastercard&billing_details[name]=Ada\
                 &billing_details[address][postal_code]=12345&metadata[a]=b",
                200,
                &[
                    "pm:=/id",
                    "/object=payment_method",
                    "/type=card",
                    "/card/brand=mastercard",
                    "/card/last4=\"4444\"",
                    "/card/exp_year=2027",
                    "/card/exp_month=3",
                    "/billing_details/name=Ada",
                    "/billing_details/address/postal_code=\"12345\"",
                    "/customer=null",
                    "/metadata/a=b",
                ],
            ),
            ("GET /v1/payment_methods/{pm}", "", 200, &["/id={pm}", "/card/funding=credit"]),
            (
                CREATE,
                "amount=4900&currency=usd&confirm=true&payment_method={pm}&payment_method_types[]=card",
                200,
                &["/payment_method={pm}", "/status=succeeded", "ch:=/latest_charge"],
            ),
            (
                "GET /v1/charges/{ch}",
                "",
                200,
                &["/billing_details/name=Ada", "/payment_method={pm}"],
            ),
            (
                CREATE,
                "amount=4900&currency=usd&payment_method={pm}",
                400,
                &["/error/type=invalid_request_error"],
            ),
        ],
    },
    Scenario {
        name: "methods: what they are made from",
        steps: &[
            ("GET /v1/payment_methods/pm_card_amex", "", 200, &["/card/brand=amex"]),
            (
                "POST /v1/payment_methods",
                "type=card&card[token]=tok_nonsense",
                400,
                &["/error/code=resource_missing", "/error/message=No such token: 'tok_nonsense'"],
            ),
            (
                "POST /v1/payment_methods",
                "type=card&card[token]=pm_card_visa",
                400,
                &["/error/code=resource_missing"],
            ),
            ("POST /v1/payment_methods", "type=card", 400, &["/error/param=card"]),
            ("POST /v1/payment_methods", "card[token]=tok_visa", 400, &["/error/param=type"]),
            ("POST /v1/payment_methods", "type=sepa_debit", 400, &["/error/param=type"]),
            (
                "POST /v1/payment_methods",
                "type=card&card[number]=4242424242424242&card[exp_month]=1&card[exp_year]=2030",
                402,
                &["/error/type=invalid_request_error", "/error/param=card[number]"],
            ),
        ],
    },
    Scenario {
        name: "a payment with a legacy token",
        steps: &[
            (
                CREATE,
                "amount=4900&currency=usd&confirm=true&payment_method_types[]=card\
                 &payment_method_data[type]=card&payment_method_data[card][token]=tok_visa",
                200,
                &["/status=succeeded", "/payment_method?"],
            ),
            OPEN,
            (
                "POST /v1/payment_intents/{pi}/confirm",
                "payment_method_data[type]=card&payment_method_data[card][token]=tok_chargeDeclined",
                402,
                &["/error/code=card_declined"],
            ),
            (
                "POST /v1/payment_intents/{pi}/confirm",
                "payment_method_data[type]=card&payment_method_data[card][colour]=red",
                400,
                &["/error/param=payment_method_data[card][token]"],
            ),
            (
                "POST /v1/payment_intents/{pi}/confirm",
                "payment_method=pm_card_visa&payment_method_data[type]=card\
                 &payment_method_data[card][token]=tok_visa",
                400,
                &["/error/type=invalid_request_error"],
            ),
        ],
    },
    Scenario {
        name: "a declined intent is paid with another card",
        steps: &[
            OPEN,
            (
                "POST /v1/payment_intents/{pi}/confirm",
                "payment_method=pm_card_visa_chargeDeclinedInsufficientFunds",
                402,
                &[
                    "/error/payment_intent/id={pi}",
                    "/error/payment_intent/status=requires_payment_method",
                    "failed:=/error/charge",
                ],
            ),
            (
                "GET /v1/charges/{failed}",
                "",
                200,
                &[
                    "/status=failed",
                    "/paid=false",
                    "/captured=false",
                    "/failure_code=card_declined",
                    "/outcome/type=issuer_declined",
                    "/outcome/reason=insufficient_funds",
                ],
            ),
            (
                "POST /v1/payment_intents/{pi}/confirm",
                "payment_method=pm_card_visa",
                200,
                &["/status=succeeded", "/last_payment_error=null"],
            ),
            (
                "GET /sandbox/movements?payment_intent={pi}",
                "",
                200,
                &["/data/0/kind=authorize", "/data/1/kind=capture", "/data/2!"],
            ),
        ],
    },
];
