//! Applying chains: accept, drop, reject, continue, return and jump.
//!
//! Not carried out yet, and therefore never passed over in silence: a rule that translates addresses or transforms the
//! frame drops what it matches, with a reason of its own. A rule that translates back finds no connection that was
//! translated, so it never applies; a rule that traces changes nothing.

use model::{ChainId, DocumentKey};
use smallvec::SmallVec;

use super::condition::Applies;
use super::{Frame, Halt, Passing, Walk};
use crate::topology::{Action, Chain, CompiledRule};
use crate::trace::{Hook, RuleResult, Step, Tracer};
use crate::{DropReason, Need, Tag};

/// What a hook says of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passage {
    Accepted,
    Refused {
        reason: DropReason,
        /// A router tells the sender.
        answer: bool,
    },
}

/// A chain being evaluated, and the rule to try next.
struct Position<'a> {
    chain: &'a Chain,
    next: usize,
}

impl<'a, T: Tracer> Walk<'a, T> {
    /// Applies a chain, if there is one. The end of the top chain accepts.
    pub(super) fn apply(
        &mut self,
        chain: Option<ChainId>,
        hook: Hook,
        passing: Passing<'a>,
        frame: &Frame<'a>,
    ) -> Result<Passage, Halt> {
        let Some(top) = chain else { return Ok(Passage::Accepted) };
        self.trace(|| Step::Chain { chain: top, hook });
        let mut stack: SmallVec<[Position<'a>; 8]> = SmallVec::new();
        stack.push(self.chain(top)?);
        // A chain that was left without a decision once would be again: rules depend on nothing but the packet.
        let mut visited: SmallVec<[ChainId; 8]> = SmallVec::from_slice(&[top]);
        while let Some(position) = stack.last_mut() {
            let chain = position.chain;
            let Some(rule) = chain.rules.get(position.next) else {
                self.trace(|| Step::ChainEnd { chain: chain.id });
                stack.pop();
                continue;
            };
            position.next += 1;
            let mut result = self.try_rule(chain, rule, passing, frame)?;
            let jump = match rule.action {
                Action::Jump(target) if result == RuleResult::Matched => Some(target),
                _ => None,
            };
            if jump.is_some_and(|target| visited.contains(&target)) {
                result = RuleResult::VisitedBefore;
            }
            let step = Step::Rule { chain: chain.id, rule: rule.id, action: rule.action, result };
            self.trace(|| step);
            if result != RuleResult::Matched {
                continue;
            }
            match rule.action {
                Action::Accept => return Ok(Passage::Accepted),
                Action::Drop => {
                    return Ok(Passage::Refused { reason: DropReason::Rule(rule.id), answer: false });
                }
                Action::Reject => {
                    return Ok(Passage::Refused { reason: DropReason::RuleReject(rule.id), answer: true });
                }
                Action::Nat(_) | Action::L2Transform => {
                    let reason = DropReason::NeedsTranslation(rule.id);
                    return Ok(Passage::Refused { reason, answer: false });
                }
                Action::Continue | Action::Trace | Action::ReverseNat(_) => {}
                Action::Return => {
                    stack.pop();
                }
                Action::Jump(target) => {
                    visited.push(target);
                    let called = self.chain(target)?;
                    stack.push(called);
                }
            }
        }
        Ok(Passage::Accepted)
    }

    fn chain(&mut self, id: ChainId) -> Result<Position<'a>, Halt> {
        self.tag(Tag::Chain(id));
        let need = Halt::Need(Need::Document(DocumentKey::Chain(id)));
        self.topology.chain(id).map(|chain| Position { chain, next: 0 }).ok_or(need)
    }

    fn try_rule(
        &mut self,
        chain: &'a Chain,
        rule: &'a CompiledRule,
        passing: Passing<'a>,
        frame: &Frame<'a>,
    ) -> Result<RuleResult, Halt> {
        if matches!(rule.action, Action::ReverseNat(_)) {
            return Ok(RuleResult::NoConnection);
        }
        let applies = self.applies(chain, rule, passing, frame)?;
        Ok(match (applies, rule.inverted) {
            (Applies::WrongFragment, _) => RuleResult::Failed("fragmentPolicy"),
            (Applies::Yes, false) | (Applies::No(_), true) => RuleResult::Matched,
            (Applies::Yes, true) => RuleResult::Inverted,
            (Applies::No(field), false) => RuleResult::Failed(field),
        })
    }
}
