//! Looking over a sandbox's shoulder.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use embargod_sandbox::{Sandbox, Seen};

use crate::Contract;

/// What was seen in one sandbox.
#[derive(Debug, Clone, Default)]
pub struct Watch(Arc<Mutex<BTreeSet<String>>>);

/// Holds everything that happens in a sandbox from now on against the contract of its forge.
pub fn watch(sandbox: &Sandbox) -> Watch {
    let watch = Watch::default();
    let (notes, contract) = (watch.clone(), Contract::of(sandbox.flavour()));
    sandbox.observe(Box::new(move |seen| notes.take(contract, seen)));
    watch
}

impl Watch {
    /// What broke the contract, each kind of breach once.
    pub fn breaches(&self) -> Vec<String> {
        self.notes().iter().cloned().collect()
    }

    fn take(&self, contract: &Contract, seen: &Seen<'_>) {
        let wrong = match seen {
            Seen::Exchange(exchange) => contract.check(exchange),
            Seen::Delivery { event, payload } => contract.check_delivery(event, payload),
        };
        self.notes().extend(wrong);
    }

    fn notes(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
