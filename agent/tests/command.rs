//! The program as it is typed: what it says, and its exit code. Nothing here needs a network.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

/// A machine with a configuration and a state folder of its own.
struct Machine {
    dir: TempDir,
}

impl Machine {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().display();
        let config =
            format!("state = \"{path}/state\"\nsocket = \"{path}/agent.sock\"\nhosts = \"{path}/hosts\"\n");
        fs::write(dir.path().join("agent.toml"), config).expect("a writable folder");
        Self { dir }
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    /// The exit code, and everything that was printed.
    fn agent(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let run = Command::new(env!("CARGO_BIN_EXE_beffroi-agent"))
            .arg("--config")
            .arg(self.path().join("agent.toml"))
            .args(arguments)
            .output();
        let Output { status, stdout, stderr } = run.expect("the program starts");
        (status.code(), String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned())
    }
}

fn check(machine: &Machine, arguments: &[&str], code: i32, told: &str) {
    let (exit, text) = machine.agent(arguments);
    assert_eq!(exit, Some(code), "{arguments:?}: {text}");
    assert!(text.contains(told), "{arguments:?}: {text}");
}

#[test]
fn help_and_version_are_given() {
    let machine = Machine::new();
    check(&machine, &["--help"], 0, "beffroi-agent join");
    check(&machine, &["--version"], 0, env!("CARGO_PKG_VERSION"));
}

#[test]
fn what_is_not_a_command_exits_64_and_shows_the_commands() {
    let machine = Machine::new();
    check(&machine, &[], 64, "beffroi-agent status");
    check(&machine, &["jion"], 64, "« jion »");
}

#[test]
fn a_wrong_configuration_exits_78_and_is_explained() {
    let machine = Machine::new();
    fs::write(machine.path().join("agent.toml"), "hosts = \"hosts\"\n").expect("a writable folder");
    for command in ["status", "run"] {
        check(&machine, &[command], 78, "hosts = \"hosts\"");
    }
}

#[test]
fn a_damaged_state_exits_78_and_stays_as_it_is() {
    let machine = Machine::new();
    let state = machine.path().join("state/state.json");
    fs::create_dir(machine.path().join("state")).expect("a writable folder");
    fs::write(&state, "{\"version\": 1, \"stage\": \"joi").expect("a writable folder");
    check(&machine, &["status"], 78, "abîmé");
    assert_eq!(fs::read_to_string(&state).expect("it is there"), "{\"version\": 1, \"stage\": \"joi");
}

#[test]
fn a_machine_that_has_not_joined_says_so() {
    let machine = Machine::new();
    check(&machine, &["status"], 1, "n’est pas raccordé");
    let (_, json) = machine.agent(&["status", "--json"]);
    assert!(json.contains("\"stage\": \"alone\"") && json.contains("\"running\": false"), "{json}");
}
