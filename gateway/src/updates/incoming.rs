//! A release that a referent uploads. It is looked at while it comes: what the release key has not signed, or what is
//! of no use, is refused at its first bytes. It is kept when all of it is there, and leaves nothing otherwise.

use std::cmp::Ordering;
use std::env::consts::ARCH;
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use beffroi_protocol::release::{self, HEAD_MAX, Hashing, Offer, Release, Version};
use tempfile::NamedTempFile;
use tokio::io::AsyncWriteExt;

use super::shelf::{OnShelf, Shelf};
use crate::web::{Unread, Upload};

/// Of the form in which a release is chosen.
const FIELD: &str = "release";
/// So many that were uploaded stay: the one that is under way, and those before and after it.
const KEPT: usize = 3;
/// The start of the names of files that are not whole yet.
const UNFINISHED: &str = ".new-";

/// Why an upload is not kept.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    #[error("no file was chosen")]
    Nothing,
    #[error("this gateway follows no release key")]
    NoKey,
    #[error("it is no release of the agent")]
    NotARelease,
    #[error("the release key has not signed it")]
    Forged,
    #[error("it is for {0}, and this gateway's machines are {ARCH}")]
    Architecture(String),
    #[error("{version} is older than {latest}, which is here or was offered")]
    Older { version: Version, latest: Version },
    #[error("another program is here as {0}")]
    SameNumber(Version),
    #[error("the same is here")]
    Known(Version),
    #[error(transparent)]
    Unread(#[from] Unread),
    #[error("it is not what was signed")]
    Damaged,
    #[error("it cannot be written")]
    Unwritable(#[from] io::Error),
}

struct Incoming {
    shelf: Shelf,
    offered: Option<Version>,
    /// The first bytes, until they are enough to know what it is.
    head: Vec<u8>,
    program: Option<Program>,
}

/// What comes after the head.
struct Program {
    release: Release,
    unfinished: NamedTempFile,
    file: tokio::fs::File,
    hashing: Hashing,
    /// Bytes that are still to come.
    left: u64,
}

/// Keeps the release that was chosen in a form, and says which one it is. `offered` was offered last.
pub(super) async fn keep(
    shelf: &Shelf,
    offered: Option<Version>,
    upload: &mut Upload,
) -> Result<Version, Refused> {
    let mut file = upload.file(FIELD).await?.ok_or(Refused::Nothing)?;
    let mut incoming = Incoming { shelf: shelf.clone(), offered, head: Vec::new(), program: None };
    while let Some(bytes) = file.more().await? {
        incoming.take(&bytes).await?;
    }
    incoming.end().await
}

impl Incoming {
    async fn take(&mut self, bytes: &[u8]) -> Result<(), Refused> {
        match &mut self.program {
            Some(program) => program.write(bytes).await,
            None => {
                self.head.extend_from_slice(bytes);
                if self.head.len() >= HEAD_MAX { self.begin().await.map(drop) } else { Ok(()) }
            }
        }
    }

    /// All of it has come. Durable when it returns.
    async fn end(mut self) -> Result<Version, Refused> {
        let program = match self.program.take() {
            Some(program) => program,
            None => {
                self.begin().await?;
                self.program.take().expect("it has begun")
            }
        };
        let version = program.release.version;
        program.settle(&self.shelf).await?;
        discard_old(&self.shelf).await?;
        Ok(version)
    }

    async fn begin(&mut self) -> Result<(), Refused> {
        let key = self.shelf.place().key.as_ref().ok_or(Refused::NoKey)?;
        let (offer, begin) = Offer::read(&self.head).map_err(|_| Refused::NotARelease)?;
        let release = offer.verified(key).map_err(|error| match error {
            release::Error::Forged => Refused::Forged,
            release::Error::TooLong => Refused::Unread(Unread::TooLong),
            _ => Refused::NotARelease,
        })?;
        is_of_use(&release, self.offered, &self.shelf.releases().await)?;
        let folder = self.shelf.place().uploaded.clone();
        let unfinished = beside(move || unfinished(&folder)).await?;
        let mut file = tokio::fs::File::from_std(unfinished.as_file().try_clone()?);
        file.write_all(&self.head[..begin]).await?;
        let left = release.size;
        let mut program = Program { release, unfinished, file, hashing: Hashing::default(), left };
        program.write(&self.head[begin..]).await?;
        self.program = Some(program);
        Ok(())
    }
}

impl Program {
    async fn write(&mut self, bytes: &[u8]) -> Result<(), Refused> {
        self.left = self.left.checked_sub(bytes.len() as u64).ok_or(Refused::Damaged)?;
        self.hashing.update(bytes);
        Ok(self.file.write_all(bytes).await?)
    }

    /// Gives it its name when it is what was signed, and has both on the disk.
    async fn settle(mut self, shelf: &Shelf) -> Result<(), Refused> {
        if self.left > 0 || self.hashing.finish() != self.release.hash {
            return Err(Refused::Damaged);
        }
        // A write may still be under way; only flushing tells that it failed.
        self.file.flush().await?;
        self.file.sync_all().await?;
        let Release { version, architecture, .. } = self.release;
        let folder = shelf.place().uploaded.clone();
        let settle = move || {
            let path = folder.join(format!("beffroi-agent_{version}_{architecture}.release"));
            self.unfinished.persist(path).map_err(|error| error.error)?;
            File::open(folder)?.sync_all()
        };
        Ok(beside(settle).await?)
    }
}

/// A machine takes a later version, of its own architecture; the number is what it knows it by.
fn is_of_use(release: &Release, offered: Option<Version>, here: &[OnShelf]) -> Result<(), Refused> {
    let version = release.version;
    if release.architecture != ARCH {
        return Err(Refused::Architecture(release.architecture.clone()));
    }
    if let Some(latest) = offered.filter(|offered| version < *offered) {
        return Err(Refused::Older { version, latest });
    }
    let Some(latest) = here.first().map(|on_shelf| &on_shelf.release) else { return Ok(()) };
    match version.cmp(&latest.version) {
        Ordering::Greater => Ok(()),
        Ordering::Less => Err(Refused::Older { version, latest: latest.version }),
        Ordering::Equal if release.hash == latest.hash => Err(Refused::Known(version)),
        Ordering::Equal => Err(Refused::SameNumber(version)),
    }
}

fn unfinished(folder: &Path) -> io::Result<NamedTempFile> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(folder)
}

/// Removes what a process left that was killed while something came in. Only at the start, when nothing does.
pub(super) fn remove_unfinished(folder: &Path) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in
        entries.filter(|entry| entry.file_name().as_encoded_bytes().starts_with(UNFINISHED.as_bytes()))
    {
        remove(&entry.path());
    }
}

async fn discard_old(shelf: &Shelf) -> io::Result<()> {
    let uploaded = shelf.place().uploaded.clone();
    let releases = shelf.releases().await;
    beside(move || {
        for old in releases.iter().filter(|on_shelf| on_shelf.path.starts_with(&uploaded)).skip(KEPT) {
            remove(&old.path);
        }
        Ok(())
    })
    .await
}

/// What waits for the disk does not hold up other requests.
async fn beside<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

fn remove(path: &Path) {
    if let Err(error) = fs::remove_file(path) {
        log::warn!("{} stays, and is of no use: {error}", path.display());
    }
}
