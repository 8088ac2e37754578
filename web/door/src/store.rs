//! What a door keeps on the device: its list, what has changed since it was stored, and its queue.
//!
//! | store | key | value |
//! |---|---|---|
//! | `lists` | the listing | the list's bytes, the keys, and who may read them |
//! | `patches` | the listing and the admission | the admission, as JSON |
//! | `queue` | the listing and the place | the task, as JSON |
//!
//! A patch costs one small write. The list is written as a whole only when it was read as a whole, and
//! takes the place of its patches in the same transaction.

use boxoffice_contract::door::Guest;
use boxoffice_door::{List, Queued, stored, wire};
use boxoffice_web_dom as dom;
use js_sys::{Array, Function, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    IdbDatabase, IdbKeyRange, IdbObjectStore, IdbOpenDbRequest, IdbRequest, IdbTransaction,
    IdbTransactionMode,
};

/// The database, which `saved.js` empties when somebody signs out, and its version.
const NAME: &str = "boxoffice-door";
const VERSION: u32 = 1;
const LISTS: &str = "lists";
const PATCHES: &str = "patches";
const QUEUE: &str = "queue";

type Result<T> = std::result::Result<T, JsValue>;

/// The storage of one door.
pub(crate) struct Store {
    database: IdbDatabase,
    listing: String,
}

/// A list with all that has changed since it was stored, and the keys.
pub(crate) struct Kept {
    pub(crate) list: List,
    /// The public keys, a JWK set.
    pub(crate) keys: String,
}

impl Store {
    /// Opens the storage for the door of `listing`.
    pub(crate) async fn open(listing: &str) -> Result<Self> {
        let factory = dom::window().indexed_db()?.ok_or(JsValue::UNDEFINED)?;
        let request = factory.open_with_u32(NAME, VERSION)?;
        let opened = request.clone();
        let make = Closure::once_into_js(move || make(&opened));
        request.set_onupgradeneeded(Some(make.unchecked_ref()));
        let database = answer(&request).await?.unchecked_into();
        Ok(Self { database, listing: listing.to_owned() })
    }

    /// Reads the list, if `owner` has stored one.
    pub(crate) async fn list(&self, owner: &str) -> Result<Option<Kept>> {
        let change = self.begin(&[LISTS, PATCHES], IdbTransactionMode::Readonly)?;
        let kept = change.object_store(LISTS)?.get(&self.listing.as_str().into())?;
        let patches = change.object_store(PATCHES)?.get_all_with_key(&self.all()?)?;
        // Both are asked for before one is awaited: a transaction that is asked nothing ends.
        let (kept, patches) = (answer(&kept), answer(&patches));
        let (kept, patches) = (kept.await?, patches.await?);
        if text(&kept, "owner").as_deref() != Some(owner) {
            return Ok(None);
        }
        let bytes: Uint8Array = Reflect::get(&kept, &"bytes".into())?.unchecked_into();
        let (Some(mut list), Some(keys)) = (stored::read(&bytes.to_vec()), text(&kept, "keys"))
        else {
            return Ok(None);
        };
        for guest in texts(&patches).filter_map(|text| wire::guest(&text)) {
            list.put(&guest);
        }
        Ok(Some(Kept { list, keys }))
    }

    /// Stores a list that was read as a whole.
    pub(crate) async fn keep(&self, owner: &str, list: &List, keys: &str) -> Result<()> {
        let change = self.begin(&[LISTS, PATCHES], IdbTransactionMode::Readwrite)?;
        let kept = Object::new();
        let bytes = Uint8Array::from(stored::write(list).as_slice());
        Reflect::set(&kept, &"bytes".into(), &bytes)?;
        Reflect::set(&kept, &"keys".into(), &keys.into())?;
        Reflect::set(&kept, &"owner".into(), &owner.into())?;
        change.object_store(LISTS)?.put_with_key(&kept, &self.listing.as_str().into())?;
        change.object_store(PATCHES)?.delete(&self.all()?)?;
        end(&change).await
    }

    /// Stores admissions that have changed since the list was stored.
    pub(crate) async fn patch(&self, guests: &[Guest]) -> Result<()> {
        self.told(&[], guests).await
    }

