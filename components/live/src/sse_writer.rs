//! Writes a body bit by bit.

use spin_sdk::wasip3::http::types::{ErrorCode, Fields, Response};
use spin_sdk::wasip3::http_compat::BodyWriter;

use http::HeaderMap;

/// The writing end of an answer's body.
pub(crate) struct SseWriter(BodyWriter);

/// An answer with these headers, and what writes its body.
///
/// # Errors
/// When the host does not take the headers.
pub(crate) fn answer(headers: HeaderMap) -> Result<(Response, SseWriter), ErrorCode> {
    let headers = Fields::try_from(headers)
        .map_err(|error| ErrorCode::InternalError(Some(error.to_string())))?;
    let (writer, body, trailers) = BodyWriter::new();
    // Whether it was sent is told by the writer as well.
    let (response, _sent) = Response::new(headers, Some(body), trailers);
    Ok((response, SseWriter(writer)))
}

impl SseWriter {
    /// Writes `text`, as soon as there is room for it; None when nobody reads any more.
    pub(crate) async fn write(mut self, text: String) -> Option<Self> {
        let unwritten = self.0.stream_writer.write_all(text.into_bytes()).await;
        unwritten.is_empty().then_some(self)
    }

    /// Ends the body.
    pub(crate) async fn finish(self) {
        let BodyWriter { stream_writer, result_writer, .. } = self.0;
        drop(stream_writer);
        // If nobody reads any more, nobody wants to know.
        let _ = result_writer.write(Ok(None)).await;
    }
}
