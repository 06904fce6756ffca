//! Polynomials for the two transcendental functions of a forward pass.
//!
//! Both take several vectors and advance them in step. A polynomial is one long chain of
//! dependent multiply-adds; evaluated one vector after the other, the chains fill the CPU's
//! scheduler and leave its multipliers idle: GELU of a 12-row tile took 38 cycles a vector
//! that way, four times what the multipliers need (Intel, AVX-512).

use crate::simd::Simd;

/// `2^x` for `x <= 0`; anything below -100 gives `2^-100`, which no softmax can tell from 0.
///
/// Splits `x = n + f` with `|f| <= 1/2`; `2^f` by a minimax polynomial (Lawson's iteration
/// on Chebyshev nodes, relative error 2e-9, below f32's own rounding).
#[inline(always)]
pub(crate) fn exp2<S: Simd, const N: usize>(s: S, x: [S::F; N]) -> [S::F; N] {
    const C: [f32; 7] = [
        1.0,
        std::f32::consts::LN_2,
        0.240_226_48,
        0.055_503_324,
        0.009_618_437,
        0.001_339_887_5,
        0.000_153_533_6,
    ];
    let mut f = x;
    let mut n = [s.splat_i32(0); N];
    for i in 0..N {
        let x = s.max(x[i], s.splat(-100.0));
        n[i] = s.round(x);
        f[i] = s.sub(x, s.to_f32(n[i]));
    }
    let mut p = polynomial(s, &C, f);
    for i in 0..N {
        p[i] = s.scale_by_power_of_two(p[i], n[i]);
    }
    p
}

/// GELU by the error function, `x/2 * (1 + erf(x / sqrt 2))`.
///
/// Absolute error: 2e-5 up to 4.25, 1.5e-4 at 12; the 8-bit step of the rows it feeds is about
/// 1e-2.
#[inline(always)]
pub(crate) fn gelu<S: Simd, const N: usize>(s: S, x: [S::F; N]) -> [S::F; N] {
    let mut y = erf_of_root_half(s, x);
    for i in 0..N {
        let half = s.mul(x[i], s.splat(0.5));
        y[i] = s.mul_add(half, y[i], half);
    }
    y
}

/// [`gelu`] and its derivative, `(1 + erf(x / sqrt 2)) / 2 + x exp(-x^2 / 2) / sqrt(2 pi)`.
#[inline(always)]
pub(crate) fn gelu_and_slope<S: Simd, const N: usize>(s: S, x: [S::F; N]) -> [(S::F, S::F); N] {
    const FACTOR: f32 = -0.5 * std::f32::consts::LOG2_E;
    const DENSITY: f32 = 0.398_942_3; // 1 / sqrt(2 pi)
    let erf = erf_of_root_half(s, x);
    let mut exponents = x;
    for i in 0..N {
        exponents[i] = s.mul(s.mul(x[i], x[i]), s.splat(FACTOR));
    }
    let density = exp2(s, exponents);
    let mut out = [(x[0], x[0]); N];
    for i in 0..N {
        let half = s.splat(0.5);
        let share = s.mul_add(erf[i], half, half);
        let rise = s.mul(x[i], s.mul(density[i], s.splat(DENSITY)));
        out[i] = (s.mul(x[i], share), s.add(share, rise));
    }
    out
}

/// `erf(x / sqrt 2)` is `x * P(x^2)` on |x| <= 4.25 and constant beyond; P is the minimax
/// fit (Lawson's iteration on Chebyshev nodes, error weighted as GELU sees it).
#[inline(always)]
fn erf_of_root_half<S: Simd, const N: usize>(s: S, x: [S::F; N]) -> [S::F; N] {
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
    let (bounded, square) = bounded_and_squared(s, x, LIMIT);
    let mut p = polynomial(s, &C, square);
    for i in 0..N {
        p[i] = s.mul(p[i], bounded[i]);
    }
    p
}

/// GELU for what is about to become 8 bits: absolute error 7e-5 rms up to 4 and 7e-4 at most,
/// where one step of the codes is about 1e-2.
///
/// `x (1/2 + b P(b^2))` with `b` the bounded `x`; P by Lawson's iteration as for [`gelu`], held
/// to a half at the bound. Three fifths of that one's operations.
#[inline(always)]
pub(crate) fn gelu_coarse<S: Simd, const N: usize>(s: S, x: [S::F; N]) -> [S::F; N] {
    const LIMIT: f32 = 3.75;
    const C: [f32; 7] = [
        0.398_648_6,
        -0.065_610_245,
        0.009_252_821,
        -0.000_917_107_04,
        5.915_199_3e-5,
        -2.196_027_5e-6,
        3.521_971_7e-8,
    ];
    let (bounded, square) = bounded_and_squared(s, x, LIMIT);
    let mut p = polynomial(s, &C, square);
    for i in 0..N {
        p[i] = s.mul(x[i], s.mul_add(p[i], bounded[i], s.splat(0.5)));
    }
    p
}

/// `x` kept within `-limit..=limit`, and the square of that.
#[inline(always)]
fn bounded_and_squared<S: Simd, const N: usize>(
    s: S,
    x: [S::F; N],
    limit: f32,
) -> ([S::F; N], [S::F; N]) {
    let (mut bounded, mut square) = (x, x);
    for i in 0..N {
        bounded[i] = s.min(s.max(x[i], s.splat(-limit)), s.splat(limit));
        square[i] = s.mul(bounded[i], bounded[i]);
    }
    (bounded, square)
}

/// `c[0] + c[1] x + c[2] x^2 ...`, by Horner's rule.
#[inline(always)]
fn polynomial<S: Simd, const N: usize>(s: S, c: &[f32], x: [S::F; N]) -> [S::F; N] {
    let (last, others) = c.split_last().expect("a polynomial has a coefficient");
    let mut p = [s.splat(*last); N];
    for c in others.iter().rev() {
        let c = s.splat(*c);
        for (p, x) in p.iter_mut().zip(x) {
            *p = s.mul_add(*p, x, c);
        }
    }
    p
}
