//! Somebody at a browser without script: pages, forms, cookies, by curl on one host.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, ensure};

use crate::node::Node;

/// The cookies last as long as this does.
#[derive(Debug)]
pub struct Visitor {
    node: Arc<Node>,
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

impl Visitor {
    /// Somebody on `node` who opens pages of `site`, such as `https://intranet.caux.test`.
    pub fn new(node: &Arc<Node>, site: &str) -> Result<Visitor> {
        let cookies = tempfile::Builder::new()
            .prefix("cookies-")
            .tempfile_in(node.folder())?
            .into_temp_path()
            .keep()?;
        Ok(Visitor { node: Arc::clone(node), site: site.to_owned(), cookies, options: Vec::new() })
    }

    /// The same with more options of curl.
    pub fn with(mut self, options: &[&str]) -> Visitor {
        self.options.extend(options.iter().map(|&option| option.to_owned()));
        self
    }

    pub fn visit(&self, path: &str) -> Result<Page> {
        self.curl(path, &[])
    }

    /// Sends a form.
    pub fn send(&self, path: &str, fields: &[(&str, &str)]) -> Result<Page> {
        // To curl, what is sent makes a request a form, even when it is nothing.
        let fields = if fields.is_empty() { &[("", "")] } else { fields };
        let fields: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let options: Vec<&str> = fields.iter().flat_map(|field| ["--data-urlencode", field]).collect();
        self.curl(path, &options)
    }

    /// Sends a form in which this file was chosen.
    pub fn upload(&self, path: &str, field: &str, file: &Path) -> Result<Page> {
        self.curl(path, &["--form", &format!("{field}=@{}", file.display())])
    }

    fn curl(&self, path: &str, options: &[&str]) -> Result<Page> {
        let url = format!("{}{path}", self.site);
        let cookies = self.cookies.display().to_string();
        let said = self.node.folder().join("curl.out");
        let body = said.display().to_string();
        let mut words = vec!["curl", "-sS", "-L", "-m", "30", "-b", &cookies, "-c", &cookies, "-o", &body];
        words.extend(["-w", "%{http_code} %{url_effective}"]);
        words.extend(self.options.iter().map(String::as_str));
        words.extend(options);
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
        ensure!(self.status == 200, "{} answered {}: {}", self.address, self.status, self.text());
        Ok(self)
    }

    /// What the page says, without its head and its tags.
    pub fn text(&self) -> String {
        let body = self.html.split_once("<main").map_or(self.html.as_str(), |(_, body)| body);
        let texts = body.split('<').filter_map(|part| Some(part.split_once('>')?.1.trim()));
        plain(&texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" "))
    }

    /// What stands between each `before` and the `after` that follows it.
    pub fn all_between<'a>(&'a self, before: &'a str, after: &'a str) -> impl Iterator<Item = &'a str> {
        all_between(&self.html, before, after)
    }
}

pub(crate) fn all_between<'a>(
    text: &'a str,
    before: &'a str,
    after: &'a str,
) -> impl Iterator<Item = &'a str> {
    text.split(before).skip(1).filter_map(move |rest| Some(rest.split_once(after)?.0))
}

pub(crate) fn between<'a>(text: &'a str, before: &'a str, after: &'a str) -> Option<&'a str> {
    all_between(text, before, after).next()
}

/// HTML text as it is read.
pub(crate) fn plain(html: &str) -> String {
    let entities = [
        ("&#39;", "'"),
        ("&#34;", "\""),
        ("&quot;", "\""),
        ("&lt;", "<"),
        ("&#60;", "<"),
        ("&gt;", ">"),
        ("&#62;", ">"),
        ("&#38;", "&"),
        ("&amp;", "&"),
    ];
    entities.iter().fold(html.trim().to_owned(), |text, (entity, sign)| text.replace(entity, sign))
}
