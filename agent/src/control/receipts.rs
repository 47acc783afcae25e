//! Receipts: what the NSDB asks to be acknowledged, and when it may be.
//!
//! A document counts as applied once a snapshot with it is published, all that can be reached from it is known, and every
//! worker has corrected the flows that it touches. What has gathered by then is one *round*: the workers are asked about
//! one at a time. Pure; without a mark on a document there is nothing to do.

use std::collections::{BTreeMap, BTreeSet};

use model::{DocumentKey, Version};

/// What is to be acknowledged by this host.
#[derive(Debug, Default)]
pub(crate) struct Receipts {
    /// Documents to acknowledge, at the version that is known here.
    due: BTreeMap<DocumentKey, Version>,
    /// Version of each document that was acknowledged last, while the document is in reach.
    acknowledged: BTreeMap<DocumentKey, Version>,
    round: Option<Round>,
    rounds: u64,
}

/// Documents that are published, and the workers whose flows may not be corrected yet.
#[derive(Debug)]
struct Round {
    number: u64,
    workers: BTreeSet<usize>,
    documents: BTreeMap<DocumentKey, Version>,
}

impl Receipts {
    /// A document has come at `version`; its acknowledgement is asked for at `mark` or newer, 0 if not at all.
    pub(crate) fn asked(&mut self, document: DocumentKey, version: Version, mark: Version) {
        let acknowledged = self.acknowledged.get(&document).copied().unwrap_or_default();
        if mark > acknowledged {
            self.due.insert(document, version);
        }
    }

    /// The document has gone, or fallen out of reach.
    pub(crate) fn forget(&mut self, document: DocumentKey) {
        self.due.remove(&document);
        self.acknowledged.remove(&document);
    }

    /// Begins a round with the due documents that are known with all that can be reached from them, and are published: its
    /// number, to be confirmed by this many workers. `None` if there is nothing to ask, or a round is under way.
    pub(crate) fn begin(&mut self, workers: usize, is_complete: impl Fn(DocumentKey) -> bool) -> Option<u64> {
        if self.round.is_some() {
            return None;
        }
        let documents: BTreeMap<_, _> =
            self.due.extract_if(.., |document, _| is_complete(*document)).collect();
        if documents.is_empty() {
            return None;
        }
        self.rounds += 1;
        self.acknowledged.extend(&documents);
        self.round = Some(Round { number: self.rounds, workers: (0..workers).collect(), documents });
        Some(self.rounds)
    }

    /// A worker has corrected its flows; the documents to acknowledge, if it was the last of the round.
    pub(crate) fn confirmed(&mut self, worker: usize, number: u64) -> Option<BTreeMap<DocumentKey, Version>> {
        let round = self.round.as_mut().filter(|round| round.number == number)?;
        round.workers.remove(&worker);
        self.round.take_if(|round| round.workers.is_empty()).map(|round| round.documents)
    }

    /// Documents of a round turn out not to be applied yet, for workers have more to correct.
    pub(crate) fn again(&mut self, documents: BTreeMap<DocumentKey, Version>) {
        for (document, version) in documents {
            if self.acknowledged.contains_key(&document) {
                self.due.entry(document).or_insert(version);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use model::{BridgeId, ChainId};
    use uuid::Uuid;

    use super::*;

    const BRIDGE: DocumentKey = DocumentKey::Bridge(BridgeId(Uuid::from_u128(1)));
    const CHAIN: DocumentKey = DocumentKey::Chain(ChainId(Uuid::from_u128(2)));

    fn all(_: DocumentKey) -> bool {
        true
    }

    #[test]
    fn nothing_is_asked_of_the_workers_for_documents_without_a_mark() {
        let mut receipts = Receipts::default();
        receipts.asked(BRIDGE, 7, 0);
        assert_eq!(receipts.begin(2, all), None);
    }

    #[test]
    fn a_document_is_acknowledged_at_its_version_when_every_worker_has_confirmed() {
        let mut receipts = Receipts::default();
        receipts.asked(BRIDGE, 7, 5);
        let round = receipts.begin(2, all).unwrap();
        assert_eq!(receipts.confirmed(0, round), None);
        assert_eq!(receipts.confirmed(0, round), None, "the other one has not");
        assert_eq!(receipts.confirmed(1, round), Some([(BRIDGE, 7)].into()));
        assert_eq!(receipts.begin(2, all), None);
    }

    #[test]
    fn a_mark_that_was_acknowledged_asks_no_more() {
        let mut receipts = Receipts::default();
        receipts.asked(BRIDGE, 7, 5);
        receipts.begin(1, all).unwrap();
        receipts.asked(BRIDGE, 9, 5);
        receipts.asked(BRIDGE, 10, 7);
        assert_eq!(receipts.confirmed(0, 1), Some([(BRIDGE, 7)].into()));
        assert_eq!(receipts.begin(1, all), None);
        receipts.asked(BRIDGE, 12, 11);
        assert_eq!(receipts.begin(1, all), Some(2));
    }

    #[test]
    fn what_comes_during_a_round_is_the_next_round() {
        let mut receipts = Receipts::default();
        receipts.asked(BRIDGE, 7, 7);
        let first = receipts.begin(1, all).unwrap();
        receipts.asked(BRIDGE, 8, 8);
        assert_eq!(receipts.begin(1, all), None);
        assert_eq!(receipts.confirmed(0, first), Some([(BRIDGE, 7)].into()));
        let second = receipts.begin(1, all).unwrap();
        assert_eq!(receipts.confirmed(0, first), None, "a late answer to an earlier question");
        assert_eq!(receipts.confirmed(0, second), Some([(BRIDGE, 8)].into()));
    }

    #[test]
    fn a_document_waits_for_what_it_leads_to() {
        let mut receipts = Receipts::default();
        receipts.asked(BRIDGE, 7, 7);
        receipts.asked(CHAIN, 7, 7);
        let round = receipts.begin(1, |document| document == CHAIN).unwrap();
        assert_eq!(receipts.confirmed(0, round), Some([(CHAIN, 7)].into()));
        assert_eq!(receipts.begin(1, |document| document == CHAIN), None);
        assert_eq!(receipts.begin(1, all), Some(2));
    }

    #[test]
    fn a_round_that_was_not_applied_is_asked_again() {
        let mut receipts = Receipts::default();
        receipts.asked(BRIDGE, 7, 7);
        receipts.asked(CHAIN, 7, 7);
        let round = receipts.begin(1, all).unwrap();
        receipts.forget(CHAIN);
        let documents = receipts.confirmed(0, round).unwrap();
        receipts.again(documents);
        let round = receipts.begin(1, all).unwrap();
        assert_eq!(receipts.confirmed(0, round), Some([(BRIDGE, 7)].into()));
    }

    #[test]
    fn a_document_that_comes_into_reach_again_is_acknowledged_again() {
        let mut receipts = Receipts::default();
        receipts.asked(BRIDGE, 7, 7);
        let round = receipts.begin(1, all).unwrap();
        receipts.confirmed(0, round);
        receipts.forget(BRIDGE);
        receipts.asked(BRIDGE, 7, 7);
        assert_eq!(receipts.begin(1, all), Some(2));
        receipts.asked(CHAIN, 8, 8);
        receipts.forget(CHAIN);
        assert_eq!(receipts.begin(1, all), None);
    }
}
