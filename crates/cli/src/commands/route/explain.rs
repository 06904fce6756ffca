//! Why a decision came out as it did, for people.

use serde::Deserialize;
use synaptoroute::CutSource;

use crate::failure::Failure;
use crate::output;

/// What people see of an explanation.
#[derive(Deserialize)]
pub(super) struct Explanation {
    summary: String,
    would_change: Vec<String>,
    candidates: Vec<Candidate>,
}

#[derive(Deserialize)]
struct Candidate {
    route: String,
    score: f64,
    behind: f64,
    confidence: f64,
    threshold: f64,
    threshold_source: Source,
    score_threshold: Option<f64>,
    refused: Option<String>,
    negative: Option<f64>,
    evidence: Vec<Part>,
}

/// As [`CutSource`], and what a later server may say.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Source {
    Route,
    FittedRoute,
    Fitted,
    Default,
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Part {
    evidence: String,
    value: Option<f64>,
    weight: Option<f64>,
    contribution: f64,
    confidence_contribution: f64,
}

impl Source {
    fn words(&self) -> &'static str {
        match self {
            Self::Route => CutSource::Route.describe(),
            Self::FittedRoute => CutSource::FittedRoute.describe(),
            Self::Fitted => CutSource::Fitted.describe(),
            Self::Default => CutSource::Default.describe(),
            Self::Other => "of a kind this version does not know",
        }
    }
}

pub(super) fn print(explanation: &Explanation) -> Result<(), Failure> {
    output::line("")?;
    output::line(format_args!("  {}", explanation.summary))?;
    explanation.candidates.iter().try_for_each(candidate)?;
    if explanation.would_change.is_empty() {
        return Ok(());
    }
    output::line("")?;
    output::line("  each of these by itself would change it:")?;
    explanation
        .would_change
        .iter()
        .try_for_each(|change| output::line(format_args!("    - {change}")))
}

fn candidate(candidate: &Candidate) -> Result<(), Failure> {
    let behind = match candidate.behind {
        behind if behind > 0.0 => format!(", {behind:.3} behind the first"),
        _ => String::new(),
    };
    let refused = candidate.refused.as_ref();
    let refused = refused.map_or(String::new(), |why| format!("; {}", why.replace('_', " ")));
    output::line("")?;
    output::line(format_args!(
        "  {}: score {:.3}{behind}; confidence {:.3}, threshold {:.3} ({}){refused}",
        candidate.route,
        candidate.score,
        candidate.confidence,
        candidate.threshold,
        candidate.threshold_source.words(),
    ))?;
    table(&candidate.evidence)?;
    if let Some(cut) = candidate.score_threshold {
        output::line(format_args!("    the route's score_threshold on nearest is {cut:.3}"))?;
    }
    if let Some(negative) = candidate.negative {
        output::line(format_args!("    the most similar negative is at cosine {negative:.3}"))?;
    }
    Ok(())
}

/// The sums are the score, and what confidence is made of.
fn table(parts: &[Part]) -> Result<(), Failure> {
    let number = |number: Option<f64>| number.map_or("-".to_owned(), |n| format!("{n:.3}"));
    let head = ["evidence", "value", "weight", "in the score", "in confidence"].map(str::to_owned);
    let row = |part: &Part| {
        let weight = part.weight.map_or("-".to_owned(), |weight| format!("{weight:.4}"));
        let (score, sum) = (Some(part.contribution), Some(part.confidence_contribution));
        [part.evidence.clone(), number(part.value), weight, number(score), number(sum)]
    };
    let rows: Vec<[String; 5]> = [head].into_iter().chain(parts.iter().map(row)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let widths: [usize; 5] = std::array::from_fn(width);
    rows.iter().try_for_each(|[name, value, weight, score, sum]| {
        let [a, b, c, d, e] = widths;
        output::line(format_args!(
            "    {name:a$}  {value:>b$}  {weight:>c$}  {score:>d$}  {sum:>e$}"
        ))
    })
}
