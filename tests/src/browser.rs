//! Chromium on one host, driven as the WebDriver standard says (W3C, chromedriver's dialect) and asked what a person
//! would notice: what the page says, whether it complained on its console, whether everyone can read it (axe-core).
//!
//! It trusts what the host trusts. Requests to chromedriver are made with curl: they are few, and small.

mod everyone;
mod keyboard;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use crate::node::Node;
use crate::process::Process;
use crate::wait::until;

const PORT: u16 = 9515;

/// The name under which WebDriver answers with an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// What RGAA asks for, which covers WCAG 2.1 A and AA.
const RULES: [&str; 4] = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"];

/// Keys that are no letters, as WebDriver writes them.
pub mod keys {
    pub const TAB: &str = "\u{e004}";
    pub const ENTER: &str = "\u{e007}";
}

#[derive(Debug)]
pub struct Browser {
    node: Arc<Node>,
    session: String,
    _chromedriver: Process,
}

impl Browser {
    /// A new browser that has never been anywhere. One at a time on a host.
    pub fn open(node: &Arc<Node>) -> Result<Browser> {
        Browser::with(node, &[], &json!({}))
    }

    /// The same, in which no page may run a script.
    pub fn without_script(node: &Arc<Node>) -> Result<Browser> {
        Browser::with(node, &[], &json!({ "profile.managed_default_content_settings.javascript": 2 }))
    }

    /// The same, whose owner was warned of an authority that nobody knows, and accepted for good the certificate that
    /// the site has now. With any other the page does not open.
    pub fn that_accepted(node: &Arc<Node>, site: &str) -> Result<Browser> {
        let pin = "openssl s_client -connect \"$1\" < /dev/null 2> /dev/null | openssl x509 -pubkey -noout |
            openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64";
        let pin = node.run(["sh", "-c", pin, "sh", site])?;
        Browser::with(node, &[&format!("--ignore-certificate-errors-spki-list={pin}")], &json!({}))
    }

