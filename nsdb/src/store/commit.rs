//! One requested change on its way through the writer, and its answer.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use model::{Change, DocumentKey, ModelError, State, Transaction, Version, affected_documents};
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::Error;
use crate::coordinator::{self, MAX_VALUE_BYTES};

/// When a client may try again after a refusal for lack of a coordinator or of room.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// Why a change was not committed, or may not be.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CommitError<E = ModelError> {
    /// The change refuses itself: it contradicts the topology or its rules. Nothing was changed; do not retry as it is.
    #[error("{0}")]
    Refused(E),
    /// The coordinator is out of reach, or too many changes wait. Nothing was changed; retry after a while.
    #[error("the topology cannot be changed now: {reason}; nothing was changed, retry in {} s", .retry_after.as_secs())]
    Unavailable {
        /// What is in the way.
        reason: String,
        /// When to try again.
        retry_after: Duration,
    },
    /// The coordinator went out of reach while the change was being committed. It will be, or was, committed once or not
    /// at all: read the topology before retrying.
    #[error(
        "the connection to the network state database broke while the change was being committed: it may or may not be \
         made, look before retrying"
    )]
    Uncertain,
    /// One change is too large for an entry of the log. Nothing was changed.
    #[error(
        "the change is {bytes} bytes large, more than the {MAX_VALUE_BYTES} that one commit can hold: split it up"
    )]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// Nothing was changed; the error says what is wrong and whether to retry.
    #[error(transparent)]
    Failed(Error),
}

impl<E> CommitError<E> {
    pub(super) fn overloaded() -> Self {
        Self::unavailable("too many changes are waiting".to_owned())
    }

    pub(super) fn unavailable(reason: String) -> Self {
        Self::Unavailable { reason, retry_after: RETRY_AFTER }
    }
}

impl CommitError<Infallible> {
    /// The same for a change with refusals of its own.
    fn of_any_change<E>(self) -> CommitError<E> {
        match self {
            Self::Refused(never) => match never {},
            Self::Unavailable { reason, retry_after } => CommitError::Unavailable { reason, retry_after },
            Self::Uncertain => CommitError::Uncertain,
            Self::TooLarge { bytes } => CommitError::TooLarge { bytes },
            Self::Failed(error) => CommitError::Failed(error),
        }
    }
}

impl<E> From<Error> for CommitError<E> {
    fn from(error: Error) -> Self {
        match error {
            Error::Coordinator(coordinator::Error::TooLarge { bytes, .. }) => Self::TooLarge { bytes },
            error if error.is_outage() => Self::unavailable(error.to_string()),
            error => Self::Failed(error),
        }
    }
}

/// A change that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed<T> {
    /// The version that has it.
    pub version: Version,
    /// What its closure returned.
    pub value: T,
    /// The documents that it touched and that agents were asked to acknowledge; empty if they were not.
    pub touched: BTreeSet<DocumentKey>,
}

/// What the caller of a change wants beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    Nothing,
    /// That agents acknowledge the documents that it touches.
    Acknowledgement,
}

/// What a request makes of a state.
pub(super) struct Attempt {
    pub(super) changes: Vec<Change>,
    /// Documents that agents are to acknowledge.
    pub(super) acknowledge: BTreeSet<DocumentKey>,
}

/// A requested change, whatever its closure returns.
pub(super) trait Request: Send {
    /// Takes the request up; false if its caller has given up.
    fn take(&self) -> bool;

    /// Runs the closure on this state. `None` if it refuses.
    fn attempt(&mut self, state: &State) -> Option<Attempt>;

    /// Answers with what the last attempt returned: at this version if it changed something, or refused.
    fn conclude(self: Box<Self>, version: Version);

    /// Answers that the change was not made, for lack of a coordinator.
    fn fail(self: Box<Self>, error: CommitError<Infallible>);
}

/// Where a request stands: decides between the writer that takes it up and the caller that gives it up.
type Stage = Arc<AtomicU8>;
const WAITING: u8 = 0;
const TAKEN: u8 = 1;
const GIVEN_UP: u8 = 2;

/// What a caller is answered.
type Outcome<T, E> = Result<Committed<T>, CommitError<E>>;

struct Pending<T, E, F> {
    change: F,
    wish: Wish,
    outcome: Option<Result<(T, BTreeSet<DocumentKey>), E>>,
    stage: Stage,
    answer: oneshot::Sender<Outcome<T, E>>,
}

/// The caller's end.
pub(super) struct Answer<T, E> {
    stage: Stage,
    answer: oneshot::Receiver<Outcome<T, E>>,
}

/// Makes a request and its answer.
pub(super) fn request<T, E, F>(change: F, wish: Wish) -> (impl Request, Answer<T, E>)
where
    T: Send,
    E: Send,
    F: FnMut(&mut Transaction) -> Result<T, E> + Send,
{
    let (answer, answered) = oneshot::channel();
    let stage = Stage::default();
    let pending = Pending { change, wish, outcome: None, stage: Arc::clone(&stage), answer };
    (pending, Answer { stage, answer: answered })
}

impl<T, E, F> Request for Pending<T, E, F>
where
    T: Send,
    E: Send,
    F: FnMut(&mut Transaction) -> Result<T, E> + Send,
{
    fn take(&self) -> bool {
        self.stage.compare_exchange(WAITING, TAKEN, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    fn attempt(&mut self, state: &State) -> Option<Attempt> {
        let mut transaction = Transaction::new(state);
        let value = match (self.change)(&mut transaction) {
            Ok(value) => value,
            Err(refusal) => {
                self.outcome = Some(Err(refusal));
                return None;
            }
        };
        let after = transaction.state().clone();
        let changes = transaction.finish();
        let acknowledge = match self.wish {
            Wish::Nothing => BTreeSet::new(),
            Wish::Acknowledgement => affected_documents(state, &after, &changes),
        };
        self.outcome = Some(Ok((value, acknowledge.clone())));
        Some(Attempt { changes, acknowledge })
    }

    fn conclude(self: Box<Self>, version: Version) {
        let outcome = match self.outcome {
            Some(Ok((value, touched))) => Ok(Committed { version, value, touched }),
            Some(Err(refusal)) => Err(CommitError::Refused(refusal)),
            None => Err(CommitError::Uncertain),
        };
        // A caller that is gone needs no answer.
        self.answer.send(outcome).ok();
    }

    fn fail(self: Box<Self>, error: CommitError<Infallible>) {
        self.answer.send(Err(error.of_any_change())).ok();
    }
}

impl<T, E> Answer<T, E> {
    /// Waits for the answer, for so long.
    pub(super) async fn within(mut self, patience: Duration) -> Outcome<T, E> {
        match timeout(patience, &mut self.answer).await {
            Ok(Ok(answer)) => answer,
            // The store was dropped, or time is up.
            Ok(Err(_)) | Err(_) => Err(self.give_up()),
        }
    }

    fn give_up(&self) -> CommitError<E> {
        let given_up =
            self.stage.compare_exchange(WAITING, GIVEN_UP, Ordering::AcqRel, Ordering::Acquire).is_ok();
        if given_up {
            CommitError::unavailable("the changes before it are still waiting for the coordinator".to_owned())
        } else {
            CommitError::Uncertain
        }
    }
}
