//! The referent: the person who signs in on the admin page and sends its forms.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};

use crate::browser::Browser;
use crate::gateway::admin;
use crate::node::Node;
use crate::visitor::{Page, Visitor, all_between, between, plain};

/// Who scenarios sign in as.
pub const REFERENT: &str = "Référent de Fauville-en-Caux";
pub const PASSWORD: &str = "le chat dort sur la lune";

/// Where the overview leads to the page of that commune.
pub fn commune_path(overview: &Page, name: &str) -> Result<String> {
    let path = overview
        .all_between("<a href=\"", "</a>")
        .find_map(|link| link.split_once("\">").filter(|(_, label)| plain(label) == name));
    let (path, _) = path.with_context(|| format!("{name} is not on the overview:\n{}", overview.text()))?;
    Ok(path.to_owned())
}

/// Signs in on the admin page, from a machine that may open it.
pub fn sign_in_at(browser: &Browser) -> Result<()> {
    browser.visit(&admin())?;
    browser.fill("name", REFERENT)?;
    browser.fill("password", PASSWORD)?;
    browser.press("Se connecter")?;
    ensure!(browser.text()?.contains("Liaisons"), "{}", browser.text()?);
    Ok(())
}

#[derive(Debug)]
pub struct Referent {
    visitor: Visitor,
}

impl Referent {
    /// In front of the server's own screen. The browser of the server does not know the authority.
    pub fn at_the_server(node: &Arc<Node>) -> Result<Referent> {
        Ok(Referent { visitor: Visitor::new(node, "https://127.0.0.1:8443")?.with(&["-k"]) })
    }

    /// In front of a machine that has joined, and trusts what the agent made it trust.
    pub fn at_a_machine(node: &Arc<Node>, domain: &str) -> Result<Referent> {
        Ok(Referent { visitor: Visitor::new(node, &format!("https://admin.{domain}:8443"))? })
    }

    /// The same with more options of curl.
    pub fn with(mut self, options: &[&str]) -> Referent {
        self.visitor = self.visitor.with(options);
        self
    }

    /// Makes the first account, which signs in.
    pub fn set_up(&self, code: &str) -> Result<Page> {
        let fields = [("code", code), ("name", REFERENT), ("password", PASSWORD), ("again", PASSWORD)];
        self.send("/installation", &fields)
    }

    pub fn sign_in(&self) -> Result<Page> {
        self.send("/connexion", &[("name", REFERENT), ("password", PASSWORD)])
    }

    /// Enters these communes in the list.
    pub fn add_communes(&self, names: &[&str]) -> Result<()> {
        self.send("/communes/ajouter", &[("text", &names.join("\n"))])?;
        Ok(())
    }

    /// Makes a sheet for each of these communes, and reads the codes that are printed there, in this order.
    pub fn invite(&self, communes: &[&str]) -> Result<Vec<String>> {
        let form = self.visit("/bons/nouveaux")?;
        let boxes: Vec<String> =
            communes.iter().map(|commune| tick(&form, commune)).collect::<Result<_>>()?;
        let mut fields: Vec<(&str, &str)> = boxes.iter().map(|name| (name.as_str(), "on")).collect();
        fields.push(("pour", "choix"));
        let sheets = self.send("/bons/nouveaux", &fields)?;
        communes.iter().map(|commune| code(&sheets, commune)).collect()
    }

    /// The page of every link.
    pub fn overview(&self) -> Result<Page> {
        self.visit("/")
    }

    /// The page of one commune.
    pub fn commune(&self, name: &str) -> Result<Page> {
        self.visit(&commune_path(&self.overview()?, name)?)
    }

    /// The machines of one commune that are not revoked.
    pub fn machines(&self, commune: &str) -> Result<Vec<Machine>> {
        let page = self.commune(commune)?;
        page.all_between("<section class=\"card\" aria-labelledby=\"nom-", "</section>")
            .map(Machine::read)
            .collect()
    }

