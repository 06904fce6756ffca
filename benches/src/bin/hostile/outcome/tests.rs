use super::{Outcome, Tally};

/// Who hangs up or sends no HTTP may be closed on; who asked properly is answered.
#[test]
fn closing_on_a_sound_request_is_a_fault_and_on_another_is_none() {
    let mut tally = Tally::default();
    tally.add(0, true, Outcome::Status(400));
    tally.add(0, false, Outcome::Closed);
    tally.add(1, true, Outcome::Status(503));
    assert_eq!(tally.faults(), Vec::<String>::new());
    let mut more = Tally::default();
    more.add(0, true, Outcome::Closed);
    tally.merge(more);
    let faults = tally.faults();
    assert!(faults.len() == 1 && faults[0].contains(": 1 in sound HTTP"), "{faults:?}");
}
