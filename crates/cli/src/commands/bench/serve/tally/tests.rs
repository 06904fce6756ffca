use std::time::Duration;

use super::{LONGEST, Tally, Times};

/// A histogram that grows by itself does not when told to saturate: every time was 2 ns.
#[test]
fn times_come_out_as_they_went_in() {
    let mut times = Times::new();
    for milliseconds in 1..=1000 {
        times.add(Duration::from_millis(milliseconds));
    }
    times.add(Duration::MAX);
    let latency = times.latency().expect("there are some");
    for (found, expected) in
        [(latency.p50_us, 500e3), (latency.p99_us, 990e3), (latency.max_us, LONGEST as f64 / 1e3)]
    {
        assert!((found / expected - 1.0).abs() < 0.003, "{found} for {expected}");
    }
}

#[test]
fn turns_add_up() {
    let (mut one, mut another) = (Tally::new(), Tally::new());
    one.answer(200, Duration::from_millis(2), true);
    one.answer(429, Duration::from_millis(1), true);
    another.answer(200, Duration::from_millis(4), false);
    another.answer(503, Duration::from_millis(9), true);
    one.merge(&another);
    assert_eq!((one.answers.ok, one.answers.answered(), one.ok_in_time), (2, 4, 1));
    let [admitted, refused] =
        [&one.admitted, &one.refused].map(|times| times.latency().expect("there are some").max_us);
    assert!((4000.0..4010.0).contains(&admitted) && (9000.0..9020.0).contains(&refused));
}
