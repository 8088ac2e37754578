//! The table: calls, and what must come of them.
//!
//! A step is a call, its body, the status that must come back, and expectations:
//! `/pointer=value` (a JSON value, or else a text), `/pointer?` (there, and not null), `/pointer!` (not
//! there), `name:=/pointer` (keep for later steps as `{name}`).

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::Value;

use crate::bench::{Api, Bench, Reply};

type Step = (&'static str, &'static str, u16, &'static [&'static str]);

struct Scenario {
    name: &'static str,
    steps: &'static [Step],
}

#[tokio::test]
async fn every_scenario_goes_as_with_stripe() {
    let bench = Bench::new();
    let (_sandbox, api) = bench.start().await;
    let mut failures = Vec::new();
    for scenario in SCENARIOS {
        if let Err(failure) = run(&api, scenario).await {
            failures.push(format!("{}: {failure}", scenario.name));
        }
    }
    assert!(failures.is_empty(), "{} failed:\n{}", failures.len(), failures.join("\n"));
}

async fn run(api: &Api, scenario: &Scenario) -> Result<(), String> {
    let mut names = BTreeMap::new();
    for (call, body, status, expectations) in scenario.steps {
        let call = filled(call, &names);
        let (method, path) = call.split_once(' ').unwrap();
        let method: Method = method.parse().unwrap();
        let key = [("authorization", "Bearer sk_test_1")];
        let reply = api.send(method, path, &filled(body, &names), &key).await;
        if reply.status != *status {
            return Err(format!(
                "{call} {body}: {} instead of {status}: {}",
                reply.status, reply.text
            ));
        }
        for expectation in *expectations {
            check(&reply, expectation, &mut names).map_err(|found| {
                format!("{call} {body}: {expectation}, but {found}: {}", reply.text)
            })?;
        }
    }
    Ok(())
}

fn check(
    reply: &Reply,
    expectation: &str,
    names: &mut BTreeMap<String, String>,
) -> Result<(), String> {
    let json = reply.json();
    if let Some((name, pointer)) = expectation.split_once(":=") {
        names.insert(name.to_owned(), reply.at(pointer));
        return Ok(());
    }
    if let Some(pointer) = expectation.strip_suffix('?') {
        let there = json.pointer(pointer).is_some_and(|value| !value.is_null());
        return there.then_some(()).ok_or_else(|| "it is missing".to_owned());
    }
    if let Some(pointer) = expectation.strip_suffix('!') {
        let absent = json.pointer(pointer).is_none();
        return absent.then_some(()).ok_or_else(|| "it is there".to_owned());
    }
    let (pointer, expected) = expectation.split_once('=').unwrap();
    let expected = filled(expected, names);
    let expected = serde_json::from_str::<Value>(&expected).unwrap_or(Value::String(expected));
    match json.pointer(pointer) {
        Some(found) if *found == expected => Ok(()),
        Some(found) => Err(format!("it is {found}")),
        None => Err("it is missing".to_owned()),
    }
}

fn filled(template: &str, names: &BTreeMap<String, String>) -> String {
    names.iter().fold(template.to_owned(), |text, (name, value)| {
        text.replace(&format!("{{{name}}}"), value)
    })
}

const CREATE: &str = "POST /v1/payment_intents";
const REFUND: &str = "POST /v1/refunds";
/// An intent for 49.00 on hold.
const HELD: Step = (
    CREATE,
    "amount=4900&currency=usd&capture_method=manual&confirm=true&payment_method=pm_card_visa\
     &payment_method_types[]=card",
    200,
    &["pi:=/id", "ch:=/latest_charge", "/status=requires_capture"],
);
/// An intent whose 49.00 were taken.
const PAID: Step = (
    CREATE,
    "amount=4900&currency=usd&confirm=true&payment_method=pm_card_visa&payment_method_types[]=card",
    200,
    &["pi:=/id", "ch:=/latest_charge", "/status=succeeded"],
);
/// An intent that nobody has paid yet.
const OPEN: Step =
    (CREATE, "amount=4900&currency=usd&payment_method_types[]=card", 200, &["pi:=/id"]);

const SCENARIOS: &[Scenario] = &[
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
