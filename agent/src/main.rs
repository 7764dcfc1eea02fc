//! `beffroi-agent`: see the library, and `beffroi-agent --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    beffroi_agent::command::execute(std::env::args_os().skip(1))
}
