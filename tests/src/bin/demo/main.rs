//! `make demo`: a gateway and three town halls on this machine, joined before your eyes.
//!
//! The program is there twice. Outside, on the machine, it holds the ports that a browser opens; inside, in namespaces
//! of its own, it runs the world. When the outer one ends, the kernel ends everything inside.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "what is printed is what the demo is for")]

mod story;

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use beffroi_tests::{until, window};
use tokio::signal::unix::{SignalKind, signal};

/// Browsers take every name below `localhost` for this machine.
pub(crate) const DOMAIN: &str = "beffroi.localhost";

/// The ports on this machine at which the pages are opened.
const PORTAL_PORT: u16 = 8442;
const ADMIN_PORT: u16 = 8443;

/// Building is not counted.
const PATIENCE: Duration = Duration::from_secs(120);

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments[..] {
        [] => outside(Wish::Look),
        ["--check"] => outside(Wish::Check),
        ["--inside", folder] => story::tell(Path::new(folder)),
        _ => {
            eprintln!("usage: demo [--check]");
            return ExitCode::from(64);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nFAILED {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Wish {
    /// See each step, and stop.
    Check,
    /// The same, then look around in a browser until Ctrl-C.
    Look,
}

/// What the inner program leaves for the outer one in the folder that both know.
pub(crate) struct Places(pub(crate) PathBuf);

impl Places {
    pub(crate) fn portal(&self) -> PathBuf {
        self.0.join("portal")
    }

    pub(crate) fn admin(&self) -> PathBuf {
        self.0.join("admin")
    }

    /// The certificate of the communauté's authority. It is there when everything is.
    pub(crate) fn authority(&self) -> PathBuf {
        self.0.join("authority.pem")
    }
}

fn outside(wish: Wish) -> Result<()> {
    // In /tmp, because the path of a Unix socket has room for 108 bytes.
    let folder = tempfile::Builder::new().prefix("beffroi-demo-").tempdir_in("/tmp")?;
    let places = Places(folder.path().to_owned());
    window::outside(listen(PORTAL_PORT)?, places.portal());
    window::outside(listen(ADMIN_PORT)?, places.admin());

    let enter = Path::new(env!("CARGO_MANIFEST_DIR")).join("enter");
    let mut inside = Command::new(enter)
        .arg(std::env::current_exe()?)
        .args([Path::new("--inside"), folder.path()])
        .spawn()
        .context("cannot enter the namespaces")?;
    let told = until("the town halls have joined", PATIENCE, || {
        Ok(places.authority().exists() || inside.try_wait()?.is_some())
    });
    let told = told.and_then(|_| look(&places));
    if told.is_ok() && wish == Wish::Look {
        invite();
        look_around(&mut inside)?;
    }
    // The first process of the namespaces ends with it, and everything in them with that one.
    inside.kill()?;
    inside.wait()?;
    told
}

/// Until Ctrl-C, a polite kill, or the end of everything inside.
fn look_around(inside: &mut Child) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (mut interrupt, mut terminate) =
            (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        while inside.try_wait()?.is_none() {
            tokio::select! {
                _ = interrupt.recv() => break,
                _ = terminate.recv() => break,
                () = tokio::time::sleep(Duration::from_millis(500)) => {}
            }
        }
        Ok(())
    })
}

fn listen(port: u16) -> Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .with_context(|| format!("port {port} of this machine is not free"))
}

fn portal() -> String {
    format!("https://intranet.{DOMAIN}:{PORTAL_PORT}/")
}

fn admin() -> String {
    format!("https://admin.{DOMAIN}:{ADMIN_PORT}/")
}

/// What a browser on this machine will do.
fn look(places: &Places) -> Result<()> {
    ensure!(places.authority().exists(), "the demo has ended before its end");
    for url in [portal(), admin()] {
        let curl = Command::new("curl")
            .args(["-sS", "--noproxy", "*", "-m", "20", "-o", "/dev/null", "-w", "%{http_code}", "--cacert"])
            .arg(places.authority())
            .arg("-L")
            .arg(&url)
            .output()?;
        let status = String::from_utf8_lossy(&curl.stdout).into_owned();
        if status != "200" {
            bail!("{url} answers {status} {}", String::from_utf8_lossy(&curl.stderr));
        }
        println!("  ok  {url} opens on this machine");
    }
    Ok(())
}

fn invite() {
    println!("\nOpen in a browser on this machine (it does not know the authority, and warns once):\n");
    println!("  portal, as the first town hall sees it:  {}", portal());
    println!("  admin page, as the server shows it:      {}", admin());
    println!("\nCtrl-C ends everything.");
}
