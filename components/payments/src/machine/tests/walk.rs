//! Every way that a payment can go: whatever the provider does, in whatever order it is heard of, and
//! however the order ends.

use std::collections::{HashMap, HashSet};

use super::Movement::{Fee, FeeReturn};
use super::*;

/// How an intent really stands, whether anybody has heard of that or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Intent {
    /// The request has not arrived.
    Missing,
    Action,
    Processing,
    Held,
    Taken,
    GivenBack,
    Failed,
    Canceled,
}

impl Intent {
    const ALL: [Self; 8] = [
        Self::Missing,
        Self::Action,
        Self::Processing,
        Self::Held,
        Self::Taken,
        Self::GivenBack,
        Self::Failed,
        Self::Canceled,
    ];

    /// What the provider says of it.
    const fn signal(self) -> Option<Signal> {
        Some(match self {
            Self::Missing => return None,
            Self::Action => Signal::Action,
            Self::Processing => Signal::Processing,
            Self::Held => Signal::Held,
            // A PaymentIntent does not tell that its money was given back.
            Self::Taken | Self::GivenBack => Signal::Taken,
            Self::Failed => Signal::Failed,
            Self::Canceled => Signal::Canceled,
        })
    }

    /// What becomes of it without the shop: by the provider, a bank, a buyer's browser, or by hand.
    const fn goes_on(self) -> &'static [Self] {
        use Intent::{Action, Canceled, Failed, Held, Processing, Taken};
        match self {
            Self::Missing | Self::Action | Self::Failed => {
                &[Action, Processing, Held, Taken, Failed, Canceled]
            }
            Self::Processing => &[Held, Taken, Failed, Canceled],
            Self::Held => &[Taken, Canceled],
            Self::Taken | Self::GivenBack | Self::Canceled => &[],
        }
    }

    /// What may become of it when the provider is asked to cancel it.
    const fn canceled(self) -> &'static [Self] {
        match self {
            Self::Processing => &[Self::Processing, Self::Canceled],
            Self::Taken => &[Self::Taken],
            Self::GivenBack => &[Self::GivenBack],
            _ => &[Self::Canceled],
        }
    }
}

/// A payment, its order, its intent and its part of the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct World {
    state: State,
    end: End,
    intent: Intent,
    /// How the intent has stood until now, as bits: events may tell of that late.
    past: u8,
    /// The order was told of the payment, and may complete.
    is_told: bool,
    /// What is booked, as bits.
    booked: u8,
}

const START: World = World {
    state: State::Pending,
    end: End::Unknown,
    intent: Intent::Missing,
    past: 0,
    is_told: false,
    booked: 0,
};

/// What is booked, with `one` more.
fn with(all: u8, one: &Movement) -> u8 {
    all | 1 << *one as u8
}

/// A step, and the signal by which it has moved the payment, if it has.
type Step = (Option<Signal>, World);

impl World {
    fn with(self, intent: Intent) -> Self {
        Self { intent, past: self.past | 1 << intent as u8, ..self }
    }

    const fn has_booked(self, movement: Movement) -> bool {
        self.booked & (1 << movement as u8) != 0
    }

    fn hears(self, signal: Signal) -> Step {
        let Some(step) = next(self.state, signal, self.end) else { return (None, self) };
        // The fee goes back only if it was booked.
        let is_booked = |one: &&Movement| **one != FeeReturn || self.has_booked(Fee);
        let booked = step.books.iter().filter(is_booked).fold(self.booked, with);
        let is_told = self.is_told || step.emits.contains(&kind::PaymentCreated);
        (Some(signal), Self { state: step.to, is_told, booked, ..self })
    }

    fn hears_of_intent(self) -> Step {
        self.intent.signal().map_or((None, self), |signal| self.hears(signal))
    }

    /// What others may do: the provider, people, `orders`, webhooks.
    fn others(self) -> Vec<Step> {
        let mut steps = Vec::new();
        if self.intent != Intent::Missing || self.state == State::Pending {
            steps.extend(self.intent.goes_on().iter().map(|intent| (None, self.with(*intent))));
        } else {
            // The request was looked for in vain, and arrives all the same. Only the provider can tell.
            let late = [Intent::Held, Intent::Taken].map(|intent| self.with(intent));
            steps.extend(late.map(Self::hears_of_intent));
        }
        let past = Intent::ALL.into_iter().filter(|intent| self.past & (1 << *intent as u8) != 0);
        steps.extend(past.filter_map(Intent::signal).map(|signal| self.hears(signal)));
        if self.end == End::Unknown {
            steps.push((None, Self { end: End::Unsold, ..self }));
            if self.is_told {
                steps.push((None, Self { end: End::Sold, ..self }));
            }
        }
        // That may be heard before the sale itself.
        if self.end == End::Sold || (self.end == End::Unknown && self.is_told) {
            steps.push((None, Self { end: End::Undone, ..self }));
        }
        steps.push(self.hears(Signal::OtherCard));
        steps.push(self.hears(Signal::RefundAsked));
        steps.push(self.hears(Signal::DisputeWon));
        if self.intent == Intent::Taken && self.state.status() == Status::Captured {
            steps.push(self.with(Intent::GivenBack).hears(Signal::GivenBack));
        }
        steps
    }