    fn with(node: &Arc<Node>, more: &[&str], preferences: &Value) -> Result<Browser> {
        // When an address is added, Chromium gives up what it is loading (ERR_NETWORK_CHANGED).
        until("the host's addresses are settled", Duration::from_secs(20), || {
            Ok(!node.ip("-o address")?.contains("tentative"))
        })?;
        let mut chromedriver = node.spawn("chromedriver", ["chromedriver", &format!("--port={PORT}")])?;
        chromedriver.says("was started successfully", Duration::from_secs(20))?;
        let mut browser =
            Browser { node: Arc::clone(node), session: String::new(), _chromedriver: chromedriver };
        let profile = tempfile::Builder::new().prefix("chromium-").tempdir_in(node.folder())?.keep();
        let profile = format!("--user-data-dir={}", profile.display());
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            "--lang=fr-FR",
            &profile,
        ];
        let arguments: Vec<&str> = arguments.iter().chain(more).copied().collect();
        let answer = browser.command(
            "POST",
            "/session",
            &json!({ "capabilities": { "alwaysMatch": {
                "browserName": "chrome",
                "goog:chromeOptions": { "binary": "/usr/bin/chromium", "args": arguments, "prefs": preferences },
                "goog:loggingPrefs": { "browser": "ALL" },
            }}}),
        )?;
        browser.session =
            answer["sessionId"].as_str().context("chromedriver gives its session a name")?.to_owned();
        Ok(browser)
    }

    /// From now on the page is this wide, in CSS pixels. Windows cannot be as narrow as a phone, so the screen is imitated.
    pub fn width(&self, width: u32) -> Result<()> {
        let metrics = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.devtools("Emulation.setDeviceMetricsOverride", &metrics)?;
        Ok(())
    }

    pub fn visit(&self, url: &str) -> Result<()> {
        self.post("/url", &json!({ "url": url })).with_context(|| format!("cannot visit {url}"))?;
        Ok(())
    }

    pub fn address(&self) -> Result<String> {
        text(&self.get("/url")?)
    }

    pub fn title(&self) -> Result<String> {
        text(&self.get("/title")?)
    }

    /// What a person can read on the page.
    pub fn text(&self) -> Result<String> {
        let body = self.find("css selector", "body")?;
        text(&self.get(&format!("/element/{body}/text"))?)
    }

    /// Types into the field of this name, in place of what was there.
    pub fn fill(&self, name: &str, value: &str) -> Result<()> {
        let field = self.find("css selector", &format!("[name='{name}']:not([type=hidden])"))?;
        self.post(&format!("/element/{field}/clear"), &json!({}))?;
        self.post(&format!("/element/{field}/value"), &json!({ "text": value }))?;
        Ok(())
    }

    /// Chooses a file in the field of this name.
    pub fn choose(&self, name: &str, file: &Path) -> Result<()> {
        let field = self.find("css selector", &format!("[name='{name}'][type=file]"))?;
        self.post(&format!("/element/{field}/value"), &json!({ "text": file.display().to_string() }))?;
        Ok(())
    }

    /// Clicks the first element that matches a CSS selector.
    pub fn click(&self, selector: &str) -> Result<()> {
        let element = self.find("css selector", selector)?;
        self.post(&format!("/element/{element}/click"), &json!({}))?;
        Ok(())
    }

    /// Presses the button that is labelled so.
    pub fn press(&self, label: &str) -> Result<()> {
        let button = self.find("xpath", &format!("//button[normalize-space()=\"{label}\"]"))?;
        self.post(&format!("/element/{button}/click"), &json!({}))?;
        Ok(())
    }

    /// Follows the link that is labelled so.
    pub fn follow(&self, label: &str) -> Result<()> {
        let link = self.find("link text", label)?;
        self.post(&format!("/element/{link}/click"), &json!({}))?;
        Ok(())
    }

    /// Types on the keyboard, wherever its focus is; see [`keys`].
    pub fn type_keys(&self, keys: &str) -> Result<()> {
        let strokes: Vec<Value> = keys
            .chars()
            .flat_map(|key| ["keyDown", "keyUp"].map(|kind| json!({ "type": kind, "value": key })))
            .collect();
        self.post(
            "/actions",
            &json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": strokes }] }),
        )?;
        Ok(())
    }

    /// The value of a JavaScript expression.
    pub fn evaluate(&self, expression: &str) -> Result<Value> {
        self.post("/execute/sync", &json!({ "script": format!("return {expression}"), "args": [] }))
    }

    /// Takes a picture of the page from top to bottom, into `NAME.png` in the node's folder.
    pub fn picture(&self, name: &str) -> Result<PathBuf> {
        let taken = self
            .devtools("Page.captureScreenshot", &json!({ "format": "png", "captureBeyondViewport": true }))?;
        self.keep(&text(&taken["data"])?, &format!("{name}.png"))
    }

    /// Prints the page as a person who changes no setting does, into `NAME.pdf` in the node's folder.
    pub fn print(&self, name: &str) -> Result<PathBuf> {
        let options = json!({ "preferCSSPageSize": true, "printBackground": false });
        let printed = self.devtools("Page.printToPDF", &options)?;
        self.keep(&text(&printed["data"])?, &format!("{name}.pdf"))
    }

    /// Writes what came in base64 into a file of the node's folder.
    fn keep(&self, encoded: &str, name: &str) -> Result<PathBuf> {
        let file = self.node.folder().join(name);
        fs::write(file.with_extension("base64"), encoded)?;
        let decode = "base64 -d \"$1\" > \"$2\" && rm \"$1\"";
        let base64 = Path::new(name).with_extension("base64");
        self.node.run(["sh", "-c", decode, "sh", &base64.display().to_string(), name])?;
        Ok(file)
    }

    /// What the console has said since the last look: scripts that failed, things that could not be loaded.
    pub fn console(&self) -> Result<Vec<String>> {
        let entries = self.post("/se/log", &json!({ "type": "browser" }))?;
        let entries = entries.as_array().context("the console is a list")?;
        Ok(entries.iter().map(|entry| format!("{}: {}", entry["level"], entry["message"])).collect())
    }

    /// What keeps some people from reading the page: one line a rule that is broken.
    pub fn obstacles(&self) -> Result<Vec<String>> {
        self.post("/execute/sync", &json!({ "script": fs::read_to_string(axe()?)?, "args": [] }))?;
        let script = "const done = arguments[1];
            axe.run(document, { runOnly: arguments[0] }).then(
                found => done(found.violations.map(rule => [rule.help, ...rule.nodes.map(node => node.html)].join('\\n  '))),
                error => done(['axe failed: ' + error]))";
        let found = self.post("/execute/async", &json!({ "script": script, "args": [RULES] }))?;
        found.as_array().context("axe answers with a list")?.iter().map(text).collect()
    }

    /// Whether the page must be moved sideways to be read.
    pub fn is_too_wide(&self) -> Result<bool> {
        let wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth";
        Ok(self.evaluate(wide)? == Value::Bool(true))
    }

    fn devtools(&self, command: &str, parameters: &Value) -> Result<Value> {
        self.post("/goog/cdp/execute", &json!({ "cmd": command, "params": parameters }))
    }

    fn find(&self, using: &str, value: &str) -> Result<String> {
        let found = self.post("/element", &json!({ "using": using, "value": value }));
        text(&found.with_context(|| format!("on {}", self.address().unwrap_or_default()))?[ELEMENT])
    }

    fn get(&self, path: &str) -> Result<Value> {
        self.command("GET", &format!("/session/{}{path}", self.session), &Value::Null)
    }

    fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.command("POST", &format!("/session/{}{path}", self.session), body)
    }

    fn command(&self, method: &str, path: &str, body: &Value) -> Result<Value> {
        let url = format!("http://127.0.0.1:{PORT}{path}");
        let mut words = vec!["curl", "-sS", "--noproxy", "*", "-X", method, &url];
        if !body.is_null() {
            fs::write(self.node.folder().join("webdriver.json"), body.to_string())?;
            words.extend(["-H", "Content-Type: application/json", "--data-binary", "@webdriver.json"]);
        }
        let answer: Value = serde_json::from_str(&self.node.run(words)?)?;
        let value = answer["value"].clone();
        if let Some(error) = value.get("error") {
            bail!(
                "{error}: {}",
                value["message"].as_str().unwrap_or_default().lines().next().unwrap_or_default()
            );
        }
        Ok(value)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Without a farewell, killing chromedriver would leave Chromium running until the scenario ends.
        let _ = self.command("DELETE", &format!("/session/{}", self.session), &Value::Null);
    }
}

fn text(value: &Value) -> Result<String> {
    Ok(value.as_str().with_context(|| format!("no text: {value}"))?.to_owned())
}

/// The accessibility checker, where `make deps` puts it.
fn axe() -> Result<PathBuf> {
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/browser/axe_playwright_python/axe.min.js");
    ensure!(file.exists(), "axe-core is missing: make deps");
    Ok(file)
}
