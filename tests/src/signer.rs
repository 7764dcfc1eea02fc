//! Whoever makes releases of the agent: a pair of keys, and what it signs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

#[derive(Debug)]
pub struct Signer {
    private: PathBuf,
    /// As it is written in settings.
    pub public: String,
}

impl Signer {
    /// With a pair of keys of its own, the private one in that file of the folder.
    pub fn new(folder: &Path, name: &str) -> Result<Signer> {
        let private = folder.join(name);
        let make = "openssl genpkey -algorithm ed25519 -out $0 && openssl pkey -in $0 -pubout -outform DER | tail -c 32 | base64";
        let public = shell(make, &[&private])?;
        Ok(Signer { private, public })
    }

    /// Version 900.0.0, for this machine, of whatever the file `program` is.
    pub fn sign(&self, program: &Path, file: &Path) -> Result<()> {
        let sign = Path::new(env!("CARGO_MANIFEST_DIR")).join("../agent/sign");
        fs::create_dir_all(file.parent().context("a file stands in a folder")?)?;
        let architecture = Path::new(std::env::consts::ARCH);
        shell("$0 $1 $2 $3 900.0.0 $4", &[&sign, &self.private, program, file, architecture])?;
        Ok(())
    }
}

fn shell(script: &str, arguments: &[&Path]) -> Result<String> {
    let output = Command::new("bash").args(["-euo", "pipefail", "-c", script]).args(arguments).output()?;
    ensure!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
