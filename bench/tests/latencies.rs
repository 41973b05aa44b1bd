//! The probe of latencies runs on every engine. A process of its own, since it counts the memory of the
//! process.
#![allow(clippy::unwrap_used, reason = "tests fail by panics")]

use bessemer_bench::contender::Contender;
use bessemer_bench::latency;

#[test]
fn all_engines_can_be_probed() {
    for contender in Contender::GUESTS {
        let latencies = latency::measure(contender, 1).unwrap();
        for timing in [
            latencies.guest_call,
            latencies.instantiate,
            latencies.pause,
            latencies.warm,
            latencies.cold,
            latencies.other,
        ] {
            assert!(timing.min_ns > 0.0, "nothing was measured: {latencies:?}");
        }
        // an instance that has run has more than one page of its own
        assert!(latencies.idle.resident > 4096.0, "{latencies:?}");
    }
}
