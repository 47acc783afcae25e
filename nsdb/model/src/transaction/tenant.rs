//! Operations on behalf of a tenant.

use super::Transaction;
use crate::{ModelError, ObjectKey, State, tenancy};

impl Transaction {
    /// Does an operation in the name of a tenant. What it creates belongs to the tenant. What the tenant may not do it
    /// does not do, and what the tenant may not see it speaks of as if it were not there.
    ///
    /// To that end a refused operation runs a second time, where only what the tenant sees exists: that run changes
    /// nothing, and tells why. Where it finds nothing wrong, what the tenant does not see is in the way.
    ///
    /// # Errors
    /// Those of the operation, as the tenant would come to see them; `Forbidden` where only the operator may do that;
    /// `Conflict` with what others have.
    pub fn on_behalf_of<T, E: From<ModelError>>(
        &mut self,
        tenant: &str,
        mut operation: impl FnMut(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        let before = self.state.clone();
        self.acting = Some(tenant.into());
        let in_the_way = || ModelError::conflict::<ObjectKey>("What belongs to others is in the way.", []);
        let done = operation(self)
            .map_err(|_| in_the_way())
            .and_then(|done| self.check_tenancy(tenant, &before).map(|()| done));
        let done = done.map_err(|refusal| {
            self.state = before.seen_by(tenant);
            let told = operation(self).err();
            self.state = before;
            told.unwrap_or_else(|| refusal.into())
        });
        self.acting = None;
        done
    }

    fn check_tenancy(&self, tenant: &str, before: &State) -> Result<(), ModelError> {
        let changed = self.touched.iter().filter(|key| before.object(**key) != self.state.object(**key));
        changed.copied().try_for_each(|key| tenancy::check(tenant, before, &self.state, key))
    }
}
