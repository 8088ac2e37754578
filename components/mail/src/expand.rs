//! One letter for each holder of an event that was moved.

use anyhow::Result;
use boxoffice_contract::mail::Holders;
use boxoffice_kernel::{Cx, Deadline, Timestamp, Unit, unit};

use crate::letter::{self, End, Kind, Letter, NewLetter};
use crate::{SERVICE, facts};

/// Makes the letters, page by page, and ends the one for all. What there is no time for is left for
/// later: each page notes how far it came.
pub(crate) async fn expand(cx: &Cx, letter: &Letter, deadline: Deadline) -> Result<()> {
    let mut after = letter.reached;
    loop {
        let page = facts::holders(cx, letter.subject, after).await?;
        unit::run(cx, &SERVICE, async |unit| store(unit, letter, &page)).await?;
        let Some(next) = page.next else { return Ok(()) };
        if deadline.has_passed() {
            let back = letter::giving_back(letter, Timestamp::now(), None);
            unit::change::<()>(cx, &SERVICE, back).await?;
            return Ok(());
        }
        after = Some(next);
    }
}

fn store(unit: &mut Unit<'_>, letter: &Letter, page: &Holders) -> Result<()> {
    let one = |holder| {
        NewLetter::new(Kind::EventMoved, letter.subject, letter.version, Some(holder), None)
    };
    let letters: Vec<NewLetter> = page.holders.iter().copied().map(one).collect();
    if !letters.is_empty() {
        unit.insert(NewLetter::insert_all(&letters).unless_known());
    }
    unit.require(match page.next {
        Some(next) => letter::reaching(letter, next),
        None => letter::ending(letter.id, End::Sent, Timestamp::now(), "each holder has a letter"),
    });
    Ok(())
}
