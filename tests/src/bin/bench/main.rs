//! `make bench`: measures what has a target, and writes `target/bench/report.json`. With names as arguments, only
//! these.
//!
//! Each measurement runs in a process and in namespaces of its own, one after the other, and hands over its figures as
//! lines of JSON. A new one is a module with a function, and a line of [`MEASUREMENTS`].
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what is printed is what a measurement is for"
)]

mod badline;
mod crowd;
mod links;
mod many;
mod pages;
mod rate;
mod report;
mod store;
mod throughput;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::thread;

use anyhow::{Context, Result, ensure};

use crate::report::Figure;

type Measure = fn() -> Result<Vec<Figure>>;

/// In the order of the report.
const MEASUREMENTS: [(&str, Measure); 13] = [
    ("link.throughput", throughput::measure),
    ("link.22", links::of_all),
    ("link.roam", links::roam),
    ("link.revoke", links::revoke),
    ("link.restart.2000", many::restart),
    ("link.badline", badline::measure),
    ("page.home.weight", pages::weight),
    ("page.home.time", pages::time),
    ("page.home.rate", rate::measure),
    ("gateway.start", many::start),
    ("store.commit.64", store::commit),
    ("store.kill", store::kill),
    ("store.powercut", store::power_cut),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let known = |name: &&str| MEASUREMENTS.iter().any(|(known, _)| known == name);
    let result = match arguments[..] {
        ["--inside", name] => inside(name),
        [] => outside(&MEASUREMENTS.map(|(name, _)| name)),
        _ if arguments.iter().all(known) => outside(&arguments),
        _ => {
            let names = MEASUREMENTS.map(|(name, _)| name).join(" | ");
            eprintln!("usage: bench [{names}]...");
            return ExitCode::from(64);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// What cannot be measured is missing in the report, and makes it fail once the others are in it.
fn outside(names: &[&str]) -> Result<()> {
    let mut figures = Vec::new();
    let mut failed = Vec::new();
    for name in names {
        eprintln!("measuring {name}");
        match measured(name) {
            Ok(measured) => figures.extend(measured),
            Err(error) => failed.push(format!("{name} could not be measured: {error:#}")),
        }
    }
    let file = report_file()?;
    print!("{}", report::write(&figures, &file)?);
    println!("written to {}", file.display());
    ensure!(failed.is_empty(), "{}", failed.join("\n"));
    Ok(())
}

fn measured(name: &str) -> Result<Vec<Figure>> {
    let enter = Path::new(env!("CARGO_MANIFEST_DIR")).join("enter");
    let inside = Command::new(enter)
        .arg(std::env::current_exe()?)
        .args(["--inside", name])
        .stderr(Stdio::inherit())
        .output()
        .context("cannot enter the namespaces")?;
    ensure!(inside.status.success(), "see above");
    let lines = String::from_utf8(inside.stdout)?;
    lines.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
}

fn inside(name: &str) -> Result<()> {
    let (_, measure) =
        MEASUREMENTS.iter().find(|(known, _)| *known == name).context("no such measurement")?;
    // A world is named after its thread.
    let measuring = thread::Builder::new().name(name.to_owned()).spawn(measure)?;
    for figure in measuring.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))? {
        println!("{}", serde_json::to_string(&figure)?);
    }
    Ok(())
}

fn report_file() -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    let target =
        program.ancestors().find(|folder| folder.ends_with("target")).context("not built by cargo")?;
    Ok(target.join("bench/report.json"))
}
