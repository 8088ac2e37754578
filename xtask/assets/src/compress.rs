//! Brotli (RFC 7932) and gzip (RFC 1952) at their best: this is done once, and served for ever.

use std::io::Write as _;

use brotli::enc::BrotliEncoderParams;
use flate2::{Compression, GzBuilder};

/// How a file's content may be sent, by the ending of the compressed file and of nothing else.
pub(crate) const CODINGS: [Coding; 2] =
    [Coding { ending: "br", encode: brotli }, Coding { ending: "gz", encode: gzip }];

/// A content coding.
pub(crate) struct Coding {
    /// What is added to the file's name.
    pub(crate) ending: &'static str,
    encode: fn(&[u8]) -> std::io::Result<Vec<u8>>,
}

impl Coding {
    /// The content in this coding, if that is smaller.
    pub(crate) fn shrink(&self, content: &[u8]) -> std::io::Result<Option<Vec<u8>>> {
        let encoded = (self.encode)(content)?;
        Ok((encoded.len() < content.len()).then_some(encoded))
    }
}

/// How many bytes `content` takes in the coding that browsers like best.
pub(crate) fn best(content: &[u8]) -> std::io::Result<usize> {
    Ok(brotli(content)?.len())
}

fn brotli(mut content: &[u8]) -> std::io::Result<Vec<u8>> {
    let parameters = BrotliEncoderParams {
        quality: 11,
        lgwin: 22,
        size_hint: content.len(),
        ..BrotliEncoderParams::default()
    };
    let mut encoded = Vec::new();
    brotli::BrotliCompress(&mut content, &mut encoded, &parameters)?;
    Ok(encoded)
}

/// Without a time in it: equal content makes equal files.
fn gzip(content: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
    encoder.write_all(content)?;
    encoder.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    fn coding(ending: &str) -> &'static Coding {
        CODINGS.iter().find(|coding| coding.ending == ending).expect("it is listed")
    }

    fn shrunk(ending: &str, content: &[u8]) -> Option<Vec<u8>> {
        coding(ending).shrink(content).expect("memory does not fail")
    }

    #[test]
    fn what_was_compressed_comes_back() {
        let content = "a ticket, ".repeat(1000).into_bytes();
        let mut back = Vec::new();
        let encoded = shrunk("gz", &content).expect("smaller");
        flate2::read::GzDecoder::new(&encoded[..]).read_to_end(&mut back).expect("valid gzip");
        assert_eq!(back, content);
        back.clear();
        let encoded = shrunk("br", &content).expect("smaller");
        brotli::BrotliDecompress(&mut &encoded[..], &mut back).expect("valid brotli");
        assert_eq!(back, content);
    }

    #[test]
    fn what_would_grow_is_not_kept() {
        assert_eq!(shrunk("gz", b"a"), None);
        assert_eq!(shrunk("br", b"a"), None);
    }
}
