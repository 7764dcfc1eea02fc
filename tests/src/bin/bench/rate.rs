//! `page.home.rate`: home pages a second over TLS, rendered for a town hall that was recognised; and the same with
//! Caddy, which serves a file of the same size.
//! `gateway.rss.load`: the most that the gateway program has held in memory meanwhile.
//!
//! Both on one host and without a tunnel: what is compared is the servers. The host itself plays the town hall, whose
//! tunnel address it takes.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use beffroi_tests::{Community, DOMAIN, INSIDE, Node, Process, TownHall, Visitor, until};

use crate::report::Figure;

/// Odd, so that one is in the middle.
const RUNS: usize = 5;
const SECONDS: &str = "-d4s";
const CADDY: &str = "127.0.0.1:8442";
const SOON: Duration = Duration::from_secs(20);

pub(crate) fn measure() -> Result<Vec<Figure>> {
    let mut caux = Community::of(["Alvimare"])?;
    let node = caux.gateway.node.clone();
    become_a_town_hall(&node, &caux.town_halls[0])?;
    let home = format!("https://intranet.{DOMAIN}/");
    let page = Visitor::new(&node, home.trim_end_matches('/'))?.with(&["-k"]).visit("/")?;
    ensure!(page.html.contains("Alvimare"), "the page is not a town hall's:\n{}", page.html);

    let _caddy = caddy(&node, &page.html)?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        // With its port: a host of the rig knows no port by its name.
        ours.push(requests(&node, &format!("https://intranet.{DOMAIN}:443/"))?);
        theirs.push(requests(&node, &format!("https://{CADDY}/"))?);
    }
    let peak = peak(caux.gateway.program()?.pid())?;
    Ok(vec![
        Figure::new("page.home.rate", "per s", ours).against("Caddy", theirs),
        Figure::new("gateway.rss.load", "MiB", vec![peak]),
    ])
}

/// From now on the host speaks to the gateway's tunnel address from that of the town hall.
fn become_a_town_hall(node: &Node, town_hall: &TownHall) -> Result<()> {
    let own = town_hall.tunnel_addresses()?[0];
    node.ip(&format!("address add {own}/32 dev lo"))?;
    node.ip(&format!("route replace local {INSIDE} dev lo table local proto kernel scope host src {own}"))?;
    node.write("/etc/hosts", &format!("127.0.0.1 localhost\n{INSIDE} intranet.{DOMAIN}\n"))
}

/// Caddy with a key of the same kind as ours, and one file.
fn caddy(node: &Node, body: &str) -> Result<Process> {
    node.write("/var/lib/caddy/site/index.html", body)?;
    // A host of the rig has no settings of OpenSSL.
    node.write("/var/lib/caddy/openssl.cnf", "[req]\ndistinguished_name = name\n[name]\n")?;
    node.run([
        "openssl",
        "req",
        "-config",
        "/var/lib/caddy/openssl.cnf",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-subj",
        "/CN=caddy",
        "-addext",
        "subjectAltName=IP:127.0.0.1",
        "-keyout",
        "/var/lib/caddy/key.pem",
        "-out",
        "/var/lib/caddy/certificate.pem",
    ])?;
    let site =
        "tls /var/lib/caddy/certificate.pem /var/lib/caddy/key.pem\nroot * /var/lib/caddy/site\nfile_server";
    node.write(
        "/var/lib/caddy/Caddyfile",
        &format!("{{\n\tadmin off\n\tauto_https off\n}}\nhttps://{CADDY} {{\n{site}\n}}\n"),
    )?;
    let mut caddy = node
        .spawn("caddy", ["caddy", "run", "--config", "/var/lib/caddy/Caddyfile", "--adapter", "caddyfile"])?;
    until("Caddy answers", SOON, || {
        ensure!(caddy.is_running()?, "Caddy has ended:\n{}", caddy.log()?);
        Ok(node.attempt(["curl", "-skfo", "/dev/null", &format!("https://{CADDY}/")])?.succeeded())
    })?;
    Ok(caddy)
}

/// A second, over 64 connections that stay.
fn requests(node: &Node, url: &str) -> Result<f64> {
    let report = node.run(["wrk", "-t2", "-c64", SECONDS, url])?;
    ensure!(!report.contains("Non-2xx"), "wrk says {report}");
    let rate = report.lines().find_map(|line| line.trim().strip_prefix("Requests/sec:"));
    Ok(rate.with_context(|| format!("wrk says {report}"))?.trim().parse()?)
}

/// In MiB.
fn peak(pid: u32) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("the kernel tells")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? / 1024.0)
}
