//! What the disk takes by itself.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use super::super::quantiles::Quantiles;
use crate::failure::Failure;

/// Enough for a median, on a slow disk done in a few seconds.
const WRITES: usize = 200;

/// 4 KB appended to a file of this folder and waited for, over and over.
pub(super) fn bare_commits(folder: &Path) -> Result<Quantiles, Failure> {
    let path = folder.join("bare");
    let failed = |source| Failure::Write { path: path.clone(), source };
    let mut file = File::create(&path).map_err(failed)?;
    let mut times = Vec::with_capacity(WRITES);
    for _ in 0..WRITES {
        let begun = Instant::now();
        file.write_all(&[0x5a; 4096]).map_err(failed)?;
        file.sync_data().map_err(failed)?;
        times.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    Ok(Quantiles::of(&mut times))
}
