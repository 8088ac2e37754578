//! How an input of several parts is read: people write and read seeds, so each part is a line.

/// Parts `data` into its first lines, all but the last without their ends; the last is all the rest.
/// Lines that are missing are empty.
pub(crate) fn lines<const N: usize>(data: &[u8]) -> [&[u8]; N] {
    let mut lines = data.splitn(N, |byte| *byte == b'\n');
    std::array::from_fn(|_| lines.next().unwrap_or_default())
}

/// Parts a text in the same way.
pub(crate) fn texts<const N: usize>(data: &[u8]) -> Option<[&str; N]> {
    let mut lines = str::from_utf8(data).ok()?.splitn(N, '\n');
    Some(std::array::from_fn(|_| lines.next().unwrap_or_default()))
}

/// Returns `text` with another character in place of the one at about `place`; `None` if that would
/// be no other text.
pub(crate) fn altered(text: &str, place: usize, with: char) -> Option<String> {
    let count = text.chars().count();
    let place = place.checked_rem(count)?;
    let altered: String =
        text.chars().enumerate().map(|(at, old)| if at == place { with } else { old }).collect();
    (altered != text).then_some(altered)
}
