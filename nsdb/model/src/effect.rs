//! What a change did to its object, and whose that is: for those who follow the topology from outside.

use crate::{Change, ObjectKey, State};

/// What became of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fate {
    /// It was not there before.
    Created,
    /// It is another than before.
    Updated,
    /// It is no more.
    Deleted,
}

/// What one change did to its object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// What became of it.
    pub fate: Fate,
    /// The tenant whose it was, if it was there and any tenant's.
    pub before: Option<String>,
    /// The tenant whose it is, if it is there and any tenant's.
    pub after: Option<String>,
}

impl Effect {
    /// What became of the object for a tenant; nothing if it neither was nor is the tenant's. An object that is given away
    /// is deleted for one tenant and created for the other.
    pub fn seen_by(&self, tenant: &str) -> Option<Fate> {
        let is = |owner: &Option<String>| owner.as_deref() == Some(tenant);
        match (is(&self.before), is(&self.after)) {
            (true, true) => Some(self.fate),
            (true, false) => Some(Fate::Deleted),
            (false, true) => Some(Fate::Created),
            (false, false) => None,
        }
    }
}

/// What each of the changes did that lead from one state to another; no object may be among them twice.
pub fn effects(before: &State, after: &State, changes: &[Change]) -> Vec<Effect> {
    let effect = |change: &Change| {
        let key = change.key();
        Effect {
            fate: match (before.contains(key), change) {
                (_, Change::Delete(_)) => Fate::Deleted,
                (true, Change::Put(_)) => Fate::Updated,
                (false, Change::Put(_)) => Fate::Created,
            },
            before: before.tenant(key).map(str::to_owned),
            after: after.tenant(key).map(str::to_owned),
        }
    };
    changes.iter().map(effect).collect()
}

impl Change {
    /// The object that it is about.
    pub fn key(&self) -> ObjectKey {
        match self {
            Self::Put(object) => object.key(),
            Self::Delete(key) => *key,
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{Bridge, BridgeId, Transaction};

    fn bridge(tenant: &str) -> Bridge {
        Bridge {
            id: BridgeId(Uuid::from_u128(1)),
            tenant_id: Some(tenant.to_owned()),
            name: None,
            admin_state_up: true,
            mirrors: Default::default(),
            qos_policy: None,
            inbound_filter: None,
            outbound_filter: None,
        }
    }

    /// Runs an operation: the state after it, and what it did.
    fn run(before: &State, operation: impl FnOnce(&mut Transaction)) -> (State, Vec<Effect>) {
        let mut transaction = Transaction::new(before);
        operation(&mut transaction);
        let changes = transaction.finish();
        let mut after = before.clone();
        after.apply(before.version() + 1, &changes);
        let effects = effects(before, &after, &changes);
        (after, effects)
    }

    #[test]
    fn an_object_given_away_goes_for_one_tenant_and_comes_for_the_other() {
        let (state, made) = run(&State::new(), |tx| tx.create(bridge("a")).unwrap());
        assert_eq!(
            (made[0].fate, made[0].seen_by("a"), made[0].seen_by("b")),
            (Fate::Created, Some(Fate::Created), None)
        );
        let (state, given) = run(&state, |tx| tx.update(bridge("b")).unwrap());
        assert_eq!(
            (given[0].fate, given[0].seen_by("a"), given[0].seen_by("b")),
            (Fate::Updated, Some(Fate::Deleted), Some(Fate::Created))
        );
        let (_, gone) = run(&state, |tx| tx.delete(bridge("b").id).unwrap());
        assert_eq!(
            (gone[0].fate, gone[0].seen_by("a"), gone[0].seen_by("b")),
            (Fate::Deleted, None, Some(Fate::Deleted))
        );
    }
}
