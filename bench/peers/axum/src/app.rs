//! What all calls share, and which there are.

use std::sync::Arc;

use axum::Router;
use axum::extract::FromRef;
use axum::routing::{get, post};
use axum_extra::extract::cookie::Key;

use crate::events::Events;
use crate::password::Hasher;
use crate::problem::Problem;
use crate::store::Store;
use crate::stripe::Stripe;
use crate::{orders, payments, tickets, users};

/// What all calls share; clones are cheap.
#[derive(Clone)]
pub(crate) struct App<S> {
    pub(crate) store: S,
    pub(crate) events: Events,
    pub(crate) stripe: Arc<Stripe>,
    pub(crate) hasher: Hasher,
    pub(crate) hold_seconds: i64,
    key: Key,
}

impl<S> App<S> {
    pub(crate) fn new(store: S, events: Events, stripe: Stripe, hold_seconds: i64) -> Self {
        let (stripe, hasher) = (Arc::new(stripe), Hasher::new());
        // Sessions end with the process: it lives for one measurement.
        Self { store, events, stripe, hasher, hold_seconds, key: Key::generate() }
    }
}

impl<S> FromRef<App<S>> for Key {
    fn from_ref(app: &App<S>) -> Self {
        app.key.clone()
    }
}

pub(crate) fn router<S: Store>(app: App<S>) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok"))
        .route("/api/users/signUp", post(users::sign_up::<S>))
        .route("/api/users/signIn", post(users::sign_in::<S>))
        .route("/api/users/signOut", post(users::sign_out::<S>))
        .route("/api/users/currentUser", get(users::current_user))
        .route("/api/tickets", get(tickets::list::<S>).post(tickets::create::<S>))
        .route("/api/tickets/{id}", get(tickets::show::<S>))
        .route("/api/orders", get(orders::list::<S>).post(orders::create::<S>))
        .route("/api/orders/{id}", get(orders::show::<S>).delete(orders::cancel::<S>))
        .route("/api/payments", post(payments::pay::<S>))
        .fallback(async || Problem::not_found("There is nothing at this address"))
        .with_state(app)
}
