//! Somebody at a browser without script: pages, forms, cookies, by curl on one host.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};

use crate::node::Node;

/// The cookies last as long as this does.
#[derive(Debug)]
pub struct Visitor<'world> {
    node: &'world Node,
    site: String,
    cookies: PathBuf,
    options: Vec<String>,
}

/// What was answered, after redirections.
#[derive(Debug, Clone)]
pub struct Page {
    pub status: u16,
    /// Where the redirections led.
    pub address: String,
    pub html: String,
}

impl<'world> Visitor<'world> {
    /// Somebody on `node` who opens pages of `site`, such as `https://intranet.caux.test`.
    pub fn new(node: &'world Node, site: &str) -> Result<Visitor<'world>> {
        let cookies = tempfile::Builder::new()
            .prefix("cookies-")
            .tempfile_in(node.folder())?
            .into_temp_path()
            .keep()?;
        Ok(Visitor { node, site: site.to_owned(), cookies, options: Vec::new() })
    }

    /// The same with more options of curl.
    pub fn with(mut self, options: &[&str]) -> Visitor<'world> {
        self.options.extend(options.iter().map(|&option| option.to_owned()));
        self
    }

    pub fn visit(&self, path: &str) -> Result<Page> {
        self.curl(path, &[])
    }

    /// Sends a form.
    pub fn send(&self, path: &str, fields: &[(&str, &str)]) -> Result<Page> {
        self.curl(path, fields)
    }

    fn curl(&self, path: &str, fields: &[(&str, &str)]) -> Result<Page> {
        let url = format!("{}{path}", self.site);
        let cookies = self.cookies.display().to_string();
        let said = self.node.folder().join("curl.out");
        let body = said.display().to_string();
        let mut words = vec!["curl", "-sS", "-L", "-m", "30", "-b", &cookies, "-c", &cookies, "-o", &body];
        words.extend(["-w", "%{http_code} %{url_effective}"]);
        words.extend(self.options.iter().map(String::as_str));
        let fields: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        words.extend(fields.iter().flat_map(|field| ["--data-urlencode", field]));
        let told = self.node.run(words.into_iter().chain([url.as_str()]))?;
        let (status, address) = told.split_once(' ').context("curl tells the status")?;
        let html =
            fs::read(&said).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
        Ok(Page { status: status.parse()?, address: address.to_owned(), html })
    }
}

impl Page {
    /// The page, if it is one and no refusal.
    pub fn shown(self) -> Result<Page> {
        ensure!(self.status == 200, "{} answered {}:\n{}", self.address, self.status, self.html);
        Ok(self)
    }

    /// What stands between the first `before` and the next `after`.
    pub fn between(&self, before: &str, after: &str) -> Option<&str> {
        let (_, rest) = self.html.split_once(before)?;
        Some(rest.split_once(after)?.0)
    }
}
