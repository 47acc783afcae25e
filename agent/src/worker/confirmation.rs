//! Confirmation: the control plane asks whether the flows are true to what it has published, and is told once they are.

use std::cmp::Reverse;

use datapath::Ufid;

use super::Core;
use crate::flow_table::Life;

/// A question that waits for its answer. There is one at a time.
#[derive(Debug)]
pub(super) struct Question {
    round: u64,
    /// Whether every report that was there when it came has been read: an earlier write may have been refused.
    heard: bool,
    /// Flows that had to be corrected when it came, and have not been since.
    flows: usize,
    /// Of the corrected flows, those that go on as they did while a neighbour is asked for; known once all are corrected.
    asking: Option<Vec<Ufid>>,
}

impl Core {
    /// Takes a question up; the corrections that came with it or before are planned.
    pub(super) fn ask(&mut self, round: u64) {
        self.question = Some(Question { round, heard: false, flows: self.to_correct.len(), asking: None });
    }

    /// Every report has been read.
    pub(super) fn all_heard(&mut self) {
        if let Some(question) = &mut self.question {
            question.heard = true;
        }
    }

    /// The next planned flow has been corrected.
    pub(super) fn one_corrected(&mut self) {
        if let Some(question) = &mut self.question {
            question.flows = question.flows.saturating_sub(1);
        }
    }

    /// Every flow is planned to be corrected from here on.
    pub(super) fn all_to_correct(&mut self) {
        if let Some(question) = &mut self.question {
            question.flows = self.to_correct.len();
        }
    }

    /// Answers once the flows are true to what was published. With no room for the answer, tries again next turn.
    pub(super) fn answer(&mut self) {
        let Some(mut question) = self.question.take() else { return };
        if !self.is_settled(&mut question) || !self.events.confirm(self.number, question.round) {
            self.question = Some(question);
        }
    }

    /// The flows of the question are corrected, those of a former life are taken over, no flow goes its old way for want
    /// of a neighbour or because its deletion was refused, and the writer has all that there is to write.
    fn is_settled(&self, question: &mut Question) -> bool {
        if !question.heard || question.flows > 0 || !self.adopting || !self.inherited.is_empty() {
            return false;
        }
        let asks =
            |ufid: &Ufid| self.table.get(*ufid).is_some_and(|flow| matches!(flow.life, Life::Asking(_)));
        let ending = self.deadlines.iter().map(|Reverse((_, ufid))| *ufid);
        let asking = question.asking.get_or_insert_with(|| ending.filter(asks).collect());
        asking.retain(asks);
        asking.is_empty() && self.unsent.is_empty() && self.undeleted.is_empty()
    }
}
