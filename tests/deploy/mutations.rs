//! A mistake for each rule, on what is rendered, so that no rule passes by looking at nothing.

use serde_json::{Value, json};

use crate::shop::Shop;

/// A mistake.
pub(crate) struct Mutation {
    /// In words.
    pub(crate) mistake: &'static str,
    /// The overlay that it is made in.
    pub(crate) overlay: &'static str,
    /// The rule that must notice it.
    pub(crate) noticed_by: &'static str,
    /// Makes it.
    pub(crate) make: fn(&mut Shop),
}

/// Sets what is at a JSON pointer of an object that is there.
fn set(shop: &mut Shop, kind: &str, name: &str, pointer: &str, value: Value) {
    let object = shop.find_mut(kind, name);
    let place = object.pointer_mut(pointer);
    *place.unwrap_or_else(|| panic!("{kind} {name} has nothing at {pointer}")) = value;
}

/// Takes away a member.
fn remove(shop: &mut Shop, kind: &str, name: &str, parent: &str, member: &str) {
    let object = shop.find_mut(kind, name);
    let taken =
        object.pointer_mut(parent).and_then(|parent| parent.as_object_mut()?.remove(member));
    assert!(taken.is_some(), "{kind} {name} has no {parent}/{member}");
}

/// Takes away an object.
fn drop_object(shop: &mut Shop, kind: &str, name: &str) {
    let before = shop.objects.len();
    shop.objects.retain(|object| object.kind() != kind || object.name() != name);
    assert!(shop.objects.len() < before, "no {kind} {name}");
}

/// The variables of an app, to be changed.
fn variables<'a>(shop: &'a mut Shop, app: &str) -> &'a mut Vec<Value> {
    shop.find_mut("SpinApp", app)["spec"]["variables"].as_array_mut().unwrap()
}

/// The components of an app, to be changed.
fn components<'a>(shop: &'a mut Shop, app: &str) -> &'a mut Vec<Value> {
    shop.find_mut("SpinApp", app)["spec"]["components"].as_array_mut().unwrap()
}

/// Gives an app a key of a Secret in place of its placeholder.
fn tell(shop: &mut Shop, app: &str, secret: &str, key: &str) {
    let given = variables(shop, app).iter_mut().find(|given| given["name"] == key);
    let given = given.unwrap_or_else(|| panic!("{app} has no variable {key}"));
    *given =
        json!({ "name": key, "valueFrom": { "secretKeyRef": { "name": secret, "key": key } } });
}

