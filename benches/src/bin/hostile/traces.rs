//! What a panic leaves behind: a line in the log, and one more on the service's own count.
//!
//! Its caller may have gone by then, and so nobody may have seen an answer to it.

/// What stands in such a line: of the service's own hook, and of the one it puts that in place
/// of, which is there until the service has begun to log.
const SIGNS: [&str; 2] = ["a panic; please report it", "panicked at"];

/// What the service counts them under in `/metrics`.
const COUNT: &str = "synaptoroute_panics_total";

/// The lines of a log that tell of a panic.
pub(crate) fn told(log: &str) -> Vec<String> {
    let tells = |line: &&str| SIGNS.iter().any(|sign| line.contains(sign));
    log.lines().filter(tells).map(str::to_owned).collect()
}

/// How many a page of metrics counts; none where it does not say.
pub(crate) fn counted(page: &str) -> Option<u64> {
    let samples = page.lines().filter_map(|line| line.split_once(' '));
    let mut found = samples.filter(|(name, _)| *name == COUNT);
    found.next()?.1.trim().parse().ok()
}

#[cfg(test)]
mod tests;
