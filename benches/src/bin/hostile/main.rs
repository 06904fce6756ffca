//! Requests that no honest client sends, by the hundred thousand, to a service started for it:
//! `cargo build --release && cargo run --release -p synaptoroute-benches --bin hostile`.
//!
//! It starts the program on a free port of loopback, has a few clients send what `generate`
//! makes up, and falls short (exit 1) if the service ends or panics, answers a 5xx other than
//! 503, leaves anybody without an answer beyond its own timeouts, closes on a sound request without
//! one, or does not work and stop as ever afterwards. Memory is printed for a person to judge.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it prints what it measured")]

mod client;
mod generate;
mod outcome;
mod service;
mod traces;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};

use client::Client;
use generate::{Attack, Dice, KINDS};
use outcome::{Outcome, Tally};
use service::{PATIENCE, Service};

/// Looks at the service's memory while it is under attack.
const LOOKS: u64 = 10;

/// Send hostile requests to a service and see whether it holds
#[derive(Parser)]
struct Args {
    /// The program to start
    #[arg(long, default_value = "target/release/synaptoroute")]
    program: PathBuf,
    /// Routes it serves
    #[arg(long, default_value = "examples/support.yaml")]
    routes: PathBuf,
    /// How many requests
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    requests: u64,
    /// Who sends them, each on a connection of its own at a time
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u64).range(1..=256))]
    clients: u64,
    /// The same requests for the same number
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(faults) if faults.is_empty() => ExitCode::SUCCESS,
        Ok(faults) => {
            faults.iter().for_each(|fault| eprintln!("hostile: {fault}"));
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("hostile: {error}");
            ExitCode::from(3)
        }
    }
}

fn run(args: &Args) -> io::Result<Vec<String>> {
    let service = Service::start(&args.program, &args.routes)?;
    let before = service.resident_mb();
    let bar = ProgressBar::new(args.requests);
    let style = ProgressStyle::with_template("{wide_bar} {pos}/{len} requests, {eta} left");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let next = AtomicU64::new(0);
    let (tally, resent, mut memory) = thread::scope(|scope| {
        let attack = || attack(service.address(), args, &next, &bar);
        let clients: Vec<_> = (0..args.clients).map(|_| scope.spawn(attack)).collect();
        let memory = watch(&service, args.requests, &next);
        let (mut sum, mut resent) = (Tally::default(), 0);
        for client in clients {
            let client = client.join();
            let (tally, again) = client.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            sum.merge(tally);
            resent += again;
        }
        (sum, resent, memory)
    });
    bar.finish_and_clear();
    memory.insert(0, before);
    tally.print();
    let memory: Vec<String> = memory.iter().map(|mb| format!("{mb:.0}")).collect();
    println!("\nsent again, since a connection was closed for being idle: {resent}");
    println!("memory, from before to after: {} MB", memory.join(" "));

    let mut faults = tally.faults();
    let mut honest = Client::new(service.address(), PATIENCE);
    if !matches!(honest.send(&generate::honest()), Outcome::Status(200)) {
        faults.push("an honest query is not answered 200 afterwards".to_owned());
    }
    drop(honest);
    match service.panics() {
        Ok(0) => {}
        Ok(panics) => faults.push(format!("it counts panics in /metrics: {panics}")),
        Err(error) => faults.push(format!("/metrics cannot be read afterwards: {error}")),
    }
    faults.extend(service.stop()?);
    println!("{}", if faults.is_empty() { "it held" } else { "it did not hold" });
    Ok(faults)
}

/// One client, until all requests are sent: what became of them, and how many it sent again.
fn attack(service: SocketAddr, args: &Args, next: &AtomicU64, bar: &ProgressBar) -> (Tally, u64) {
    let mut client = Client::new(service, PATIENCE);
    let mut tally = Tally::default();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= args.requests {
            return (tally, client.resent());
        }
        let kind = (number % KINDS.len() as u64) as usize;
        let attack: Attack = (KINDS[kind].make)(&mut Dice::new(args.seed, number));
        tally.add(kind, attack.sound, client.send(&attack));
        bar.inc(1);
    }
}

/// Memory after each tenth of the requests.
fn watch(service: &Service, requests: u64, next: &AtomicU64) -> Vec<f64> {
    let looks = (1..=LOOKS).map(|look| requests * look / LOOKS);
    looks
        .map(|due| {
            while next.load(Ordering::Relaxed) < due {
                thread::sleep(Duration::from_millis(20));
            }
            service.resident_mb()
        })
        .collect()
}
