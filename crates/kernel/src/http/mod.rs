//! The request's way in and the answer's way out, the same for every service.
//!
//! | module | holds |
//! |---|---|
//! | [`serve`] | limits, request ids, the way through a router, the headers of all answers |
//! | [`origin`] | the client's address, and the page that sent the request |
//! | [`body`] | JSON bodies, with all that is wrong with them at once |
//! | [`page`] | cursors and `Link` headers |
//! | [`query`] | filters, with all that is wrong with them at once |
//! | [`path`] | ids in paths |
//! | [`etag`] | versions as entity tags, `If-Match`, `If-None-Match` |
//! | [`json`] | answers that clients ask again for |
//! | [`coding`], [`cookie`] | `Accept-Encoding`, `Cookie` |

pub mod body;
pub mod coding;
pub mod cookie;
pub mod etag;
pub mod json;
pub(crate) mod origin;
pub mod page;
pub mod path;
pub mod query;
pub mod serve;

pub use body::Valid;
pub use path::{Id, Ids};
pub use query::Fields;
pub use serve::serve;
