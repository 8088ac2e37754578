//! The floor of every benchmark: a component that says hello and nothing else, so that what a
//! service adds can be told from what the host costs.

use bytes::Bytes;
use spin_sdk::http::{FullBody, IntoResponse, Request, Response};
use spin_sdk::http_service;

#[http_service]
async fn handle(_request: Request) -> impl IntoResponse {
    Response::builder()
        .header("content-type", "text/plain; charset=utf-8")
        .body(FullBody::new(Bytes::from_static(b"hello\n")))
}
