use super::{Ahead, norm};
use super::{BLOCK_ROWS, LANES, MOST_WIDTH, PREFETCH_AHEAD, ScanQuery, block, block_len, query};
use crate::{AlignedVec, Isa, Kernels};

/// Numbers from -1 to 1, from one seed.
fn noise(seed: u64, len: usize) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..len).map(|_| next()).collect()
}

fn unit(x: &[f64]) -> Vec<f32> {
    let norm = x.iter().map(|x| x * x).sum::<f64>().sqrt();
    x.iter().map(|x| (x / norm) as f32).collect()
}

fn unit_noise(seed: u64, width: usize) -> Vec<f32> {
    unit(&noise(seed, width).into_iter().map(f64::from).collect::<Vec<_>>())
}

fn signs(seed: u64, width: usize) -> Vec<f32> {
    unit(&noise(seed, width).iter().map(|x| f64::from(x.signum())).collect::<Vec<_>>())
}

fn codes(block: &[i8], width: usize, slot: usize) -> Vec<i64> {
    let at = |i: usize| (i / 4) * 4 * BLOCK_ROWS + 4 * slot + i % 4;
    (0..width).map(|i| i64::from(block[at(i)])).collect()
}

fn query_codes(query: &ScanQuery) -> Vec<i64> {
    let of = |[high, low]: &[[u8; 4]; 2]| {
        [0, 1, 2, 3].map(|k| (i64::from(high[k]) << 7) + i64::from(low[k]) - (1 << 13))
    };
    query.planes().iter().flat_map(of).collect()
}

/// One row's bounds, by a loop over integers and then the steps of the scan.
fn naive(query: &ScanQuery, block: &[i8], slot: usize) -> [f32; 2] {
    let width = query.width();
    let numbers = block::Numbers::of(&block[BLOCK_ROWS * width..]);
    let (part, lane) = (slot / LANES, slot % LANES);
    let codes = codes(block, width, slot);
    let product: i64 = query_codes(query).iter().zip(&codes).map(|(q, c)| q * c).sum();
    let scale = query.scale * numbers.scales(part)[lane];
    let near = product as f32 * scale;
    let across = (near * query::LEAST_SHARE).mul_add(-near, query.square).sqrt();
    let width = across * numbers.errors(part)[lane] + query.margin;
    [near - width, near + width]
}

fn scanned(kernels: &Kernels, query: &ScanQuery, blocks: &[i8], next: &[i8]) -> [Vec<f32>; 2] {
    let rows = blocks.len() / block_len(query.width()) * BLOCK_ROWS;
    let [mut lower, mut upper] = [0; 2].map(|_| vec![0.0; rows]);
    kernels.scan(query, blocks, next, &mut lower, &mut upper);
    [lower, upper]
}

fn every() -> impl Iterator<Item = Kernels> {
    Isa::available().map(|isa| Kernels::new(isa).expect("available"))
}

/// Also where all codes are the largest there are, of one sign or of both.
#[test]
fn integers_are_those_of_a_naive_loop() {
    for width in [16, 32, 48, 384, 768, MOST_WIDTH] {
        let one_sign = vec![(width as f32).sqrt().recip(); width];
        let queries = [one_sign.clone(), signs(1, width), unit_noise(2, width)];
        for kernels in every() {
            let mut block = AlignedVec::<i8>::zeroed(block_len(width));
            for slot in 0..BLOCK_ROWS - 1 {
                let row = match slot {
                    0 => one_sign.clone(),
                    1 => one_sign.iter().map(|x| -x).collect(),
                    2..10 => signs(slot as u64, width),
                    _ => unit_noise(slot as u64, width),
                };
                kernels.put_row(&row, &mut block, slot);
            }
            for query in &queries {
                let query = ScanQuery::new(query);
                let [lower, upper] = scanned(&kernels, &query, &block, &[]);
                for slot in 0..BLOCK_ROWS {
                    let got = [lower[slot], upper[slot]].map(f32::to_bits);
                    let expected = naive(&query, &block, slot).map(f32::to_bits);
                    assert_eq!(got, expected, "{kernels:?}, slot {slot}, width {width}");
                }
            }
        }
    }
}

