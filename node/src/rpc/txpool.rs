//! The transaction pool, as clients query it.

use alloy_primitives::Address;
use serde_json::{Map, Value, json};

use super::json::{self as form, quantity};
use super::params::Params;
use super::{Answer, Rpc};
use crate::pool::Waiting;

impl Rpc {
    /// The waiting transactions of a sender by nonce: those that can be in the next blocks, and those with a gap before
    /// it.
    fn queues(
        &self,
        sender: &Address,
        show: &dyn Fn(&Waiting) -> Value,
    ) -> (Map<String, Value>, Map<String, Value>) {
        let (account_nonce, _) = self.node.account(sender);
        let pool = self.node.pool();
        let next = pool.next_nonce(sender, account_nonce);
        let (mut pending, mut queued) = (Map::new(), Map::new());
        for (nonce, waiting) in pool.of(sender).into_iter().flatten() {
            let queue = if *nonce < next { &mut pending } else { &mut queued };
            queue.insert(nonce.to_string(), show(waiting));
        }
        (pending, queued)
    }

    fn all(&self, show: &dyn Fn(&Waiting) -> Value) -> Value {
        let senders: Vec<Address> = self.node.pool().senders().map(|(sender, _)| *sender).collect();
        let (mut pending, mut queued) = (Map::new(), Map::new());
        for sender in senders {
            let (now, later) = self.queues(&sender, show);
            for (all, some) in [(&mut pending, now), (&mut queued, later)] {
                if !some.is_empty() {
                    all.insert(sender.to_string(), some.into());
                }
            }
        }
        json!({ "pending": pending, "queued": queued })
    }

    pub(super) fn txpool_status(&self, _: &Params) -> Answer {
        let all = self.all(&|_| Value::Null);
        let count = |name: &str| {
            let senders = all[name].as_object().into_iter().flat_map(Map::values);
            senders.filter_map(Value::as_object).map(|queue| queue.len() as u64).sum::<u64>()
        };
        Ok(json!({ "pending": quantity(count("pending")), "queued": quantity(count("queued")) }))
    }

    pub(super) fn txpool_content(&self, _: &Params) -> Answer {
        let base_fee = self.base_fee();
        Ok(self.all(&|waiting| form::waiting(waiting, base_fee)))
    }

    pub(super) fn txpool_content_from(&self, params: &Params) -> Answer {
        let sender: Address = params.get(0)?;
        let base_fee = self.base_fee();
        let (pending, queued) = self.queues(&sender, &|waiting| form::waiting(waiting, base_fee));
        Ok(json!({ "pending": pending, "queued": queued }))
    }

    pub(super) fn txpool_inspect(&self, _: &Params) -> Answer {
        Ok(self.all(&|waiting| {
            let transaction = &waiting.transaction;
            let to = match transaction.to {
                Some(to) => to.to_string(),
                None => "contract creation".to_owned(),
            };
            format!(
                "{to}: {} wei + {} gas × {} wei",
                transaction.value, transaction.gas_limit, transaction.max_fee_per_gas
            )
            .into()
        }))
    }

    pub(super) fn pending_transactions(&self, _: &Params) -> Answer {
        let base_fee = self.base_fee();
        let pool = self.node.pool();
        let all = pool.senders().flat_map(|(_, queue)| queue.values());
        Ok(all.map(|waiting| form::waiting(waiting, base_fee)).collect())
    }
}
