//! Makes this machine and its browsers trust the communauté's certificate authority, and undoes it.
//!
//! The authority carries name constraints ([`bounds`]): it can vouch for the intranet's names and no others.
//! Three places are written, because each of them reads only its own: the system's store (curl,
//! mail programs), the policies of Chromium and Chrome, and those of Firefox. Nothing else of an
//! existing policy is changed.

pub(crate) mod bounds;
mod firefox;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use data_encoding::BASE64;

use crate::replace;
use crate::texts::{reason, t, t_with};

/// The authority itself; every program with a policy of its own is pointed here.
const AUTHORITY: &str = "usr/local/share/ca-certificates/beffroi.crt";
/// Where it is put aside while the system's store is gathered without it: so long, that is not done.
const ASIDE: &str = "usr/local/share/ca-certificates/beffroi.crt.removed";
/// The link to it that Debian's program makes in the system's store.
const GATHERED: &str = "etc/ssl/certs/beffroi.pem";
/// The system's store in one file, which that program writes last.
const BUNDLE: &str = "etc/ssl/certs/ca-certificates.crt";
/// Debian's program that gathers the system's store, below the root.
const UPDATE: &str = "usr/sbin/update-ca-certificates";
/// Policy files of our own. Chromium and Chrome read every file of these folders (Chrome Enterprise
/// policy `CACertificates`, since 128: base64 DER; constraints in the certificate are enforced).
const CHROMIUM: [&str; 2] =
    ["etc/chromium/policies/managed/beffroi.json", "etc/opt/chrome/policies/managed/beffroi.json"];
/// Files that hold every policy of Firefox, and may be someone else's already. Debian's long-term
/// version reads the second.
const FIREFOX: [&str; 2] = ["etc/firefox/policies/policies.json", "etc/firefox-esr/policies/policies.json"];
/// Folders of policies end here: these belong to the system.
const SHARED: [&str; 2] = ["etc", "etc/opt"];

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("the authority is not a PEM certificate")]
    NotPem,
    #[error("{} cannot be written", path.display())]
    Unwritable { path: PathBuf, source: io::Error },
    #[error("{} is not a Firefox policy file", path.display())]
    NotPolicies { path: PathBuf },
    #[error("update-ca-certificates failed: {0}")]
    Update(String),
}

impl Error {
    /// What the person at the terminal reads.
    pub(crate) fn message(&self) -> String {
        match self {
            Self::NotPem => t("trust-not-pem"),
            Self::Unwritable { path, source } => t_with(
                "trust-unwritable",
                &[("path", path.display().to_string().into()), ("reason", reason(source).into())],
            ),
            Self::NotPolicies { path } => {
                t_with("trust-not-policies", &[("path", path.display().to_string().into())])
            }
            Self::Update(reason) => t_with("trust-update", &[("reason", reason.as_str().into())]),
        }
    }
}

/// What came of [`remove`].
#[derive(Debug)]
pub(crate) struct Removal {
    pub(crate) problems: Vec<Error>,
    /// Whether Firefox had been told of the authority.
    pub(crate) firefox: bool,
}

/// Does everything that can be done, and says what could not. `root` is `/`.
pub(crate) fn install(root: &Path, authority: &str) -> Vec<Error> {
    let Some(der) = der(authority) else {
        return vec![Error::NotPem];
    };
    let policy = serde_json::json!({ "CACertificates": [BASE64.encode(&der)] }).to_string() + "\n";
    let mut problems = Vec::new();
    problems.extend(install_system(root, authority).err());
    for file in CHROMIUM {
        problems.extend(write(&root.join(file), policy.as_bytes()).err());
    }
    for file in FIREFOX {
        problems.extend(edit_firefox(root, file, firefox::with_authority).err());
    }
    problems
}

/// What counts is what the system's store holds: an earlier command may have been killed after it
/// wrote our file.
fn install_system(root: &Path, authority: &str) -> Result<(), Error> {
    write(&root.join(AUTHORITY), authority.as_bytes())?;
    if is_gathered(root, authority) {
        return Ok(());
    }
    update(root, &[])
}

fn is_gathered(root: &Path, authority: &str) -> bool {
    let holds = |file| fs::read_to_string(root.join(file)).is_ok_and(|text| text.contains(authority.trim()));
    holds(GATHERED) && holds(BUNDLE)
}

/// Undoes [`install`], whether or not all of it was done, and says what could not be undone.
pub(crate) fn remove(root: &Path) -> Removal {
    let mut removal = Removal { problems: Vec::new(), firefox: false };
    for file in FIREFOX {
        match edit_firefox(root, file, firefox::without_authority) {
            Ok(Edited::Changed) => removal.firefox = true,
            Ok(Edited::Same) => {}
            Err(problem) => removal.problems.push(problem),
        }
    }
    for file in CHROMIUM {
        removal.problems.extend(clear(root, &root.join(file)).err());
    }
    removal.problems.extend(remove_system(root).err());
    removal
}

