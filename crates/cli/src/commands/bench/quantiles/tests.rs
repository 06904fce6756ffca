use super::Quantiles;

#[test]
fn quantiles_do_not_depend_on_the_order_of_times() {
    let hundred_and_one = |n: usize| (n * 37 % 101) as f64;
    let mut times: Vec<f64> = (0..101).map(hundred_and_one).collect();
    let expected = Quantiles { min_ms: 0.0, p50_ms: 50.0, p99_ms: 99.0 };
    assert_eq!(Quantiles::of(&mut times), expected);
}

#[test]
fn one_time_is_all_quantiles() {
    let expected = Quantiles { min_ms: 2.5, p50_ms: 2.5, p99_ms: 2.5 };
    assert_eq!(Quantiles::of(&mut [2.5]), expected);
}