    /// Reads the queue.
    pub(crate) async fn queue(&self) -> Result<Vec<Queued>> {
        let change = self.begin(&[QUEUE], IdbTransactionMode::Readonly)?;
        let queue = change.object_store(QUEUE)?;
        let (keys, tasks) =
            (queue.get_all_keys_with_key(&self.all()?)?, queue.get_all_with_key(&self.all()?)?);
        let (keys, tasks) = (answer(&keys), answer(&tasks));
        let (keys, tasks) = (keys.await?, tasks.await?);
        let queued = texts(&keys).zip(texts(&tasks)).filter_map(|(key, task)| {
            let (_, place) = key.rsplit_once(' ')?;
            Some(Queued::stored(place.parse().ok()?, wire::task(&task)?))
        });
        Ok(queued.collect())
    }

    /// Stores a task. Once this has ended, no reload loses it.
    pub(crate) async fn add(&self, queued: &Queued) -> Result<()> {
        let change = self.begin(&[QUEUE], IdbTransactionMode::Readwrite)?;
        let task = wire::write_task(&queued.task).ok_or(JsValue::UNDEFINED)?;
        change.object_store(QUEUE)?.put_with_key(&task.into(), &self.at(queued.place))?;
        end(&change).await
    }

    /// Removes tasks, and stores what has become of their admissions, in one transaction: between the
    /// two, the device would let the same people in again.
    pub(crate) async fn told(&self, places: &[u64], guests: &[Guest]) -> Result<()> {
        if places.is_empty() && guests.is_empty() {
            return Ok(());
        }
        let change = self.begin(&[QUEUE, PATCHES], IdbTransactionMode::Readwrite)?;
        let (queue, patches) = (change.object_store(QUEUE)?, change.object_store(PATCHES)?);
        for guest in guests {
            let key = format!("{} {}", self.listing, guest.id);
            let json = wire::write_guest(guest).ok_or(JsValue::UNDEFINED)?;
            patches.put_with_key(&json.into(), &key.into())?;
        }
        for place in places {
            queue.delete(&self.at(*place))?;
        }
        end(&change).await
    }

    /// Throws the list away. The queue stays: the next person at the door tells the shop.
    pub(crate) async fn forget(&self) -> Result<()> {
        let change = self.begin(&[LISTS, PATCHES], IdbTransactionMode::Readwrite)?;
        change.object_store(LISTS)?.delete(&self.listing.as_str().into())?;
        change.object_store(PATCHES)?.delete(&self.all()?)?;
        end(&change).await
    }

    fn begin(&self, stores: &[&str], mode: IdbTransactionMode) -> Result<IdbTransaction> {
        let names: Array = stores.iter().copied().map(JsValue::from_str).collect();
        self.database.transaction_with_str_sequence_and_mode(&names, mode)
    }

    /// The keys that begin with the listing and a space: `!` is the next character after it.
    fn all(&self) -> Result<JsValue> {
        let [first, last] = [' ', '!'].map(|next| format!("{}{next}", self.listing).into());
        IdbKeyRange::bound(&first, &last).map(Into::into)
    }

    fn at(&self, place: u64) -> JsValue {
        // With zeros in front, keys have the order of places.
        format!("{} {place:020}", self.listing).into()
    }
}

/// Makes the stores of a new database.
fn make(request: &IdbOpenDbRequest) {
    let Ok(database) = request.result() else { return };
    let database: IdbDatabase = database.unchecked_into();
    for store in [LISTS, PATCHES, QUEUE] {
        // It fails only where there is such a store already.
        let _made: Result<IdbObjectStore> = database.create_object_store(store);
    }
}

/// Returns what a request comes to. It begins to listen at once.
fn answer(request: &IdbRequest) -> impl Future<Output = Result<JsValue>> + use<> {
    let promise = Promise::new(&mut |done: Function, failed: Function| {
        request.set_onsuccess(Some(&done));
        request.set_onerror(Some(&failed));
    });
    let request = request.clone();
    async move {
        JsFuture::from(promise).await?;
        request.result()
    }
}

/// Waits until a transaction is stored.
async fn end(change: &IdbTransaction) -> Result<()> {
    let promise = Promise::new(&mut |done: Function, failed: Function| {
        change.set_oncomplete(Some(&done));
        change.set_onabort(Some(&failed));
    });
    JsFuture::from(promise).await.map(drop)
}

fn texts(values: &JsValue) -> impl Iterator<Item = String> + use<> {
    Array::from(values).to_vec().into_iter().filter_map(|value| value.as_string())
}

fn text(value: &JsValue, name: &str) -> Option<String> {
    if !value.is_object() {
        return None;
    }
    Reflect::get(value, &name.into()).ok()?.as_string()
}
