//! What a call is told that cannot be done as asked, and what it can ask for besides.

use super::{CREATE, HELD, OPEN, REFUND, Scenario};

pub(super) const TABLE: &[Scenario] = &[
    Scenario {
        name: "confirm: without a method, with one that is not there",
        steps: &[
            OPEN,
            (
                "POST /v1/payment_intents/{pi}/confirm",
                "",
                400,
                &["/error/code=payment_intent_unexpected_state", "/error/payment_intent/id={pi}"],
            ),
            (
                "POST /v1/payment_intents/{pi}/confirm",
                "payment_method=pm_card_nonsense",
                400,
                &[
                    "/error/code=resource_missing",
                    "/error/param=payment_method",
                    "/error/message=No such PaymentMethod: 'pm_card_nonsense'",
                ],
            ),
            (
                "POST /v1/payment_intents/{pi}/confirm",
                "payment_method=tok_visa",
                400,
                &["/error/code=resource_missing"],
            ),
            ("GET /v1/payment_intents/{pi}", "", 200, &["/status=requires_payment_method"]),
        ],
    },
    Scenario {
        name: "redirect-based methods need a return_url",
        steps: &[
            (
                CREATE,
                "amount=4900&currency=usd&confirm=true&payment_method=pm_card_visa",
                400,
                &["/error/type=invalid_request_error", "/error/code!"],
            ),
            (
                CREATE,
                "amount=4900&currency=usd&confirm=true&payment_method=pm_card_visa\
                 &return_url=https://shop.example/back",
                200,
                &["/status=succeeded"],
            ),
            (
                CREATE,
                "amount=4900&currency=usd&confirm=true&payment_method=pm_card_visa\
                 &automatic_payment_methods[enabled]=true&automatic_payment_methods[allow_redirects]=never",
                200,
                &["/status=succeeded", "/automatic_payment_methods/allow_redirects=never"],
            ),
            (
                CREATE,
                "amount=4900&currency=usd&automatic_payment_methods[enabled]=true\
                 &payment_method_types[]=card",
                400,
                &["/error/type=invalid_request_error"],
            ),
            (
                CREATE,
                "amount=4900&currency=usd&confirm=true&payment_method=pm_card_visa&return_url=nowhere",
                400,
                &["/error/code=url_invalid", "/error/param=return_url"],
            ),
            (
                CREATE,
                "amount=4900&currency=usd&return_url=https://shop.example/back",
                400,
                &["/error/param=return_url"],
            ),
        ],
    },
    Scenario {
        name: "validation names the parameter",
        steps: &[
            (
                CREATE,
                "currency=usd",
                400,
                &[
                    "/error/code=parameter_missing",
                    "/error/param=amount",
                    "/error/message=Missing required param: amount.",
                ],
            ),
            (
                CREATE,
                "amount=100",
                400,
                &["/error/code=parameter_missing", "/error/param=currency"],
            ),
            (CREATE, "", 400, &["/error/code=parameter_missing"]),
            (
                CREATE,
                "amount=100&currency=usd&colour=red",
                400,
                &[
                    "/error/code=parameter_unknown",
                    "/error/param=colour",
                    "/error/message=Received unknown parameter: colour",
                ],
            ),
            (
                CREATE,
                "amount=100&currency=usd&automatic_payment_methods[enabled]=true\
                 &automatic_payment_methods[colour]=red",
                400,
                &[
                    "/error/code=parameter_unknown",
                    "/error/param=automatic_payment_methods[colour]",
                ],
            ),
            (
                CREATE,
                "amount=ten&currency=usd",
                400,
                &["/error/code=parameter_invalid_integer", "/error/param=amount"],
            ),
            (CREATE, "amount=0&currency=usd", 400, &["/error/code=parameter_invalid_integer"]),
            (CREATE, "amount=-5&currency=usd", 400, &["/error/code=parameter_invalid_integer"]),
            (CREATE, "amount=&currency=usd", 400, &["/error/code=parameter_invalid_empty"]),
            (
                CREATE,
                "amount=99999999999999999999&currency=usd",
                400,
                &["/error/code=parameter_invalid_integer"],
            ),
            (
                CREATE,
                "amount=49&currency=usd",
                400,
                &[
                    "/error/code=amount_too_small",
                    "/error/param=amount",
                    "/error/message=Amount must be at least $0.50 usd",
                ],
            ),
            (CREATE, "amount=1499&currency=czk", 400, &["/error/code=amount_too_small"]),
            (CREATE, "amount=50&currency=jpy", 200, &["/currency=jpy"]),
            (CREATE, "amount=1000&currency=kwd", 200, &["/currency=kwd"]),
            (CREATE, "amount=99999999&currency=usd", 200, &[]),
            (
                CREATE,
                "amount=100000000&currency=usd",
                400,
                &["/error/code=amount_too_large", "/error/param=amount"],
            ),
            (CREATE, "amount=100&currency=zzz", 400, &["/error/param=currency"]),
            (
                CREATE,
                "amount=100&currency=usd&confirm=maybe",
                400,
                &["/error/param=confirm", "/error/message=Invalid boolean: maybe"],
            ),
            (
                CREATE,
                "amount=100&currency=usd&capture_method=later",
                400,
                &["/error/param=capture_method"],
            ),
            (
                CREATE,
                "amount=100&currency=usd&payment_method_types[]=sepa_debit",
                400,
                &["/error/param=payment_method_types"],
            ),
            (
                CREATE,
                "amount=100&currency=usd&customer=cus_1",
                400,
                &["/error/code=resource_missing", "/error/message=No such customer: 'cus_1'"],
            ),
            (CREATE, "amount[a]=100&currency=usd", 400, &["/error/param=amount"]),
            (CREATE, "amount[a=100&currency=usd", 400, &["/error/type=invalid_request_error"]),
            (CREATE, "amount=100&currency=usd&metadata=text", 400, &["/error/param=metadata"]),
            (
                CREATE,
                "amount=100&currency=usd&metadata[a][b]=text",
                400,
                &["/error/param=metadata[a]"],
            ),
        ],
    },
    Scenario {
        name: "what is not there is missing",
        steps: &[
            (
                "GET /v1/payment_intents/pi_nope",
                "",
                404,
                &[
                    "/error/code=resource_missing",
                    "/error/param=intent",
                    "/error/message=No such payment_intent: 'pi_nope'",
                ],
            ),
            (
                "POST /v1/payment_intents/pi_nope",
                "amount=100",
                404,
                &["/error/code=resource_missing"],
            ),
            (
                "POST /v1/payment_intents/pi_nope/confirm",
                "",
                404,
                &["/error/code=resource_missing"],
            ),
            (
                "POST /v1/payment_intents/pi_nope/capture",
                "",
                404,
                &["/error/code=resource_missing"],
            ),
            ("POST /v1/payment_intents/pi_nope/cancel", "", 404, &["/error/code=resource_missing"]),
            ("GET /v1/charges/ch_nope", "", 404, &["/error/message=No such charge: 'ch_nope'"]),
            ("GET /v1/refunds/re_nope", "", 404, &["/error/message=No such refund: 're_nope'"]),
            (
                "GET /v1/payment_methods/pm_nope",
                "",
                404,
                &["/error/message=No such PaymentMethod: 'pm_nope'"],
            ),
            (REFUND, "payment_intent=pi_nope", 400, &["/error/code=resource_missing"]),
            (
                REFUND,
                "charge=ch_nope",
                400,
                &["/error/code=resource_missing", "/error/param=charge"],
            ),
            (
                "GET /v1/customers",
                "",
                404,
                &[
                    "/error/type=invalid_request_error",
                    "/error/message=Unrecognized request URL (GET: /v1/customers).",
                ],
            ),
            ("DELETE /v1/payment_intents/pi_nope", "", 404, &["/error/type=invalid_request_error"]),
            (
                "POST /v1/payment_intents/pi_nope/void",
                "",
                404,
                &["/error/type=invalid_request_error"],
            ),
        ],
    },
    Scenario {
        name: "expanding",
        steps: &[
            HELD,
            (
                "GET /v1/payment_intents/{pi}?expand[]=latest_charge&expand[]=payment_method",
                "",
                200,
                &["/latest_charge/id={ch}", "/payment_method/card/brand=visa"],
            ),
            (
                "GET /v1/payment_intents?limit=1&expand[]=data.latest_charge",
                "",
                200,
                &["/data/0/latest_charge/object=charge"],
            ),
            (
                "POST /v1/payment_intents/{pi}/capture",
                "expand[0]=latest_charge",
                200,
                &["/latest_charge/captured=true"],
            ),
            (
                REFUND,
                "payment_intent={pi}&expand[]=charge.payment_intent",
                200,
                &["/charge/payment_intent/id={pi}", "/charge/refunded=true"],
            ),
            (
                "GET /v1/payment_intents/{pi}?expand[]=colour",
                "",
                400,
                &["/error/message=This property cannot be expanded (colour)."],
            ),
            ("GET /v1/payment_intents/{pi}?expand[]=a.b.c.d.e", "", 400, &["/error/code!"]),
        ],
    },
    Scenario {
        name: "the client secret opens its own intent only",
        steps: &[
            (CREATE, "amount=4900&currency=usd", 200, &["pi:=/id", "secret:=/client_secret"]),
            ("GET /v1/payment_intents/{pi}?client_secret={secret}", "", 200, &["/id={pi}"]),
            (
                "GET /v1/payment_intents/{pi}?client_secret=wrong",
                "",
                400,
                &["/error/param=client_secret"],
            ),
        ],
    },
];