/// Our file goes last: killed before that, the next command knows that the store is not gathered.
fn remove_system(root: &Path) -> Result<(), Error> {
    let (authority, aside) = (root.join(AUTHORITY), root.join(ASIDE));
    let unwritable = |path: &Path| {
        let path = path.to_owned();
        |source| Error::Unwritable { path, source }
    };
    replace::tidy(&authority).map_err(unwritable(&authority))?;
    if authority.exists() {
        fs::rename(&authority, &aside).map_err(unwritable(&authority))?;
    }
    if aside.exists() || root.join(GATHERED).is_symlink() {
        // Without `--fresh` the links to the authority would stay, and lead nowhere.
        update(root, &["--fresh"])?;
    }
    replace::remove(&aside).map_err(unwritable(&aside))
}

fn der(pem: &str) -> Option<Vec<u8>> {
    let (_, body) = pem.split_once("-----BEGIN CERTIFICATE-----")?;
    let (body, _) = body.split_once("-----END CERTIFICATE-----")?;
    let text: String = body.split_whitespace().collect();
    BASE64.decode(text.as_bytes()).ok().filter(|der| !der.is_empty())
}

fn write(path: &Path, contents: &[u8]) -> Result<(), Error> {
    if fs::read(path).is_ok_and(|present| present == contents) {
        return Ok(());
    }
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder)
        .and_then(|()| replace::replace(path, contents, 0o644))
        .map_err(|source| Error::Unwritable { path: path.to_owned(), source })
}