    /// What may come of what is due, for every answer of the provider.
    fn shop(self) -> Vec<Step> {
        let canceled = || self.intent.canceled().iter().map(|intent| self.with(*intent));
        match due(self.state, self.end) {
            None => vec![],
            Some(Due::FindOut) if self.intent == Intent::Missing => {
                vec![self.hears(Signal::Refused)]
            }
            Some(Due::Act(MoneyAction::Capture)) if self.intent == Intent::Held => {
                vec![self.with(Intent::Taken).hears_of_intent()]
            }
            Some(Due::FindOut | Due::Act(MoneyAction::Capture)) => vec![self.hears_of_intent()],
            Some(Due::Act(MoneyAction::Void)) => canceled().map(Self::hears_of_intent).collect(),
            // Refused if the buyer disputes the charge.
            Some(Due::Act(MoneyAction::Refund)) => vec![
                self.with(Intent::GivenBack).hears(Signal::GivenBack),
                self.hears(Signal::RefundRefused),
            ],
            Some(Due::Keep) => vec![self.hears(Signal::SaleKnown)],
            Some(Due::Undo) => vec![self.hears(Signal::RefundAsked)],
            Some(Due::Close) => canceled().map(Self::closes).collect(),
        }
    }

    fn closes(self) -> Step {
        match self.intent {
            Intent::Canceled => self.hears(Signal::Closed),
            Intent::Taken | Intent::GivenBack => {
                self.with(Intent::GivenBack).hears(Signal::Returned)
            }
            _ => (None, self),
        }
    }

    /// Whether the order has ended and the money is where it belongs: with the seller who has sold, or
    /// with the buyer, as after a sale that is undone; or nobody but a bank can move it. Nobody can go on with the intent then.
    fn is_right(self) -> bool {
        match (self.end, self.state) {
            (End::Unknown, _) => false,
            (End::Sold, State::Settled) => self.intent == Intent::Taken,
            (_, State::Refunded) => self.intent == Intent::GivenBack,
            // With the buyer's bank, which decides.
            (_, State::Disputed) => self.intent == Intent::Taken,
            (End::Sold | End::Undone, state) => needs_operator(state, self.end).is_some(),
            (End::Unsold, State::Voided) => self.intent == Intent::Canceled,
            (End::Unsold, State::Declined) => {
                matches!(self.intent, Intent::Missing | Intent::Canceled | Intent::GivenBack)
            }
            (End::Unsold, _) => false,
        }
    }

    /// Whether the ledger says what the provider has, and whose it is.
    fn is_booked(self) -> bool {
        let is_given_back = self.intent == Intent::GivenBack;
        let has_sale = self.has_booked(Movement::Sale);
        self.has_booked(Movement::Charge) == (is_given_back || self.intent == Intent::Taken)
            && self.has_booked(Movement::Refund) == is_given_back
            && (!has_sale || matches!(self.end, End::Sold | End::Undone))
            && (has_sale || self.state != State::Settled)
            && self.has_booked(Fee) == has_sale
            && self.has_booked(FeeReturn) == (has_sale && is_given_back)
    }
}

/// Every world that there can be, with the steps out of it.
fn worlds() -> HashMap<World, Vec<Step>> {
    let mut all = HashMap::new();
    let mut ahead = vec![START];
    while let Some(world) = ahead.pop() {
        if all.contains_key(&world) {
            continue;
        }
        let steps = [world.others(), world.shop()].concat();
        ahead.extend(steps.iter().map(|(_, next)| *next));
        all.insert(world, steps);
    }
    all
}

/// The states and ends that occur together.
pub(super) fn pairs() -> HashSet<(State, End)> {
    worlds().into_keys().map(|world| (world.state, world.end)).collect()
}

#[test]
fn no_state_and_no_move_is_unreachable() {
    let worlds = worlds();
    let states: HashSet<State> = worlds.keys().map(|world| world.state).collect();
    assert_eq!(states.len(), STATES.len(), "{states:?}");
    let mut moves = HashSet::new();
    for (world, steps) in &worlds {
        let signals = steps.iter().filter_map(|(signal, _)| *signal);
        moves.extend(signals.map(|signal| (world.state, signal, world.end)));
    }
    for (state, end) in pairs() {
        for signal in SIGNALS.into_iter().filter(|signal| next(state, *signal, end).is_some()) {
            assert!(moves.contains(&(state, signal, end)), "{state:?} {signal:?} {end:?}");
        }
    }
}

/// Something is due until the money is where it belongs, and nothing is due then.
#[test]
fn something_is_due_until_all_is_right() {
    for world in worlds().into_keys().filter(|world| world.end != End::Unknown) {
        assert_eq!(due(world.state, world.end).is_none(), world.is_right(), "{world:?}");
        assert!(!world.is_right() || world.is_booked(), "{world:?}");
    }
}

/// However a payment stands when its order has ended, the shop puts all right by doing what is due: no
/// webhook need come, and no buyer or operator. A bank only has to make up its mind.
#[test]
fn there_is_no_dead_end() {
    let leads_to = |world: &World, right: &HashSet<World>| {
        let decided = match world.intent {
            Intent::Processing => Intent::Processing.goes_on(),
            _ => &[],
        };
        let decided = decided.iter().map(|intent| world.with(*intent));
        world.shop().into_iter().map(|(_, next)| next).chain(decided).any(|w| right.contains(&w))
    };
    let ended = worlds().into_keys().filter(|world| world.end != End::Unknown);
    let (mut right, mut rest): (HashSet<World>, HashSet<World>) = ended.partition(|w| w.is_right());
    loop {
        let found: Vec<World> = rest.extract_if(|world| leads_to(world, &right)).collect();
        if found.is_empty() {
            break;
        }
        right.extend(found);
    }
    assert!(rest.is_empty(), "{} dead ends: {:?}", rest.len(), rest.iter().next());
}
