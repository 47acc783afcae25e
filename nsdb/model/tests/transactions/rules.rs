//! The order of rules.

use model::{ChainId, ModelError, RuleAction, RuleId, Transaction};

use crate::fixture::*;

fn order(tx: &Transaction) -> Vec<u128> {
    tx.state().chain_rules(id(4)).map(|rule| rule.id.0.as_u128()).collect()
}

fn insert(tx: &mut Transaction, n: u128, position: usize) -> Result<(), ModelError> {
    tx.insert_rule(rule(n, 4, RuleAction::Drop), position)
}

#[test]
fn a_rule_is_inserted_at_its_position() {
    let mut tx = begin_with_devices();
    insert(&mut tx, 20, 1).expect("the first");
    insert(&mut tx, 21, 2).expect("the end");
    insert(&mut tx, 22, 2).expect("between");
    assert_eq!(order(&tx), [20, 22, 21]);
}

#[test]
fn without_a_position_a_rule_goes_to_the_head() {
    let mut tx = begin_with_devices();
    tx.create(rule(20, 4, RuleAction::Drop)).expect("a rule");
    tx.create(rule(21, 4, RuleAction::Accept)).expect("a rule");
    insert(&mut tx, 22, 0).expect("0 is taken as 1");
    assert_eq!(order(&tx), [22, 21, 20]);
}

#[test]
fn there_is_no_position_behind_the_end() {
    let mut tx = begin_with_devices();
    insert(&mut tx, 20, 1).expect("the first");
    assert_eq!(violated(insert(&mut tx, 21, 3)), "position");
    assert_eq!(violated(insert(&mut tx, 21, usize::MAX)), "position");
    assert_eq!(order(&tx), [20]);
}

#[test]
fn a_deleted_rule_closes_the_gap() {
    let mut tx = begin_with_devices();
    for (n, position) in [(20, 1), (21, 2), (22, 3)] {
        insert(&mut tx, n, position).expect("a rule");
    }
    tx.delete(RuleId(id(21))).expect("it is there");
    assert_eq!(order(&tx), [20, 22]);
}

#[test]
fn a_chain_may_jump_to_itself() {
    let mut tx = begin_with_devices();
    tx.create(rule(20, 4, RuleAction::Jump(id(4)))).expect("the simulation guards against loops");
}

#[test]
fn a_jump_to_nowhere_is_not_found() {
    let error = begin_with_devices().create(rule(20, 4, RuleAction::Jump(id(99)))).expect_err("no chain 99");
    assert_eq!(error, ModelError::NotFound(ChainId(id(99)).into()));
}

#[test]
fn a_rule_needs_its_chain() {
    let error = begin().create(rule(20, 4, RuleAction::Drop)).expect_err("no chain 4");
    assert_eq!(error, ModelError::NotFound(ChainId(id(4)).into()));
}

#[test]
fn a_chain_is_created_empty_and_keeps_its_rules() {
    let mut tx = begin_with_devices();
    let full = model::Chain { rules: vec![id(20)], ..chain(8) };
    assert_eq!(violated(tx.create(full)), "rules");
    insert(&mut tx, 20, 1).expect("a rule");
    tx.update(model::Chain { name: Some("web".to_owned()), ..chain(4) }).expect("valid");
    assert_eq!(order(&tx), [20]);
}
