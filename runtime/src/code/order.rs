//! In which order waiting jobs are done: small ones first, and none waits for ever.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

/// How much work that came later is begun before a job, at most, for each unit of its own.
const PATIENCE: u64 = 8;

/// Jobs of known cost. Each is due when, counted from its arrival, [`PATIENCE`] times its own cost
/// of work has begun. Of those that are overdue the one that came first is next, otherwise the one that
/// will be due first. So a small job overtakes large ones, and no job waits longer than that for
/// others that came later, however many they are.
#[derive(Debug)]
pub(crate) struct Order<K, J> {
    jobs: BTreeMap<Place, Waiting<K, J>>,
    places: HashMap<K, Place>,
    /// The cost of all jobs that were begun.
    clock: u64,
    /// Tells jobs apart that are due at the same time: who came first is first.
    arrivals: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    due: u64,
    arrival: u64,
}

#[derive(Debug)]
struct Waiting<K, J> {
    key: K,
    job: J,
    cost: u64,
    /// The clock when it came.
    since: u64,
}

impl<K, J> Order<K, J> {
    pub(crate) fn new() -> Self {
        Self { jobs: BTreeMap::new(), places: HashMap::new(), clock: 0, arrivals: 0 }
    }
}

impl<K: Copy + Eq + Hash, J> Order<K, J> {
    pub(crate) fn len(&self) -> usize {
        self.jobs.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }

    /// Adds a job. A job of the same key that waits already keeps its place and gets the new job.
    pub(crate) fn push(&mut self, key: K, cost: u64, job: J) {
        if let Some(waiting) = self.places.get(&key).and_then(|place| self.jobs.get_mut(place)) {
            waiting.job = job;
            return;
        }
        let cost = cost.max(1);
        let place = Place {
            due: self.clock.saturating_add(cost.saturating_mul(PATIENCE)),
            arrival: self.arrivals,
        };
        self.arrivals += 1;
        self.places.insert(key, place);
        self.jobs.insert(place, Waiting { key, job, cost, since: self.clock });
    }

    /// A caller wants this job: it is due one time its cost earlier, though never before it came.
    pub(crate) fn raise(&mut self, key: &K) {
        let Some(place) = self.places.get_mut(key) else { return };
        let Some(waiting) = self.jobs.remove(place) else { return };
        place.due = place.due.saturating_sub(waiting.cost).max(waiting.since);
        self.jobs.insert(*place, waiting);
    }

    /// The next job.
    pub(crate) fn pop(&mut self) -> Option<J> {
        let overdue = self.jobs.range(..=Place { due: self.clock, arrival: u64::MAX });
        let oldest = overdue.map(|(place, _)| *place).min_by_key(|place| place.arrival);
        let next = oldest.or_else(|| self.jobs.keys().next().copied())?;
        let Waiting { key, job, cost, .. } = self.jobs.remove(&next)?;
        self.places.remove(&key);
        self.clock = self.clock.saturating_add(cost);
        Some(job)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_jobs_come_first() {
        let mut order = Order::new();
        for (key, cost) in [(1, 1_000), (2, 10), (3, 100), (4, 10)] {
            order.push(key, cost, key);
        }
        let all: Vec<_> = std::iter::from_fn(|| order.pop()).collect();
        assert_eq!(all, [2, 4, 3, 1]);
    }

    #[test]
    fn a_large_job_waits_a_bounded_time_however_many_small_ones_come() {
        let mut order = Order::new();
        order.push(0, 1_000, 0);
        let mut work = 0;
        for key in 1.. {
            order.push(key, 10, key);
            order.push(-key, 10, -key);
            match order.pop() {
                Some(0) => break,
                Some(_) => work += 10,
                None => unreachable!("two jobs were pushed"),
            }
        }
        assert!(work <= PATIENCE * 1_000, "{work} of other work came first");
        assert!(work > 1_000, "small jobs did not come first");
    }

    #[test]
    fn a_job_that_is_wanted_comes_before_others_of_its_size() {
        let mut order = Order::new();
        for key in 0..4 {
            order.push(key, 100, key);
        }
        order.raise(&2);
        order.raise(&7);
        assert_eq!(order.pop(), Some(2));
        for _ in 0..100 {
            order.raise(&3);
        }
        order.push(8, 1, 8);
        assert_eq!(order.pop(), Some(3), "it is due since it came, before any that came later");
        assert_eq!([order.pop(), order.pop(), order.pop()], [Some(8), Some(0), Some(1)]);
        assert_eq!((order.pop(), order.len()), (None, 0));
    }

    #[test]
    fn a_key_waits_once() {
        let mut order = Order::new();
        order.push('a', 10, 1);
        order.push('a', 10, 2);
        assert_eq!((order.len(), order.pop(), order.pop()), (1, Some(2), None));
        order.push('a', 10, 3);
        assert_eq!((order.pop(), order.is_empty()), (Some(3), true));
    }
}
