//! Tries every point of an operation.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use futures::{StreamExt, stream};

use crate::points::{Point, Side};
use crate::shop::Shop;

/// How often a point is tried that was counted and then not met: what happens at once may happen
/// in an order in which it is left out, as when one doorbell has a worker do the work of two.
const TRIES: usize = 5;
/// One in so many points, and one of few, may never be met again: those that only a rare order of
/// things has.
const RARE: usize = 20;

/// The variable that says to try one point in so many.
const EVERY: &str = "CRASH_EVERY";
/// The variable that says which is the first of them.
const FROM: &str = "CRASH_FROM";

/// How many points are tried in one shop. Audits read all that ever happened in it, so that an old
/// shop is slow to look through.
const POINTS_A_SHOP: usize = 40;
/// How many shops there are at a time: they wait more than they work.
const SHOPS_AT_A_TIME: usize = 2;

/// Something that people or the clock do, and everything that follows from it.
pub(crate) trait Operation {
    /// What the operation works on. Every run has its own.
    type Scene;

    /// The operation, in a few words.
    const NAME: &'static str;

    /// How many dead letters it leaves.
    const DEAD_LETTERS: usize = 0;

    /// The components that have something to do with the operation; empty if all have. A tick starts
    /// every worker: what those do that it does not concern is the same in each operation, and is
    /// tried by `Expire` and `FindOut`.
    const CONCERNS: &'static [&'static str] = &[];

    /// Opens a shop for it.
    async fn open() -> Shop {
        Shop::open().await
    }

    /// Sets the scene.
    async fn prepare(shop: &Shop) -> Self::Scene;

    /// Begins the operation, which is a tick unless it says otherwise. It may fail.
    async fn act(shop: &Shop, _: &Self::Scene) {
        let _ = shop.app.host().fire_cron().await;
    }

    /// Does it again, as a client does that got no answer, and checks that it was done, once.
    async fn verify(shop: &Shop, scene: &Self::Scene);
}

/// How many points there were in all operations so far.
static TOTAL: AtomicUsize = AtomicUsize::new(0);

/// Lets the operation happen undisturbed, and then once for each point, crashing there.
pub(crate) async fn every_point<O: Operation>() {
    let start = Instant::now();
    let calls = undisturbed::<O>(&broken_in::<O>().await).await;
    let points = chosen(points(&concerned::<O>(&calls)));
    let shops = points.chunks(POINTS_A_SHOP).map(async |points| {
        let shop = broken_in::<O>().await;
        let mut met = 0;
        for (point, call) in points {
            met += usize::from(crash::<O>(&shop, point, call).await);
        }
        met
    });
    let met: Vec<usize> = stream::iter(shops).buffer_unordered(SHOPS_AT_A_TIME).collect().await;
    let (met, tried) = (met.iter().sum::<usize>(), points.len());
    let total = TOTAL.fetch_add(met, Ordering::Relaxed) + met;
    let each: Vec<String> =
        calls.iter().map(|(component, calls)| format!("{component} {}", calls.len())).collect();
    // Past the capture of output: how much was tried is to be seen of tests that pass, too.
    let _ = writeln!(
        std::io::stderr(),
        "{}: {met} crash points of {tried} in {:.0} s (calls: {}); {total} in all",
        O::NAME,
        start.elapsed().as_secs_f64(),
        each.join(", "),
    );
    assert!(met > 0, "{} makes no calls", O::NAME);
    assert!(tried - met <= (tried / RARE).max(1), "{}: {met} of {tried} points were met", O::NAME);
}

/// The calls of the components that have something to do with the operation.
fn concerned<O: Operation>(calls: &BTreeMap<String, Vec<String>>) -> BTreeMap<String, Vec<String>> {
    let is_concerned =
        |component: &String| O::CONCERNS.is_empty() || O::CONCERNS.contains(&component.as_str());
    let missing = O::CONCERNS.iter().find(|component| !calls.contains_key(**component));
    assert!(missing.is_none(), "{}: {missing:?} made no calls", O::NAME);
    calls.clone().into_iter().filter(|(component, _)| is_concerned(component)).collect()
}

/// The points before and after each of these calls, with the call's text.
fn points(calls: &BTreeMap<String, Vec<String>>) -> Vec<(Point, String)> {
    let of_component = |(component, texts): (&String, &Vec<String>)| {
        let component = component.clone();
        let points = texts.iter().enumerate().flat_map(move |(index, text)| {
            let (component, text) = (component.clone(), text.clone());
            [Side::Before, Side::After].map(|side| {
                let point = Point { component: component.clone(), call: index + 1, side };
                (point, text.clone())
            })
        });
        points.collect::<Vec<_>>()
    };
    calls.iter().flat_map(of_component).collect()
}

/// One in so many of them, if the environment says so.
fn chosen(points: Vec<(Point, String)>) -> Vec<(Point, String)> {
    let every = number(EVERY).unwrap_or(1).max(1);
    let first = number(FROM).unwrap_or(0) % every.min(points.len());
    points.into_iter().skip(first).step_by(every).collect()
}

/// The number that the environment's `variable` is.
fn number(variable: &str) -> Option<usize> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is no number: {text:?}")))
}

/// A shop in which the operation has happened: the first time, services make their tables.
async fn broken_in<O: Operation>() -> Shop {
    let shop = O::open().await;
    undisturbed::<O>(&shop).await;
    shop
}

/// Lets the operation happen; what each component called.
async fn undisturbed<O: Operation>(shop: &Shop) -> BTreeMap<String, Vec<String>> {
    let scene = O::prepare(shop).await;
    shop.quiet().await;
    shop.points.record();
    O::act(shop, &scene).await;
    shop.settled_for_sure().await;
    let calls = shop.points.calls();
    shop.heals(O::DEAD_LETTERS).await;
    O::verify(shop, &scene).await;
    shop.is_right().await;
    calls
}

/// Lets an instance crash at `point`, and checks what comes of it; tells whether the point was met.
async fn crash<O: Operation>(shop: &Shop, point: &Point, counted: &str) -> bool {
    for _ in 0..TRIES {
        let start = Instant::now();
        let scene = O::prepare(shop).await;
        shop.quiet().await;
        let prepared = start.elapsed();
        shop.points.arm(point.clone());
        O::act(shop, &scene).await;
        let struck = shop.struck().await;
        shop.points.record();
        let crashed = start.elapsed();
        eprintln!("{}: crashed {point}: {struck:?}", O::NAME);
        shop.heals(O::DEAD_LETTERS).await;
        let healed = start.elapsed();
        O::verify(shop, &scene).await;
        shop.is_right().await;
        let right = start.elapsed();
        eprintln!(
            "prepared {prepared:.0?}, crashed {crashed:.0?}, healed {healed:.0?}, right {right:.0?}"
        );
        if struck.is_some() {
            return true;
        }
    }
    eprintln!("{}: {point} ({counted}) was counted, and then not met", O::NAME);
    false
}
