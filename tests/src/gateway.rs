//! The communauté's gateway: netd and the gateway program on one host, and the referent in front of it.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::node::Node;
use crate::process::Process;
use crate::referent::Referent;
use crate::wait::until;

/// The domain of the communauté in scenarios.
pub const DOMAIN: &str = "coeur-de-caux.test";

/// Where a town hall finds the intranet.
pub fn intranet() -> String {
    format!("https://intranet.{DOMAIN}")
}

/// Where a referent's machine finds the admin page.
pub fn admin() -> String {
    format!("https://admin.{DOMAIN}:8443")
}

/// The address of the gateway inside the tunnels.
pub const INSIDE: &str = "10.66.0.1";

#[derive(Debug)]
pub struct Gateway {
    pub node: Arc<Node>,
    domain: String,
    netd: Option<Process>,
    gateway: Option<Process>,
}

impl Gateway {
    pub(crate) fn new(node: Arc<Node>, domain: &str) -> Result<Gateway> {
        // In a scenario's namespace there is no user but root, as which both programs then run.
        let config = format!(
            "[community]\nname = \"Cœur de Caux\"\ndomain = \"{domain}\"\n\n[netd]\nuser = \"root\"\n"
        );
        node.write("/etc/beffroi/gateway.toml", &config)?;
        Ok(Gateway { node, domain: domain.to_owned(), netd: None, gateway: None })
    }

    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// Starts both programs.
    pub fn start(&mut self) -> Result<()> {
        self.start_netd()?;
        self.start_gateway()
    }

    /// Offers what this key has signed, from now on.
    pub fn follow(&mut self, release_key: &str) -> Result<()> {
        let settings = self.node.read("/etc/beffroi/gateway.toml")?;
        let updates = format!("\n[updates]\ndirectory = \"/var/lib/releases\"\nkey = \"{release_key}\"\n");
        self.node.write("/etc/beffroi/gateway.toml", &(settings + &updates))?;
        self.kill_gateway()?;
        self.start_gateway()
    }

    pub fn start_netd(&mut self) -> Result<()> {
        self.netd = Some(self.node.spawn("beffroi-netd", ["beffroi-netd"])?);
        Ok(())
    }

    pub fn kill_netd(&mut self) -> Result<()> {
        self.netd.take().context("netd is not running")?.kill()
    }

    /// Starts the gateway program, and waits until its doors are open.
    pub fn start_gateway(&mut self) -> Result<()> {
        let mut gateway = self.node.spawn("beffroi-gateway", ["beffroi-gateway"])?;
        until("the admin page answers", Duration::from_secs(20), || {
            if !gateway.is_running()? {
                anyhow::bail!("beffroi-gateway has ended:\n{}", gateway.log()?);
            }
            Ok(self.node.attempt(["curl", "-sko", "/dev/null", "https://127.0.0.1:8443/"])?.succeeded())
        })?;
        self.gateway = Some(gateway);
        Ok(())
    }

    pub fn kill_gateway(&mut self) -> Result<()> {
        self.gateway.take().context("the gateway is not running")?.kill()
    }

    /// The gateway program, while it runs.
    pub fn program(&mut self) -> Result<&mut Process> {
        self.gateway.as_mut().context("the gateway is not running")
    }

    /// The netd program, while it runs.
    pub fn netd(&mut self) -> Result<&mut Process> {
        self.netd.as_mut().context("netd is not running")
    }

    /// What the first start prints, which makes the first account.
    pub fn set_up_code(&mut self) -> Result<String> {
        let log = self.program()?.log()?;
        let is_code = |word: &&str| word.len() == 19 && word.split('-').all(|group| group.len() == 4);
        let code = log.split_whitespace().find(is_code);
        Ok(code.with_context(|| format!("no set-up code was printed:\n{log}"))?.to_owned())
    }

    /// The referent, whose account is made with the code of the first start.
    pub fn referent(&mut self) -> Result<Referent> {
        let code = self.set_up_code()?;
        let referent = Referent::at_the_server(&self.node)?;
        referent.set_up(&code)?;
        Ok(referent)
    }
}