/// The worst query for a row lies in the plane of its codes and its error. There the bounds
/// hold, and hardly any narrower ones would.
#[test]
fn the_worst_query_meets_the_bounds_and_does_not_pass_them() {
    let (kernels, width) = (Kernels::detect(), 384);
    for seed in 0..200 {
        let row = unit_noise(seed, width);
        let mut block = AlignedVec::<i8>::zeroed(block_len(width));
        kernels.put_row(&row, &mut block, 0);
        let numbers = block::Numbers::of(&block[BLOCK_ROWS * width..]);
        let scale = f64::from(numbers.scales(0)[0]);
        let kept: Vec<f64> =
            codes(&block, width, 0).into_iter().map(|c| scale * c as f64).collect();
        let error: Vec<f64> = row.iter().zip(&kept).map(|(x, k)| f64::from(*x) - k).collect();
        let length = |x: &[f64]| x.iter().map(|x| x * x).sum::<f64>().sqrt();
        let (kept_length, error_length) = (length(&kept), length(&error));
        for cosine in [-0.999_f64, -0.7, 0.0, 0.3, 0.6, 0.9, 0.99, 1.0] {
            let sine = (1.0 - cosine * cosine).sqrt();
            let mixed = kept.iter().zip(&error);
            let query: Vec<f64> =
                mixed.map(|(k, e)| cosine * k / kept_length + sine * e / error_length).collect();
            let query = unit(&query);
            let exact: f64 =
                query.iter().zip(&row).map(|(v, x)| f64::from(*v) * f64::from(*x)).sum();
            let [lower, upper] = scanned(&kernels, &ScanQuery::new(&query), &block, &[]);
            let (lower, upper) = (f64::from(lower[0]), f64::from(upper[0]));
            assert!(lower <= exact && exact <= upper, "{lower} {exact} {upper}");
            let off = exact - (lower + upper) / 2.0;
            if cosine.abs() < 0.95 {
                assert!(off > 0.9 * (upper - lower) / 2.0, "{off} at {cosine}: {lower}, {upper}");
            }
        }
    }
}

#[test]
fn what_comes_next_and_how_blocks_are_cut_into_scans_change_nothing() {
    let (kernels, width, blocks) = (Kernels::detect(), 64, 7);
    let len = block_len(width);
    let mut bytes = AlignedVec::<i8>::zeroed(blocks * len);
    for (index, block) in bytes.chunks_exact_mut(len).enumerate() {
        for slot in 0..BLOCK_ROWS {
            kernels.put_row(&unit_noise((index * 32 + slot) as u64, width), block, slot);
        }
    }
    let query = ScanQuery::new(&unit_noise(999, width));
    let whole = scanned(&kernels, &query, &bytes, &[]);
    for cut in 0..=blocks {
        let (head, tail) = bytes.split_at(cut * len);
        let (head, tail) =
            (scanned(&kernels, &query, head, tail), scanned(&kernels, &query, tail, head));
        for bound in 0..2 {
            assert_eq!([&head[bound][..], &tail[bound]].concat(), whole[bound], "cut at {cut}");
        }
    }
}

#[test]
fn a_slot_written_again_is_as_if_written_once() {
    let (kernels, width) = (Kernels::detect(), 32);
    let [mut once, mut again] = [0; 2].map(|_| AlignedVec::<i8>::zeroed(block_len(width)));
    for slot in 0..BLOCK_ROWS {
        kernels.put_row(&unit_noise(slot as u64, width), &mut once, slot);
        kernels.put_row(&unit_noise(100 + slot as u64, width), &mut again, slot);
    }
    for slot in (0..BLOCK_ROWS).rev() {
        kernels.put_row(&unit_noise(slot as u64, width), &mut again, slot);
    }
    assert_eq!(*once, *again);
}

#[test]
fn vectors_that_the_bounds_do_not_cover_are_refused() {
    let kernels = Kernels::detect();
    for bad in [[1.0; 16], [f32::NAN; 16], [f32::INFINITY; 16], [f32::MAX; 16]] {
        let put = || kernels.put_row(&bad, &mut vec![0; block_len(16)], 0);
        assert!(std::panic::catch_unwind(put).is_err(), "{bad:?}");
        assert!(std::panic::catch_unwind(|| ScanQuery::new(&bad)).is_err(), "{bad:?}");
    }
    assert!(norm(&[[0.25; 16]]) == 1.0);
}

/// Runs of one block and of several, far apart: each line but those of the first page is asked
/// for once.
#[test]
fn all_lines_of_all_runs_are_fetched_ahead() {
    let len = block_len(384);
    let memory = vec![0i8; 12 * len];
    let runs = [&memory[7 * len..12 * len], &memory[..len], &memory[3 * len..4 * len], &[]];
    let mut fetched = Vec::new();
    for pair in runs.windows(2) {
        let mut ahead = Ahead::new(pair[0], pair[1]);
        for _ in 0..pair[0].len() / super::STEP {
            fetched.push(ahead.at.addr());
            ahead.advance();
        }
    }
    let lines =
        runs.iter().flat_map(|run| run.chunks(super::STEP)).map(|line| line.as_ptr().addr());
    let expected: Vec<_> = lines.skip(PREFETCH_AHEAD / super::STEP).collect();
    assert_eq!(fetched[..expected.len()], expected);
}
