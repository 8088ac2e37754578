//! The places of a letter that people fill in.

use boxoffice_letters::{Event, Letter};

/// Counts the places of `letter` that people fill in.
pub(crate) fn places(letter: &Letter) -> usize {
    typed(&mut letter.clone()).len()
}

/// Fills one place of `letter` in.
pub(crate) fn fill(letter: &mut Letter, place: usize, text: &str) {
    text.clone_into(typed(letter)[place]);
}

/// Changes the event that `letter` is about, if it is about one.
pub(crate) fn change_event(letter: &mut Letter, change: impl FnOnce(&mut Event)) {
    if let Some(event) = event(letter) {
        change(event);
    }
}

fn event(letter: &mut Letter) -> Option<&mut Event> {
    match letter {
        Letter::OrderConfirmed(letter) => Some(&mut letter.event),
        Letter::TicketSold(letter) => Some(&mut letter.event),
        Letter::OrderRefunded(letter) => Some(&mut letter.event),
        Letter::HoldEnding(letter) => Some(&mut letter.event),
        Letter::EventMoved(letter) => Some(&mut letter.event),
        Letter::TicketTransferred(letter) => Some(&mut letter.event),
        _ => None,
    }
}

fn typed(letter: &mut Letter) -> Vec<&mut String> {
    match letter {
        Letter::PasswordChanged(letter) => {
            [&mut letter.device, &mut letter.client].into_iter().flatten().collect()
        }
        Letter::AddressChanged(letter) => {
            [&mut letter.device, &mut letter.client].into_iter().flatten().collect()
        }
        Letter::FactorsChanged(letter) => {
            [&mut letter.device, &mut letter.client].into_iter().flatten().collect()
        }
        Letter::NewDevice(letter) => {
            [Some(&mut letter.device), letter.client.as_mut()].into_iter().flatten().collect()
        }
        Letter::TicketTransferred(letter) => {
            let mut all = of_event(&mut letter.event);
            all.extend(&mut letter.from);
            all
        }
        letter => event(letter).map(of_event).unwrap_or_default(),
    }
}

fn of_event(event: &mut Event) -> Vec<&mut String> {
    let Event { title, venue, city, .. } = event;
    [Some(title), venue.as_mut(), city.as_mut()].into_iter().flatten().collect()
}
