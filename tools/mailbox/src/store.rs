//! The letters that are kept.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::fault::Fault;
use crate::message::{Envelope, Message};

/// How many letters are kept: the latest.
const MAX: usize = 500;

/// The letters, and what goes wrong.
pub(crate) struct Store {
    kept: Mutex<Kept>,
    fault: watch::Sender<Fault>,
}

#[derive(Default)]
struct Kept {
    messages: VecDeque<Message>,
    /// How many letters have arrived in all.
    arrived: u64,
}

impl Store {
    pub(crate) fn new() -> Self {
        Self { kept: Mutex::default(), fault: watch::Sender::new(Fault::None) }
    }

    /// Keeps a letter. Returns its id.
    pub(crate) fn keep(&self, envelope: Envelope) -> u64 {
        let mut kept = self.kept();
        kept.arrived += 1;
        let id = kept.arrived;
        kept.messages.push_back(Message::read(id, envelope));
        if kept.messages.len() > MAX {
            kept.messages.pop_front();
        }
        id
    }

    /// Returns the letters, the oldest first.
    pub(crate) fn messages(&self) -> Vec<Message> {
        self.kept().messages.iter().cloned().collect()
    }

    pub(crate) fn message(&self, id: u64) -> Option<Message> {
        self.kept().messages.iter().find(|message| message.id == id).cloned()
    }

    /// Forgets all letters.
    pub(crate) fn clear(&self) {
        self.kept().messages.clear();
    }

    pub(crate) fn fault(&self) -> Fault {
        self.fault.borrow().clone()
    }

    pub(crate) fn set_fault(&self, fault: Fault) {
        self.fault.send_replace(fault);
    }

    /// Lets a caller wait for another fault.
    pub(crate) fn watch_fault(&self) -> watch::Receiver<Fault> {
        self.fault.subscribe()
    }

    /// Counts a recipient that is put off. Returns whether it is.
    pub(crate) fn puts_off(&self) -> bool {
        let mut puts_off = false;
        self.fault.send_if_modified(|fault| {
            if let Fault::Greylist { times } = fault {
                puts_off = *times > 0;
                *times = times.saturating_sub(1);
            }
            puts_off
        });
        puts_off
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // What a panic may have left is a whole list all the same.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keep(store: &Store) -> u64 {
        store.keep(Envelope { from: String::new(), to: Vec::new(), data: Vec::new() })
    }

    #[test]
    fn the_latest_letters_are_kept() {
        let store = Store::new();
        for _ in 0..MAX + 20 {
            keep(&store);
        }
        let ids: Vec<_> = store.messages().iter().map(|message| message.id).collect();
        assert_eq!((ids.len(), ids[0]), (MAX, 21));
        assert!(store.message(20).is_none() && store.message(21).is_some());
        store.clear();
        assert_eq!((store.messages().len(), keep(&store)), (0, 521));
    }

    #[test]
    fn so_many_recipients_are_put_off() {
        let store = Store::new();
        assert!(!store.puts_off());
        store.set_fault(Fault::Greylist { times: 2 });
        assert_eq!([store.puts_off(), store.puts_off(), store.puts_off()], [true, true, false]);
    }
}