/// All of them.
pub(crate) const ALL: &[Mutation] = &[
    Mutation {
        mistake: "a component in two apps",
        overlay: "production",
        noticed_by: "every component is deployed exactly once",
        make: |shop| components(shop, "boxoffice-web").push(json!("system")),
    },
    Mutation {
        mistake: "no clock",
        overlay: "production",
        noticed_by: "every component is deployed exactly once",
        make: |shop| drop_object(shop, "CronJob", "boxoffice-clock"),
    },
    Mutation {
        mistake: "two clocks",
        overlay: "production",
        noticed_by: "every component is deployed exactly once",
        make: |shop| components(shop, "boxoffice-workers").push(json!("clock")),
    },
    Mutation {
        mistake: "an executor that is not there",
        overlay: "production",
        noticed_by: "every app has its executor",
        make: |shop| set(shop, "SpinApp", "boxoffice-web", "/spec/executor", json!("spin2")),
    },
    Mutation {
        mistake: "the clock on an executor without the cron trigger",
        overlay: "production with clock-plugin",
        noticed_by: "every app has its executor",
        make: |shop| set(shop, "SpinApp", "boxoffice-clock", "/spec/executor", json!("spin")),
    },
    Mutation {
        mistake: "workers without anything that listens, in a container of Spin's",
        overlay: "production",
        noticed_by: "every app has its executor",
        make: |shop| components(shop, "boxoffice-workers").retain(|name| name != "pulse"),
    },
    Mutation {
        mistake: "apps before their executor, as kustomize sorts them by itself",
        overlay: "production",
        noticed_by: "executors are applied before apps",
        make: |shop| shop.objects.sort_by_key(|object| object.kind() != "SpinApp"),
    },
    Mutation {
        mistake: "payments in an app of their own",
        overlay: "production",
        noticed_by: "who calls what is internal is cut together",
        make: |shop| components(shop, "boxoffice-services").retain(|name| name != "payments"),
    },
    Mutation {
        mistake: "a base URL of no app",
        overlay: "dev",
        noticed_by: "base URLs name the app that answers",
        make: |shop| variables(shop, "boxoffice-web")[2]["value"] = json!("http://boxoffice-web"),
    },
    Mutation {
        mistake: "a variable without default that is not given",
        overlay: "dev",
        noticed_by: "every variable that is needed is supplied",
        make: |shop| {
            variables(shop, "boxoffice-web").retain(|given| given["name"] != "stripe_api_key");
        },
    },
    Mutation {
        mistake: "a database that would be a file in the pod",
        overlay: "production",
        noticed_by: "every variable that is needed is supplied",
        make: |shop| {
            variables(shop, "boxoffice-services").retain(|given| given["name"] != "orders_db_url");
        },
    },
    Mutation {
        mistake: "samples of letters for all to see",
        overlay: "production",
        noticed_by: "nothing is there for developers alone",
        make: |shop| {
            let preview = json!({ "name": "mail_preview", "value": "true" });
            variables(shop, "boxoffice-services").push(preview);
        },
    },
    Mutation {
        mistake: "the signing key for the web",
        overlay: "production",
        noticed_by: "no app is told what it does not use",
        make: |shop| tell(shop, "boxoffice-web", "boxoffice-signing-key", "auth_signing_key"),
    },
    Mutation {
        mistake: "the key that signs tickets for the workers",
        overlay: "production",
        noticed_by: "no app is told what it does not use",
        make: |shop| {
            let (secret, key) = ("boxoffice-admission-keys", "admission_signing_key");
            tell(shop, "boxoffice-workers", secret, key);
        },
    },
    Mutation {
        mistake: "the key that signs tickets as a value",
        overlay: "production",
        noticed_by: "secrets come from Secrets",
        make: |shop| {
            let mut all = variables(shop, "boxoffice-services").iter_mut();
            let key = all.find(|given| given["name"] == "admission_signing_key").unwrap();
            *key = json!({ "name": "admission_signing_key", "value": "a key" });
        },
    },
    Mutation {
        mistake: "a setting of another name",
        overlay: "production",
        noticed_by: "settings that are referred to are there",
        make: |shop| {
            let mut all = variables(shop, "boxoffice-web").iter_mut();
            let url = all.find(|given| given["name"] == "public_url").unwrap();
            url["valueFrom"]["configMapKeyRef"]["key"] = json!("url");
        },
    },
    Mutation {
        mistake: "an address of Redis as a value",
        overlay: "dev",
        noticed_by: "secrets come from Secrets",
        make: |shop| {
            let mut all = variables(shop, "boxoffice-web").iter_mut();
            let url = all.find(|given| given["name"] == "redis_url").unwrap();
            *url = json!({ "name": "redis_url", "value": "redis://boxoffice-redis:6379" });
        },
    },
    Mutation {
        mistake: "a password in an address",
        overlay: "dev",
        noticed_by: "no secret is in clear",
        make: |shop| {
            let settings = shop.objects.iter_mut().find(|object| object.kind() == "ConfigMap");
            settings.unwrap().0["data"]["url"] = json!("redis://:hunter2@boxoffice-redis:6379");
        },
    },
    Mutation {
        mistake: "a Secret with the rest",
        overlay: "dev",
        noticed_by: "no secret is in clear",
        make: |shop| set(shop, "ServiceAccount", "boxoffice-web", "/kind", json!("Secret")),
    },
    Mutation {
        mistake: "a key of a Secret that nobody makes",
        overlay: "production",
        noticed_by: "the documentation says how each Secret is made",
        make: |shop| {
            let path = "/spec/secretTargetRef/0/key";
            set(shop, "TriggerAuthentication", "boxoffice-redis", path, json!("host_and_port"));
        },
    },
    Mutation {
        mistake: "a budget for pods that are called otherwise",
        overlay: "production",
        noticed_by: "selectors select",
        make: |shop| {
            let path = "/spec/selector/matchLabels";
            let labels = json!({ "app.kubernetes.io/name": "boxoffice-website" });
            set(shop, "PodDisruptionBudget", "boxoffice-web", path, labels);
        },
    },
    Mutation {
        mistake: "a policy for one name too many",
        overlay: "production",
        noticed_by: "selectors select",
        make: |shop| {
            let path = "/spec/podSelector/matchExpressions/0/values/0";
            set(shop, "NetworkPolicy", "to-redis", path, json!("boxoffice-website"));
        },
    },
    Mutation {
        mistake: "a policy for a port where nobody listens",
        overlay: "production",
        noticed_by: "ports meet",
        make: |shop| {
            let path = "/spec/ingress/0/ports/0/port";
            set(shop, "NetworkPolicy", "from-routes", path, json!(8080));
        },
    },
    Mutation {
        mistake: "a Service that sends to a port of no name",
        overlay: "dev",
        noticed_by: "ports meet",
        make: |shop| {
            let path = "/spec/ports/0/targetPort";
            set(shop, "Service", "boxoffice-redis", path, json!("http"));
        },
    },
    Mutation {
        mistake: "a Job that may be root",
        overlay: "production",
        noticed_by: "pods are confined and have an account of their own",
        make: |shop| {
            let parent = "/spec/template/spec/securityContext";
            remove(shop, "Job", "boxoffice-migrate", parent, "runAsNonRoot");
        },
    },
    Mutation {
        mistake: "an app with everybody's account",
        overlay: "production",
        noticed_by: "pods are confined and have an account of their own",
        make: |shop| remove(shop, "SpinApp", "boxoffice-web", "/spec", "serviceAccountName"),
    },
    Mutation {
        mistake: "an app that may take all memory",
        overlay: "production",
        noticed_by: "pods say what they need",
        make: |shop| remove(shop, "SpinApp", "boxoffice-web", "/spec/resources/limits", "memory"),
    },
    Mutation {
        mistake: "workers without a budget",
        overlay: "production",
        noticed_by: "every app has a disruption budget",
        make: |shop| drop_object(shop, "PodDisruptionBudget", "boxoffice-workers"),
    },
    Mutation {
        mistake: "an open namespace",
        overlay: "production",
        noticed_by: "nothing is open unless a policy says so",
        make: |shop| drop_object(shop, "NetworkPolicy", "closed"),
    },
    Mutation {
        mistake: "no way to Stripe",
        overlay: "production",
        noticed_by: "policies let out what the manifest lets out",
        make: |shop| drop_object(shop, "NetworkPolicy", "to-stripe"),
    },
    Mutation {
        mistake: "the migration cut off from Postgres",
        overlay: "production-cloudnative",
        noticed_by: "policies let out what the manifest lets out",
        make: |shop| {
            let path = "/spec/podSelector/matchExpressions/0/values";
            let names = json!(["boxoffice-services", "boxoffice-workers"]);
            set(shop, "NetworkPolicy", "to-postgres", path, names);
        },
    },
    Mutation {
        mistake: "no way to the registry",
        overlay: "production",
        noticed_by: "policies let out what the manifest lets out",
        make: |shop| drop_object(shop, "NetworkPolicy", "to-registry"),
    },
    Mutation {
        mistake: "the web let out to Postgres",
        overlay: "production",
        noticed_by: "policies let out nothing else",
        make: |shop| {
            let path = "/spec/podSelector/matchExpressions/0/values/0";
            set(shop, "NetworkPolicy", "to-postgres", path, json!("boxoffice-web"));
        },
    },
    Mutation {
        mistake: "a policy without addressees",
        overlay: "production",
        noticed_by: "policies let out nothing else",
        make: |shop| remove(shop, "NetworkPolicy", "to-redis", "/spec/egress/0", "to"),
    },
    Mutation {
        mistake: "private networks along with the internet",
        overlay: "production",
        noticed_by: "policies let out nothing else",
        make: |shop| {
            remove(shop, "NetworkPolicy", "to-stripe", "/spec/egress/0/to/0/ipBlock", "except");
        },
    },
    Mutation {
        mistake: "services that do not let the web in",
        overlay: "production",
        noticed_by: "who is let out there is let in here",
        make: |shop| drop_object(shop, "NetworkPolicy", "services-from-apps"),
    },
    Mutation {
        mistake: "one app of an older version",
        overlay: "production",
        noticed_by: "images and versions agree",
        make: |shop| {
            let older = json!("registry.example.com/boxoffice:0.0.9");
            set(shop, "SpinApp", "boxoffice-workers", "/spec/image", older);
        },
    },
    Mutation {
        mistake: "an image whose tag moves",
        overlay: "dev",
        noticed_by: "images and versions agree",
        make: |shop| {
            let path = "/spec/template/spec/containers/0/image";
            set(shop, "StatefulSet", "boxoffice-redis", path, json!("localhost:5000/redis"));
        },
    },
    Mutation {
        mistake: "a Spin without Preview 3",
        overlay: "production",
        noticed_by: "Spin is new enough",
        make: |shop| {
            let path = "/spec/deploymentConfig/spinImage";
            let older = json!("ghcr.io/spinframework/spin:v4.0.2");
            set(shop, "SpinAppExecutor", "spin", path, older);
        },
    },
    Mutation {
        mistake: "the API sent to the web",
        overlay: "production",
        noticed_by: "every route leads to its component",
        make: |shop| {
            let path = "/spec/rules/0/backendRefs/0/name";
            set(shop, "HTTPRoute", "boxoffice", path, json!("boxoffice-web"));
        },
    },
    Mutation {
        mistake: "an Ingress to a port that no Service has",
        overlay: "dev",
        noticed_by: "every route leads to its component",
        make: |shop| {
            let path = "/spec/rules/0/http/paths/4/backend/service/port/number";
            set(shop, "Ingress", "boxoffice", path, json!(3000));
        },
    },
    Mutation {
        mistake: "the keys' route among the others, as it was",
        overlay: "production",
        noticed_by: "Spin's router takes every route to its component",
        make: |shop| shop.manifest.trigger.http.rotate_right(1),
    },
    Mutation {
        mistake: "a route behind the keys'",
        overlay: "production",
        noticed_by: "routes with a dotted segment come last",
        make: |shop| {
            let keys = shop.manifest.trigger.http.len() - 1;
            shop.manifest.trigger.http.swap(keys - 1, keys);
        },
    },
    Mutation {
        mistake: "a certificate for another host",
        overlay: "dev",
        noticed_by: "the host is the same everywhere",
        make: |shop| {
            set(shop, "Ingress", "boxoffice", "/spec/tls/0/hosts/0", json!("example.com"));
        },
    },
    Mutation {
        mistake: "a route on a listener that is not there",
        overlay: "production",
        noticed_by: "the host is the same everywhere",
        make: |shop| {
            let path = "/spec/parentRefs/0/sectionName";
            set(shop, "HTTPRoute", "boxoffice", path, json!("tls"));
        },
    },
    Mutation {
        mistake: "an app that nothing scales",
        overlay: "production",
        noticed_by: "what scales is scaled by one thing",
        make: |shop| drop_object(shop, "HorizontalPodAutoscaler", "boxoffice-web"),
    },
    Mutation {
        mistake: "workers that may all be gone",
        overlay: "production",
        noticed_by: "what scales is scaled by one thing",
        make: |shop| {
            set(shop, "ScaledObject", "boxoffice-workers", "/spec/minReplicaCount", json!(0));
        },
    },
    Mutation {
        mistake: "a stream that nobody watches",
        overlay: "production",
        noticed_by: "the workers scale on every stream that they read",
        make: |shop| {
            let path = "/spec/triggers/5/metadata/stream";
            set(shop, "ScaledObject", "boxoffice-workers", path, json!("order:created"));
            let path = "/spec/triggers/4/metadata/stream";
            set(shop, "ScaledObject", "boxoffice-workers", path, json!("order:invented"));
        },
    },
    Mutation {
        mistake: "a probe of the clock, which listens nowhere",
        overlay: "production with clock-plugin",
        noticed_by: "probes ask what answers",
        make: |shop| {
            let checks = json!({ "liveness": { "httpGet": { "path": "/healthz" } } });
            shop.find_mut("SpinApp", "boxoffice-clock")["spec"]["checks"] = checks;
        },
    },
    Mutation {
        mistake: "a probe that leads to no health",
        overlay: "production",
        noticed_by: "probes ask what answers",
        make: |shop| {
            components(shop, "boxoffice-services").retain(|name| name != "system");
        },
    },
    Mutation {
        mistake: "a service without a database",
        overlay: "production-cloudnative",
        noticed_by: "every service has a database of its own",
        make: |shop| drop_object(shop, "Database", "boxoffice-payments"),
    },
];
