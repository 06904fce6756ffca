use super::{count, moment, one_line};

#[test]
fn moments_are_those_of_the_calendar() {
    // As `date -u -d @SECONDS` has them.
    let cases = [
        (0, "1970-01-01 00:00:00"),
        (951_782_399, "2000-02-28 23:59:59"),
        (951_782_400, "2000-02-29 00:00:00"),
        (951_868_800, "2000-03-01 00:00:00"),
        (1_709_164_800, "2024-02-29 00:00:00"),
        (1_735_689_599, "2024-12-31 23:59:59"),
        (1_735_689_600, "2025-01-01 00:00:00"),
        (4_107_542_400, "2100-03-01 00:00:00"),
    ];
    for (seconds, shown) in cases {
        assert_eq!(moment(seconds * 1_000 + 999), shown);
    }
}

#[test]
fn a_text_stays_on_its_line() {
    assert_eq!(one_line("what\nnow\u{1b}[31m"), "what\\nnow\\u{1b}[31m");
    assert_eq!(one_line("où est ma facture \"5\"?"), "où est ma facture \"5\"?");
}

#[test]
fn one_is_not_many() {
    assert_eq!([0, 1, 2].map(|n| count(n, "route")), ["0 routes", "1 route", "2 routes"]);
}