    /// The only machine of a commune.
    pub fn machine(&self, commune: &str) -> Result<Machine> {
        let machines = self.machines(commune)?;
        let [machine] = &machines[..] else { bail!("{commune} has not one machine but {machines:?}") };
        Ok(machine.clone())
    }

    /// Revokes the only machine of a commune.
    pub fn revoke(&self, commune: &str, reason: &str) -> Result<Page> {
        let machine = self.machine(commune)?;
        self.send(&format!("/postes/{}/retirer", machine.id), &[("reason", reason), ("commune", commune)])
    }

    /// Makes the sheet with which another computer takes the place of the only machine of a commune, and reads its code.
    pub fn replace(&self, commune: &str) -> Result<String> {
        let machine = self.machine(commune)?;
        let sheets = self.send(&format!("/postes/{}/remplacer", machine.id), &[])?;
        code(&sheets, commune)
    }

    /// Has the only machine of a commune let in these computers of its local network; none for nobody.
    pub fn let_in(&self, commune: &str, addresses: &str) -> Result<Page> {
        let machine = self.machine(commune)?;
        let who = if addresses.is_empty() { "personne" } else { "choisis" };
        let form = [("qui", who), ("adresses", addresses)];
        self.send(&format!("/postes/{}/ordinateurs", machine.id), &form)
    }

    /// Lets town halls come by the carrier.
    pub fn open_the_carrier(&self) -> Result<Page> {
        self.send("/reglages/secours", &[("ouvert", "oui")])
    }

    /// Opens the admin page to the only machine of a commune.
    pub fn trust_with_the_admin_page(&self, commune: &str) -> Result<Page> {
        let machine = self.machine(commune)?;
        self.send(&format!("/postes/{}/role", machine.id), &[("role", "referent")])
    }

    pub fn visit(&self, path: &str) -> Result<Page> {
        self.visitor.visit(path)?.shown()
    }

    /// Sends a form in which this file was chosen.
    pub fn upload(&self, path: &str, field: &str, file: &Path) -> Result<Page> {
        self.visitor.upload(path, field, file)?.shown()
    }

    pub fn send(&self, path: &str, fields: &[(&str, &str)]) -> Result<Page> {
        self.visitor.send(path, fields)?.shown()
    }
}

/// What the page of a commune tells of a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    pub id: String,
    pub name: String,
    /// What is compared on the phone, until the link has proved itself.
    pub words: Option<String>,
    /// online, doubtful, offline or never.
    pub state: String,
}

impl Machine {
    fn read(card: &str) -> Result<Machine> {
        let part = |before, after| between(card, before, after).map(plain);
        Ok(Machine {
            id: card.split('"').next().unwrap_or_default().to_owned(),
            name: part("<h2 id=\"nom-", "</h2>")
                .and_then(|text| Some(text.split_once("\">")?.1.to_owned()))
                .context("a machine has a name")?,
            words: part("<dd><b>", "</b>"),
            state: part("<span class=\"state ", "\">").context("a link has a state")?,
        })
    }
}

/// The name of the box that stands before this commune.
fn tick(form: &Page, commune: &str) -> Result<String> {
    form.all_between("<input type=\"checkbox\" name=\"", "</label>")
        .find(|choice| between(choice, "<span>", " <span").is_some_and(|name| plain(name) == commune))
        .and_then(|choice| Some(choice.split_once('"')?.0.to_owned()))
        .with_context(|| format!("{commune} is not among the choices:\n{}", form.text()))
}

/// The code printed on the sheet of this commune.
fn code(sheets: &Page, commune: &str) -> Result<String> {
    let sheet = sheets
        .all_between("<article class=\"sheet", "</article>")
        .find(|sheet| between(sheet, "<h2", "</h2>").is_some_and(|title| plain(title).ends_with(commune)))
        .with_context(|| format!("no sheet is for {commune}:\n{}", sheets.text()))?;
    let groups = between(sheet, "<ol class=\"groups code\">", "</ol>").context("a sheet shows a code")?;
    Ok(all_between(groups, "<li>", "</li>").collect::<Vec<_>>().join("-"))
}
