//! What goes wrong with Redis, the database, the provider and the hosts; time and ticks.

use std::convert::Infallible;
use std::sync::atomic::Ordering;
use std::time::Duration;

use boxoffice_contract::EventType;
use boxoffice_tests::Surroundings;
use boxoffice_tests::provider::Mood;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

use crate::world::{HOSTS, World};

/// How the provider may feel.
const MOODS: [Mood; 7] = [
    Mood::Mute,
    Mood::Slow,
    Mood::Late(150),
    Mood::Late(900),
    Mood::Deaf,
    Mood::Twice,
    Mood::Failing,
];

/// Has something happen every now and then, as long as it is let.
pub(crate) async fn conducts(world: &World) -> Infallible {
    let mut rng = StdRng::seed_from_u64(world.seed);
    loop {
        pause(rng.random_range(10..80)).await;
        let dice = rng.random_range(0..100);
        if dice >= 45 {
            world.troubles.fetch_add(1, Ordering::Relaxed);
        }
        match dice {
            0..30 => tick(world, rng.random_range(0..HOSTS)).await,
            30..43 => advance(world, rng.random_range(1..30)).await,
            // Long enough for holds to run out.
            43..45 => advance(world, 950).await,
            45..55 => without_redis(world, rng.random_range(20..500)).await,
            55..65 => occupied(world, rng.random_range(20..600)).await,
            65..82 => {
                world.provider.be(*MOODS.choose(&mut rng).unwrap());
                pause(rng.random_range(20..400)).await;
                world.provider.be(Mood::Normal);
            }
            82..94 => repeat_events(world, &mut rng).await,
            _ => restart(world, rng.random_range(0..HOSTS)).await,
        }
    }
}

/// Ends all troubles that may be under way.
pub(crate) async fn makes_all_well(world: &World) {
    world.provider.be(Mood::Normal);
    let mut around = world.around.lock().await;
    if !around.has_redis() {
        around.start_redis();
    }
    let mut hosts = world.hosts.lock().await;
    while hosts.len() < HOSTS {
        hosts.push(around.host().await);
    }
}

async fn pause(ms: u64) {
    tokio::time::sleep(Duration::from_millis(ms)).await;
}

async fn tick(world: &World, host: usize) {
    if let Some(host) = world.hosts.lock().await.get(host) {
        // It may fail: everything may.
        let _ = host.fire_cron().await;
    }
}

async fn advance(world: &World, seconds: u64) {
    world.around.lock().await.advance(Duration::from_secs(seconds));
}

async fn without_redis(world: &World, ms: u64) {
    let mut around = world.around.lock().await;
    around.stop_redis();
    pause(ms).await;
    around.start_redis();
}

/// Somebody else has the database's write lock.
async fn occupied(world: &World, ms: u64) {
    let database = world.around.lock().await.database();
    // Whoever is writing may be stopped in the midst of it.
    let hold = move || drop(database.occupy(|| {}, Duration::from_millis(ms)));
    tokio::task::spawn_blocking(hold).await.unwrap();
}

/// Events come again, long after others that came after them.
async fn repeat_events(world: &World, rng: &mut StdRng) {
    let around = world.around.lock().await;
    let is_read = |event_type: &EventType| !event_type.groups().is_empty();
    let read: Vec<EventType> = EventType::ALL.into_iter().filter(is_read).collect();
    let stream = read.choose(rng).unwrap().name();
    // Redis may be as good as gone: a host that restarts leaves it alone, nobody else does.
    let _ = repeat_some(&around, stream, rng.random_range(1..4)).await;
}

async fn repeat_some(around: &Surroundings, stream: &str, count: usize) -> redis::RedisResult<()> {
    let mut redis = around.redis().await;
    let entries: Vec<(String, Vec<(String, String)>)> =
        redis::cmd("XRANGE").arg(&[stream, "-", "+"]).query_async(&mut redis).await?;
    for (_, fields) in entries.iter().take(count) {
        let [(_, event)] = fields.as_slice() else { continue };
        let _: String =
            redis::cmd("XADD").arg(&[stream, "*", "event", event]).query_async(&mut redis).await?;
        let _: i64 = redis::cmd("PUBLISH").arg(&[stream, event]).query_async(&mut redis).await?;
    }
    Ok(())
}

/// A host goes without a word, and another comes in its place.
async fn restart(world: &World, index: usize) {
    let around = world.around.lock().await;
    let mut hosts = world.hosts.lock().await;
    drop(hosts.remove(index));
    let host = around.host().await;
    world.addresses.lock().unwrap()[index] = host.address();
    hosts.insert(index, host);
}
