//! Documents say all of the topology, and are kept in step by touching only what changed.

#![allow(clippy::expect_used, reason = "tests")]

use std::collections::BTreeMap;

use model::strategy::{operation, topology};
use model::{
    Document, DocumentKey, State, Transaction, affected_documents, all_documents, decode_document, document,
    encode_document,
};
use proptest::collection::vec;
use proptest::prelude::*;

fn by_key(state: &State) -> BTreeMap<DocumentKey, Document> {
    all_documents(state).map(|document| (document.key(), document)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn kept_documents_equal_those_made_from_scratch(
        start in topology(60),
        operations in vec(vec(operation(), 1..6), 0..20),
    ) {
        let mut kept = by_key(&start);
        let mut state = start;
        for batch in operations {
            let mut transaction = Transaction::new(&state);
            for operation in batch {
                let _ = operation.run(&mut transaction);
            }
            let changes = transaction.finish();
            let before = state.clone();
            state.apply(before.version() + 1, &changes);
            for key in affected_documents(&before, &state, &changes) {
                match document(&state, key) {
                    Some(document) => kept.insert(key, document),
                    None => kept.remove(&key),
                };
            }
            prop_assert_eq!(&kept, &by_key(&state));
        }
    }

    #[test]
    fn stored_documents_are_the_whole_topology(state in topology(60)) {
        let stored: Vec<_> = all_documents(&state).map(|d| encode_document(state.version(), &d)).collect();
        let read = stored.iter().map(|bytes| decode_document(bytes).expect("just written").1);
        prop_assert_eq!(State::from_documents(state.version(), read), state);
    }

    #[test]
    fn every_object_stands_in_exactly_one_document(state in topology(60)) {
        let mut homes: Vec<_> =
            all_documents(&state).flat_map(Document::into_objects).map(|object| object.key()).collect();
        homes.sort();
        let mut keys: Vec<_> = state.keys().collect();
        keys.sort();
        prop_assert_eq!(homes, keys);
    }
}

#[test]
fn a_change_to_one_bridge_touches_no_other() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let with_a_bridge = topology(60).prop_filter("a bridge", |state| state.bridges().next().is_some());
    let state = with_a_bridge.new_tree(&mut runner).expect("a topology").current();
    let mut bridge = state.bridges().next().expect("a bridge").clone();
    bridge.name = Some("renamed".to_owned());
    let key = DocumentKey::Bridge(bridge.id);
    let mut transaction = Transaction::new(&state);
    transaction.update(bridge).expect("a new name is fine");
    let changes = transaction.finish();
    let mut after = state.clone();
    after.apply(state.version() + 1, &changes);
    assert_eq!(affected_documents(&state, &after, &changes).into_iter().collect::<Vec<_>>(), [key]);
}
