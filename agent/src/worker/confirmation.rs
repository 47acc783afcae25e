//! Confirmation: the control plane asks whether the flows are true to what it has published, and is told once they are.

use super::Core;

/// A question that waits for its answer. There is one at a time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question {
    round: u64,
    /// Flows that had to be corrected when it came, and have not been since.
    flows: usize,
}

impl Core {
    /// Takes a question up; the corrections that came with it or before are planned.
    pub(super) fn ask(&mut self, round: u64) {
        self.question = Some(Question { round, flows: self.to_correct.len() });
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

    /// Answers once the flows of the question are corrected, those of a former life are taken over, and the writer has all
    /// that there is to write. With no room for the answer, tries again next turn.
    pub(super) fn answer(&mut self) {
        let Some(Question { round, flows: 0 }) = self.question else { return };
        let settled = self.adopting && self.inherited.is_empty() && self.unsent.is_empty();
        if settled && self.events.confirm(self.number, round) {
            self.question = None;
        }
    }
}
