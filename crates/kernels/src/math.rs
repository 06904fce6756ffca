//! Polynomials for the two transcendental functions of a forward pass.

use crate::simd::Simd;

/// `2^x` for `x <= 0`; anything below -100 gives `2^-100`, which no softmax can tell from 0.
///
/// Splits `x = n + f` with `|f| <= 1/2`; `2^f` by a minimax polynomial (Lawson's iteration
/// on Chebyshev nodes, relative error 2e-9, below f32's own rounding).
#[inline(always)]
pub(crate) fn exp2<S: Simd>(s: S, x: S::F) -> S::F {
    const C: [f32; 7] = [
        1.0,
        std::f32::consts::LN_2,
        0.240_226_48,
        0.055_503_324,
        0.009_618_437,
        0.001_339_887_5,
        0.000_153_533_6,
    ];
    let x = s.max(x, s.splat(-100.0));
    let n = s.round(x);
    let f = s.sub(x, s.to_f32(n));
    let mut p = s.splat(C[6]);
    for c in C[..6].iter().rev() {
        p = s.mul_add(p, f, s.splat(*c));
    }
    s.scale_by_power_of_two(p, n)
}

/// GELU by the error function, `x/2 * (1 + erf(x / sqrt 2))`.
///
/// `erf(x / sqrt 2)` is `x * P(x^2)` on |x| <= 4.25 and constant beyond; P is the minimax
/// fit (Lawson's iteration on Chebyshev nodes, error weighted as GELU sees it). Absolute
/// error of GELU: 2e-5 up to 4.25, 1.5e-4 at 12; the 8-bit step of the rows it feeds is
/// about 1e-2.
#[inline(always)]
pub(crate) fn gelu<S: Simd>(s: S, x: S::F) -> S::F {
    const LIMIT: f32 = 4.25;
    const C: [f32; 10] = [
        0.797_827_96,
        -0.132_816,
        0.019_779_911,
        -0.002_289_485_2,
        0.000_205_371_6,
        -1.399_159_6e-5,
        6.930_037e-7,
        -2.326_204e-8,
        4.686_98e-10,
        -4.249_955e-12,
    ];
    let bounded = s.min(s.max(x, s.splat(-LIMIT)), s.splat(LIMIT));
    let square = s.mul(bounded, bounded);
    let mut p = s.splat(C[9]);
    for c in C[..9].iter().rev() {
        p = s.mul_add(p, square, s.splat(*c));
    }
    let erf = s.mul(p, bounded);
    let half = s.mul(x, s.splat(0.5));
    s.mul_add(half, erf, half)
}
