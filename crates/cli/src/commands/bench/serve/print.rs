//! The tables for people.

use super::Report;
use super::capacity::Capacity;
use super::half::Half;
use super::overload::Overload;
use super::remote::Remote;
use super::single::Single;
use super::tally::{Answers, Latency};
use crate::failure::Failure;
use crate::output;

pub(super) fn print(report: &Report) -> Result<(), Failure> {
    output::line(format_args!("{}, {}", report.machine, report.isa))?;
    output::line(format_args!(
        "{} ({:.1} on average); cache: {}\n",
        report.texts, report.tokens_each, report.cache
    ))?;
    if let Some(load) = &report.single {
        single(load)?;
    }
    if let Some(load) = &report.capacity {
        capacity(load)?;
    }
    if let Some(loads) = &report.half {
        half(loads)?;
    }
    if let Some(load) = &report.overload {
        overload(load)?;
    }
    if let Some(load) = &report.cached {
        output::line("\none text again and again on one connection, from the cache")?;
        output::table(&[("  over HTTP", latency(Some(load.http)))])?;
    }
    Ok(())
}

fn single(single: &Single) -> Result<(), Failure> {
    output::line("one query after the other on one connection, beside this process")?;
    output::table(&[
        ("  over HTTP", latency(Some(single.http))),
        ("  in process", latency(Some(single.in_process))),
        ("  p50 above", format!("{:.0} us", single.p50_above_in_process_us)),
        (
            "  wake-ups alone",
            format!(
                "{:.0} us above: a bare echo that computes as long",
                single.wake_ups_alone.p50_us
            ),
        ),
    ])
}

fn capacity(capacity: &Capacity) -> Result<(), Failure> {
    let own = &capacity.in_process;
    output::line(format_args!(
        "\nas much as it answers; this process on {} threads: {:.0}/s, {} us of processor each",
        own.threads,
        own.per_second,
        number(own.cpu_us_each)
    ))?;
    for load in &capacity.over_http {
        output::line(format_args!(
            "  {:>4} connections: {:>6.0}/s, {:.2} of this process's; {} us of processor each, \
             {} above; {}; {}",
            load.connections,
            load.per_second,
            load.of_in_process,
            number(load.server_cpu_us_each),
            number(load.server_cpu_above_in_process_us),
            latency(load.latency),
            answers(&load.answers)
        ))?;
    }
    Ok(())
}

fn half(loads: &[Half]) -> Result<(), Failure> {
    output::line("\nhalf of that, each query at its moment, times from when it was due")?;
    for load in loads {
        output::line(format_args!(
            "  {:>4} connections: {:.0}/s due; {}; sent late by {}; {}; {} us of processor \
             each; {} MB before, {} at most, {} after",
            load.connections,
            load.due_per_second,
            latency(load.latency),
            latency(load.sent_late),
            answers(&load.answers),
            number(load.server_cpu_us_each),
            number(load.resident_mb_before),
            number(load.resident_mb_peak),
            number(load.resident_mb_after)
        ))?;
    }
    Ok(())
}

fn overload(load: &Overload) -> Result<(), Failure> {
    output::line(format_args!(
        "\nten times that for {:.0} s over {} connections{}, {} may wait",
        load.seconds,
        load.connections,
        if load.connections_limited_by_open_files { " (no more files may be open)" } else { "" },
        load.max_queue
    ))?;
    let memory: Vec<String> = load.resident_mb.iter().map(|mb| format!("{mb:.0}")).collect();
    output::table(&[
        ("  due, sent", format!("{:.0}, {:.0}/s", load.due_per_second, load.sent_per_second)),
        ("  sent late", latency(load.sent_late)),
        ("  answered 2xx", format!("{:.0}/s", load.ok_per_second)),
        ("  admitted", latency(load.admitted)),
        ("  refused", latency(load.refused)),
        (
            "  p99 admitted",
            format!(
                "{} of the queue's {:.0} ms",
                load.admitted_p99_of_bound.map_or("-".to_owned(), |part| format!("{part:.2}")),
                load.bound_ms
            ),
        ),
        ("  answers", answers(&load.answers)),
        ("  processor", format!("{} us each", number(load.server_cpu_us_each))),
        ("  memory", format!("{} MB", memory.join(" "))),
    ])
}

pub(super) fn remote(report: &Remote) -> Result<(), Failure> {
    output::table(&[
        ("service", report.url.clone()),
        ("texts", report.texts.to_owned()),
        ("connections", report.connections.to_string()),
        ("answered 2xx", format!("{:.1}/s for {:.0} s", report.per_second, report.seconds)),
        ("latency", latency(report.latency)),
        ("answers", answers(&report.answers)),
    ])
}

fn latency(latency: Option<Latency>) -> String {
    latency.map_or("nothing".to_owned(), |latency| {
        let ms = |us: f64| us / 1e3;
        format!(
            "p50 {:.3}, p99 {:.3}, p99.9 {:.3} ms",
            ms(latency.p50_us),
            ms(latency.p99_us),
            ms(latency.p999_us)
        )
    })
}

pub(super) fn answers(answers: &Answers) -> String {
    let Answers { ok, too_many, unavailable, other, hung, connection_errors, unsent } = answers;
    let kinds = [
        (ok, "2xx"),
        (too_many, "429"),
        (unavailable, "503"),
        (other, "other"),
        (hung, "hung"),
        (connection_errors, "broken connections"),
        (unsent, "never sent"),
    ];
    let some = kinds.into_iter().filter(|(number, _)| **number > 0);
    some.map(|(number, kind)| format!("{number} {kind}")).collect::<Vec<_>>().join(", ")
}

fn number(value: Option<f64>) -> String {
    value.map_or("?".to_owned(), |value| format!("{value:.0}"))
}
