//! Repeated measurements on a machine that does other things too.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use serde::Serialize;

/// Processor time of this process so far, of all its threads.
///
/// Unlike time on the wall it stands still while another program has the processor, so that results
/// hold on a busy machine, and it counts the work of all threads.
pub fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    // a processor time is never negative
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
}

/// Processor times of the same work, measured again and again.
///
/// Noise only ever adds, so the minimum is the best estimate of what the work takes; the distance
/// of the median from it tells how noisy the machine was.
#[derive(Clone, Debug, Default)]
pub struct Samples(Vec<Duration>);

/// A summary of [`Samples`], for reports.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Timing {
    /// The shortest time, in nanoseconds.
    pub min_ns: f64,
    /// How far the median lies above it, as a fraction of it.
    pub spread: f64,
    /// How many samples there were.
    pub samples: usize,
}

impl Samples {
    /// No measurement.
    pub const fn empty() -> Self {
        Self(Vec::new())
    }

    /// Adds one measurement.
    pub fn push(&mut self, sample: Duration) {
        self.0.push(sample);
    }

    /// Does `work` once and adds how long it took.
    pub fn time<R>(&mut self, work: impl FnOnce() -> R) -> R {
        let start = processor_time();
        let result = work();
        self.push(processor_time().saturating_sub(start));
        result
    }

    /// Minimum and spread of a unit of work, of which each sample holds `units`. Without samples
    /// everything is 0.
    pub fn per(&self, units: u32) -> Timing {
        let mut sorted = self.0.clone();
        sorted.sort();
        let at = |index: usize| sorted.get(index).map_or(0.0, |time| time.as_nanos() as f64);
        let (min, median) = (at(0), at(sorted.len() / 2));
        Timing {
            min_ns: min / f64::from(units.max(1)),
            spread: if min > 0.0 { median / min - 1.0 } else { 0.0 },
            samples: sorted.len(),
        }
    }

    /// Minimum and spread of one sample.
    pub fn timing(&self) -> Timing {
        self.per(1)
    }
}

/// The geometric mean; `None` of nothing.
pub fn geometric_mean(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let (sum, count) =
        values.into_iter().fold((0.0, 0_u32), |(sum, count), value| (sum + value.ln(), count + 1));
    (count > 0).then(|| (sum / f64::from(count)).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_minimum_is_kept_and_the_median_is_its_distance() {
        let mut samples = Samples::default();
        [30, 10, 20].map(Duration::from_nanos).into_iter().for_each(|time| samples.push(time));
        assert_eq!(samples.per(5), Timing { min_ns: 2.0, spread: 1.0, samples: 3 });
    }

    #[test]
    fn no_samples_are_no_time() {
        assert_eq!(Samples::default().timing(), Timing { min_ns: 0.0, spread: 0.0, samples: 0 });
    }

    #[test]
    fn the_mean_is_geometric() {
        let mean = geometric_mean([1.0, 4.0]).expect("there are values");
        assert!((mean - 2.0).abs() < 1e-12);
        assert_eq!(geometric_mean([]), None);
    }
}
