use super::*;

#[test]
fn finds_the_minimum_of_an_ill_conditioned_bowl() {
    let scales: Vec<f64> = (0..50).map(|i| 1.0 + 40.0 * f64::from(i)).collect();
    let mut x = vec![0.0_f32; 50];
    minimise(&mut x, Stop { steps: 200, gradient: 1e-7 }, |x, gradient| {
        let mut value = 0.0;
        for ((&x, gradient), scale) in x.iter().zip(gradient).zip(&scales) {
            let away = f64::from(x) - 3.0;
            value += 0.5 * scale * away * away;
            *gradient = (scale * away) as f32;
        }
        Some(value)
    });
    assert!(x.iter().all(|x| (x - 3.0).abs() < 1e-3), "{x:?}");
}

#[test]
fn stops_where_it_is_told_to() {
    let mut x = vec![5.0_f32];
    let mut calls = 0;
    minimise(&mut x, Stop { steps: 100, gradient: 0.0 }, |x, gradient| {
        calls += 1;
        gradient[0] = x[0];
        (calls < 3).then(|| f64::from(x[0] * x[0]) / 2.0)
    });
    assert_eq!(calls, 3);
}
