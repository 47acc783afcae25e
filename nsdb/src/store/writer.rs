//! The writer task: turns waiting changes into entries of the log, many into one where they wait together.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;

use model::{Change, Effect, State, effects};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::commit::{CommitError, Request};
use super::core::Core;
use super::dirty::Origin;
use crate::coordinator::MAX_VALUE_BYTES;
use crate::log::{self, Append, Entry};

/// Changes are grouped up to this many…
const GROUP: usize = 128;
/// …and while the entry stays below this size.
const GROUP_BYTES: usize = 256 * 1024;
/// Room that an entry needs beside its changes.
const ENTRY_OVERHEAD: usize = 1024;

type Requests = VecDeque<Box<dyn Request>>;

/// Runs until the store is dropped.
pub(super) async fn run(core: Arc<Core>, mut queue: mpsc::Receiver<Box<dyn Request>>) {
    while let Some(first) = queue.recv().await {
        let mut requests = Requests::from([first]);
        while requests.len() < GROUP
            && let Ok(request) = queue.try_recv()
        {
            requests.push_back(request);
        }
        requests.retain(|request| request.take());
        while !requests.is_empty() {
            commit(&core, &mut requests).await;
        }
    }
}

/// What the requests make of a state.
#[derive(Default)]
struct Group {
    /// Requests with their changes in the entry, and those that change nothing.
    accepted: Requests,
    refused: Requests,
    changes: Vec<Change>,
    /// What each of the changes does.
    effects: Vec<Effect>,
}

/// Commits as many of the requests as fit into one entry, and answers those; leaves the others.
async fn commit(core: &Core, requests: &mut Requests) {
    // Whether all that was committed before the requests came is known, so that a refusal is not for lack of news.
    let mut newest = false;
    loop {
        let state = core.snapshot();
        let version = state.version() + 1;
        let mut group = gather(state, requests);
        if !group.refused.is_empty() && !newest {
            if let Err(error) = core.refresh().await {
                return fail(group.accepted.into_iter().chain(group.refused), &error.into());
            }
            newest = true;
            if core.snapshot().version() + 1 != version {
                group.put_back(requests);
                continue;
            }
        }
        group.refused.drain(..).for_each(|request| request.conclude(version));
        if group.changes.is_empty() {
            return group.accepted.into_iter().for_each(|request| request.conclude(version - 1));
        }
        let mut entry = group.take_entry(&core.author);
        let appending = core.appending.lock().await;
        match log::append(&*core.coordinator, version, &entry, core.in_time(version)).await {
            Ok(Append::Committed(created)) => {
                entry.created = created;
                core.advance(version, &entry, Origin::Own);
                return group.accepted.into_iter().for_each(|request| request.conclude(version));
            }
            Ok(Append::Taken(other)) => core.advance(version, &other, Origin::Other),
            Ok(Append::Compacted) => {}
            Ok(Append::Unknown) => return fail(group.accepted, &CommitError::Uncertain),
            Err(error) => return fail(group.accepted, &error.into()),
        }
        drop(appending);
        // Lost the race, and nothing was changed: on to the newest state.
        if let Err(error) = core.refresh().await {
            return fail(group.accepted, &error.into());
        }
        newest = true;
        group.put_back(requests);
    }
}

/// Runs the requests one upon the other, until the entry is full.
fn gather(mut state: State, requests: &mut Requests) -> Group {
    let version = state.version() + 1;
    let mut group = Group::default();
    let mut bytes = ENTRY_OVERHEAD;
    while let Some(mut request) = requests.pop_front() {
        let Some(changes) = request.attempt(&state) else {
            group.refused.push_back(request);
            continue;
        };
        let mut after = state.clone();
        after.apply(version, &changes);
        let effects = effects(&state, &after, &changes);
        let (size, changes, effects) = log::changes_len(changes, effects);
        if size + ENTRY_OVERHEAD > MAX_VALUE_BYTES {
            request.fail(CommitError::TooLarge { bytes: size });
            continue;
        }
        if bytes + size > GROUP_BYTES && !group.changes.is_empty() {
            requests.push_front(request);
            break;
        }
        bytes += size;
        state = after;
        group.changes.extend(changes);
        group.effects.extend(effects);
        group.accepted.push_back(request);
    }
    group
}

impl Group {
    fn take_entry(&mut self, author: &Arc<str>) -> Entry {
        Entry {
            id: Uuid::new_v4(),
            author: Arc::clone(author),
            changes: std::mem::take(&mut self.changes),
            effects: std::mem::take(&mut self.effects),
            created: None,
        }
    }

    /// Gives the requests back to be run again, in their order as far as it matters: those accepted came in order.
    fn put_back(self, requests: &mut Requests) {
        for request in self.accepted.into_iter().chain(self.refused).rev() {
            requests.push_front(request);
        }
    }
}

fn fail(requests: impl IntoIterator<Item = Box<dyn Request>>, error: &CommitError<Infallible>) {
    requests.into_iter().for_each(|request| request.fail(error.clone()));
}
