//! The releases on this server: the gateway's own package brings some, a referent uploads others. What the release
//! key has not signed is not seen.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use beffroi_protocol::release::{HEAD_MAX, Hash, Offer, Release, ReleaseKey};

use super::incoming::remove_unfinished;

/// A handle to their folders. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Shelf(Arc<Place>);

#[derive(Debug)]
pub(super) struct Place {
    /// What the package brings.
    brought: PathBuf,
    pub(super) uploaded: PathBuf,
    pub(super) key: Option<ReleaseKey>,
}

/// A release that may be offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OnShelf {
    pub(super) release: Release,
    pub(super) offer: Offer,
    pub(super) path: PathBuf,
    /// Where the program begins.
    begin: u64,
}

impl Shelf {
    /// `brought` is only read; `uploaded` is made when something is.
    pub fn open(brought: PathBuf, uploaded: PathBuf, key: Option<ReleaseKey>) -> Self {
        remove_unfinished(&uploaded);
        Self(Arc::new(Place { brought, uploaded, key }))
    }

    pub(super) fn place(&self) -> &Place {
        &self.0
    }

    /// Nothing can be offered without one.
    pub(super) fn has_key(&self) -> bool {
        self.0.key.is_some()
    }

    /// Latest first.
    pub(super) async fn releases(&self) -> Vec<OnShelf> {
        let place = self.0.clone();
        tokio::task::spawn_blocking(move || place.releases()).await.unwrap_or_default()
    }

    /// A part of the program that has this hash; `None` when it is not there any more.
    ///
    /// # Errors
    /// When it is there and cannot be read so far.
    pub async fn part(&self, hash: Hash, bytes: Range<u64>) -> io::Result<Option<Vec<u8>>> {
        let place = self.0.clone();
        let reading = tokio::task::spawn_blocking(move || {
            let found = place.releases().into_iter().find(|on_shelf| on_shelf.release.hash == hash);
            found.map(|on_shelf| on_shelf.part(bytes)).transpose()
        });
        reading.await.map_err(io::Error::other)?
    }
}

impl Place {
    fn releases(&self) -> Vec<OnShelf> {
        let Some(key) = &self.key else { return Vec::new() };
        let entries =
            [&self.brought, &self.uploaded].into_iter().filter_map(|folder| fs::read_dir(folder).ok());
        let look = |path: PathBuf| match look(&path, key) {
            Ok(on_shelf) => Some(on_shelf),
            Err(error) => {
                log::debug!("{} is no release that can be offered: {error}", path.display());
                None
            }
        };
        let mut releases: Vec<_> =
            entries.flatten().flatten().filter_map(|entry| look(entry.path())).collect();
        releases.sort_by_key(|on_shelf| std::cmp::Reverse(on_shelf.release.version));
        releases
    }
}

fn look(path: &Path, key: &ReleaseKey) -> io::Result<OnShelf> {
    let mut head = Vec::new();
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    file.take(HEAD_MAX as u64).read_to_end(&mut head)?;
    let (offer, begin) = Offer::read(&head).map_err(io::Error::other)?;
    let release = offer.verified(key).map_err(io::Error::other)?;
    let begin = begin as u64;
    if length != begin + release.size {
        return Err(io::Error::other("it is not whole"));
    }
    Ok(OnShelf { release, offer, path: path.to_owned(), begin })
}

impl OnShelf {
    fn part(&self, bytes: Range<u64>) -> io::Result<Vec<u8>> {
        let end = bytes.end.min(self.release.size);
        let length = end.saturating_sub(bytes.start);
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(self.begin + bytes.start))?;
        let mut part = Vec::new();
        file.take(length).read_to_end(&mut part)?;
        Ok(part)
    }
}