/// Removes a policy file, and the folders above it that this leaves empty, up to [`SHARED`].
fn clear(root: &Path, path: &Path) -> Result<(), Error> {
    let was_there = path.exists();
    replace::remove(path).map_err(|source| Error::Unwritable { path: path.to_owned(), source })?;
    if !was_there {
        return Ok(());
    }
    let ours = |folder: &&Path| !SHARED.iter().any(|shared| **folder == root.join(shared));
    for folder in path.ancestors().skip(1).take_while(ours) {
        // A folder that others use is not empty, and stays.
        if fs::remove_dir(folder).is_err() {
            break;
        }
    }
    Ok(())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Edited {
    Changed,
    Same,
}

/// `edit` gets the present text and gives the new one: `None` for a file that nobody needs.
fn edit_firefox(root: &Path, file: &str, edit: fn(&str) -> Option<Option<String>>) -> Result<Edited, Error> {
    let path = &root.join(file);
    let present = match fs::read_to_string(path) {
        Ok(present) => present,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(source) => return Err(Error::Unwritable { path: path.to_owned(), source }),
    };
    let wanted = edit(&present).ok_or_else(|| Error::NotPolicies { path: path.to_owned() })?;
    match &wanted {
        None => clear(root, path)?,
        Some(wanted) => write(path, wanted.as_bytes())?,
    }
    Ok(if wanted.unwrap_or_default() == present { Edited::Same } else { Edited::Changed })
}

fn update(root: &Path, options: &[&str]) -> Result<(), Error> {
    let program = root.join(UPDATE);
    if !program.exists() {
        log::debug!("{} is not there; the system's store stays as it is", program.display());
        return Ok(());
    }
    let run =
        Command::new(program).args(options).output().map_err(|error| Error::Update(error.to_string()))?;
    if run.status.success() {
        return Ok(());
    }
    let last = String::from_utf8_lossy(&run.stderr).lines().last().unwrap_or_default().to_owned();
    Err(Error::Update(format!("{} {last}", run.status)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEM: &str = "-----BEGIN CERTIFICATE-----\nAQID\nBAUG\n-----END CERTIFICATE-----\n";

    fn read(root: &Path, file: &str) -> String {
        fs::read_to_string(root.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
    }

    fn files(dir: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(dir).expect("a folder").map(|entry| entry.expect("an entry").path());
        entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
    }

    #[test]
    fn every_store_is_written_once_and_nothing_remains() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let root = root.path();
        for _ in 0..2 {
            assert!(install(root, PEM).is_empty());
        }
        assert_eq!(read(root, AUTHORITY), PEM);
        for file in CHROMIUM {
            assert_eq!(read(root, file), "{\"CACertificates\":[\"AQIDBAUG\"]}\n");
        }
        for file in FIREFOX {
            assert_eq!(read(root, file).matches("/usr/local/share/ca-certificates/beffroi.crt").count(), 1);
        }
        for firefox in [true, false] {
            let removal = remove(root);
            assert!(removal.problems.is_empty(), "{removal:?}");
            assert_eq!(removal.firefox, firefox);
        }
        assert_eq!(files(root), Vec::<PathBuf>::new());
        let folders =
            ["etc/firefox", "etc/chromium", "etc/opt/chrome"].map(|folder| root.join(folder).exists());
        assert_eq!(folders, [false; 3]);
        let system = ["usr/local/share/ca-certificates", "etc/opt"].map(|folder| root.join(folder).exists());
        assert_eq!(system, [true; 2], "what belongs to the system stays");
    }

    #[test]
    fn policies_of_others_stay() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let root = root.path();
        let other = root.join("etc/chromium/policies/managed/school.json");
        fs::create_dir_all(other.parent().expect("it has one")).expect("a writable folder");
        fs::write(&other, "{}").expect("a writable folder");
        assert!(install(root, PEM).is_empty());
        assert!(remove(root).problems.is_empty());
        assert_eq!(files(root), [other]);
    }

    #[test]
    fn a_firefox_file_that_is_not_understood_is_left_and_the_rest_is_done() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let root = root.path();
        let path = root.join(FIREFOX[0]);
        fs::create_dir_all(path.parent().expect("it has one")).expect("a writable folder");
        fs::write(&path, "{ broken").expect("a writable folder");
        for problems in [install(root, PEM), remove(root).problems] {
            assert!(
                matches!(&problems[..], [Error::NotPolicies { path: at }] if *at == path),
                "{problems:?}"
            );
            assert_eq!(read(root, FIREFOX[0]), "{ broken");
        }
        assert_eq!(files(root), [path]);
    }

    #[test]
    fn what_is_not_a_certificate_is_not_installed() {
        let root = tempfile::tempdir().expect("a temporary folder");
        for text in ["", "hello", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----"] {
            assert!(matches!(&install(root.path(), text)[..], [Error::NotPem]), "{text}");
        }
        assert_eq!(files(root.path()), Vec::<PathBuf>::new());
    }

    /// Stands in for Debian's program: what it does to the store is given, and each run is written down.
    fn updating(script: &str) -> tempfile::TempDir {
        use std::os::unix::fs::PermissionsExt;
        let root = tempfile::tempdir().expect("a temporary folder");
        let program = root.path().join(UPDATE);
        for folder in [program.parent().expect("it has one"), &root.path().join("etc/ssl/certs")] {
            fs::create_dir_all(folder).expect("a writable folder");
        }
        let script = format!("#!/bin/sh\ncd {}\necho \"$1\" >> runs\n{script}\n", root.path().display());
        fs::write(&program, script).expect("a writable folder");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("our file");
        root
    }

    const GATHER: &str = "rm -f etc/ssl/certs/beffroi.pem; ca=usr/local/share/ca-certificates/beffroi.crt
        test ! -e $ca || ln -s ../../../$ca etc/ssl/certs/beffroi.pem
        cat $ca > etc/ssl/certs/ca-certificates.crt 2> /dev/null; true";

    #[test]
    fn the_store_is_gathered_once() {
        let root = updating(GATHER);
        let root = root.path();
        for _ in 0..2 {
            assert!(install(root, PEM).is_empty());
        }
        for _ in 0..2 {
            assert!(remove(root).problems.is_empty());
        }
        assert_eq!(read(root, "runs"), "\n--fresh\n");
        assert_eq!(read(root, BUNDLE), "");
    }

    #[test]
    fn what_a_killed_command_began_is_finished_by_the_next() {
        let root = updating(GATHER);
        let root = root.path();
        write(&root.join(AUTHORITY), PEM.as_bytes()).expect("a writable folder");
        assert!(install(root, PEM).is_empty());
        assert!(is_gathered(root, PEM));
        // The link is there, and what is made after it is not.
        fs::write(root.join(BUNDLE), "").expect("a writable folder");
        assert!(install(root, PEM).is_empty());
        assert!(is_gathered(root, PEM));

        fs::rename(root.join(AUTHORITY), root.join(ASIDE)).expect("a writable folder");
        assert!(remove(root).problems.is_empty());
        assert_eq!(read(root, "runs"), "\n\n--fresh\n");
        assert_eq!(read(root, BUNDLE), "");
        assert!(!root.join(ASIDE).exists() && !root.join(GATHERED).is_symlink());
    }

    #[test]
    fn a_failing_update_is_told_and_tried_again() {
        let root = updating("echo no space >&2; exit 3");
        let root = root.path();
        for _ in 0..2 {
            for problems in [install(root, PEM), remove(root).problems, remove(root).problems] {
                assert!(
                    matches!(&problems[..], [Error::Update(reason)] if reason.contains("no space")),
                    "{problems:?}"
                );
            }
        }
    }
}
