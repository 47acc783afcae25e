//! Operations on behalf of a tenant.

use super::Transaction;
use crate::{ModelError, State, tenancy};

impl Transaction {
    /// Does an operation in the name of a tenant. What it creates belongs to the tenant. What the tenant may not do it
    /// does not do, and what the tenant may not see it speaks of as if it were not there.
    ///
    /// To that end a refused operation runs a second time, where only what the tenant sees exists: that run changes
    /// nothing, and tells why.
    ///
    /// # Errors
    /// Those of the operation, as the tenant would come to see them; `Forbidden` where only the operator may do that.
    pub fn on_behalf_of<T>(
        &mut self,
        tenant: &str,
        mut operation: impl FnMut(&mut Self) -> Result<T, ModelError>,
    ) -> Result<T, ModelError> {
        let before = self.state.clone();
        self.acting = Some(tenant.into());
        let done = operation(self).and_then(|done| self.check_tenancy(tenant, &before).map(|()| done));
        let done = done.map_err(|refusal| {
            self.state = before.seen_by(tenant);
            let told = operation(self).err();
            self.state = before.clone();
            discreet(told.unwrap_or(refusal), &before, tenant)
        });
        self.acting = None;
        done
    }

    fn check_tenancy(&self, tenant: &str, before: &State) -> Result<(), ModelError> {
        let changed = self.touched.iter().filter(|key| before.object(**key) != self.state.object(**key));
        changed.copied().try_for_each(|key| tenancy::check(tenant, before, &self.state, key))
    }
}

/// The refusal without objects that the tenant does not see.
fn discreet(refusal: ModelError, state: &State, tenant: &str) -> ModelError {
    let seen = state.seen_by(tenant);
    match refusal {
        ModelError::Conflict { keys, .. }
            if keys.iter().any(|k| state.contains(*k) && !seen.contains(*k)) =>
        {
            let keys: Vec<_> = keys.into_iter().filter(|key| seen.contains(*key)).collect();
            ModelError::conflict("Something that belongs to the operator is in the way.", keys)
        }
        refusal => refusal,
    }
}
