//! Blobs: bytes too long for a row, found by their BLAKE3 hash.
//!
//! A short one lies in a table of the database; a long one is a file. A file is written under another name,
//! is on the disk together with the directories that lead to it, and only then is entered in the table, so
//! that a row never names a file that a power cut took away. The same bytes are kept once. What a blob is
//! about is not known here.
//!
//! No feature keeps any yet: documents will. Backup, restoration and the check of a store carry and try them already,
//! so that the format of a backup does not change the day they come.

use std::fmt;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::str::FromStr;
use std::task::{Context, Poll, ready};

use redb::{ReadTransaction, TableError};
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadBuf};

use super::open::sync_directory;
use super::read::Bytes;
use super::{Error, Key, Read, Record, Store, Table, Write};

/// Up to this length a blob lies in the database, which spares a file and two flushes.
pub const INLINE_MAX: usize = 32 * 1024;

/// The start of the names of files that are not whole yet.
const UNFINISHED: &str = ".new-";

pub(super) const BLOBS: Table<BlobId, Place> = Table::new("store.blobs");

/// The BLAKE3 hash of the content.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct BlobId([u8; 32]);

#[derive(Serialize, Deserialize)]
pub(super) enum Place {
    Inline(Vec<u8>),
    File { length: u64 },
}

impl Record for Place {
    const VERSION: u8 = 1;
}

#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    #[error("what was to be kept as a blob could not be read to its end")]
    Source(#[source] io::Error),
    #[error("a blob cannot be kept under {}", path.display())]
    Keep { path: PathBuf, source: io::Error },
    #[error("the blob {id} cannot be read")]
    Unreadable { id: BlobId, source: io::Error },
    #[error(transparent)]
    Store(#[from] Error),
}

/// The blobs of a store.
pub struct Blobs<'a> {
    store: &'a Store,
}

impl Store {
    pub fn blobs(&self) -> Blobs<'_> {
        Blobs { store: self }
    }
}

impl Blobs<'_> {
    /// Keeps what `source` gives; durable when it returns. When it fails, or the future is dropped, nothing
    /// is kept.
    pub async fn put(&self, mut source: impl AsyncRead + Unpin) -> Result<BlobId, BlobError> {
        let mut head = Vec::new();
        let beyond = INLINE_MAX as u64 + 1;
        (&mut source).take(beyond).read_to_end(&mut head).await.map_err(BlobError::Source)?;
        if head.len() > INLINE_MAX {
            return self.put_file(head.chain(source)).await;
        }
        let id = BlobId::of(&head);
        self.enter(id, move || Place::Inline(head.clone())).await?;
        Ok(id)
    }

    async fn put_file(&self, mut source: impl AsyncRead + Unpin) -> Result<BlobId, BlobError> {
        let folder = folder(&self.store.inner.directory);
        let failed = |source| BlobError::Keep { path: folder.clone(), source };
        let unfinished = unfinished(&folder).map_err(failed)?;
        let mut file = tokio::fs::File::from_std(unfinished.as_file().try_clone().map_err(failed)?);
        let (mut hasher, mut length) = (blake3::Hasher::new(), 0);
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let read = source.read(&mut buffer).await.map_err(BlobError::Source)?;
            if read == 0 {
                break;
            }
            hasher.update(&buffer[..read]);
            file.write_all(&buffer[..read]).await.map_err(failed)?;
            length += read as u64;
        }
        // A write may still be under way; only flushing tells that it failed.
        file.flush().await.map_err(failed)?;
        file.sync_all().await.map_err(failed)?;
        let id = BlobId::from(hasher.finalize());
        let path = id.path(&self.store.inner.directory);
        let settled = tokio::task::spawn_blocking(move || settle(unfinished, &path)).await;
        settled.map_err(io::Error::other).flatten().map_err(failed)?;
        self.enter(id, move || Place::File { length }).await?;
        Ok(id)
    }

    async fn enter(&self, id: BlobId, place: impl Fn() -> Place + Send + 'static) -> Result<(), Error> {
        self.store
            .write(async move |tx| match tx.get(&BLOBS, &id).await? {
                Some(_) => Ok(()),
                None => tx.put(&BLOBS, &id, &place()).await,
            })
            .await
    }

    /// `None` when no such blob was ever kept.
    pub async fn open(&self, id: BlobId) -> Result<Option<Blob>, BlobError> {
        let place = self.store.read(async move |tx| tx.get(&BLOBS, &id).await).await?;
        let blob = match place {
            None => return Ok(None),
            Some(Place::Inline(bytes)) => Blob {
                id,
                length: bytes.len() as u64,
                hasher: blake3::Hasher::new(),
                content: Content::Inline(io::Cursor::new(bytes)),
            },
            Some(Place::File { length }) => {
                let file = tokio::fs::File::open(id.path(&self.store.inner.directory)).await;
                let file = file.map_err(|source| BlobError::Unreadable { id, source })?;
                Blob { id, length, hasher: blake3::Hasher::new(), content: Content::File(file) }
            }
        };
        Ok(Some(blob))
    }
}

/// A blob that is being read. The end of the stream is given only when the bytes have the right hash;
/// otherwise the last read fails with [`io::ErrorKind::InvalidData`].
pub struct Blob {
    id: BlobId,
    length: u64,
    hasher: blake3::Hasher,
    content: Content,
}

enum Content {
    Inline(io::Cursor<Vec<u8>>),
    File(tokio::fs::File),
}

impl Blob {
    /// In bytes.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Reads all of it, verified.
    pub async fn bytes(mut self) -> Result<Vec<u8>, BlobError> {
        let (id, mut bytes) = (self.id, Vec::new());
        self.read_to_end(&mut bytes).await.map_err(|source| BlobError::Unreadable { id, source })?;
        Ok(bytes)
    }
}

impl AsyncRead for Blob {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        match &mut self.content {
            Content::Inline(bytes) => ready!(Pin::new(bytes).poll_read(context, buffer))?,
            Content::File(file) => ready!(Pin::new(file).poll_read(context, buffer))?,
        }
        let new = &buffer.filled()[before..];
        if new.is_empty() && buffer.remaining() > 0 && self.hasher.finalize() != self.id.0 {
            let damaged = io::Error::new(io::ErrorKind::InvalidData, "the content is not what was kept");
            return Poll::Ready(Err(damaged));
        }
        self.hasher.update(new);
        Poll::Ready(Ok(()))
    }
}

impl BlobId {
    pub fn of(content: &[u8]) -> BlobId {
        blake3::hash(content).into()
    }

    /// The hash of all that a reader gives.
    pub(super) fn of_reader(content: impl io::Read) -> io::Result<BlobId> {
        let mut hasher = blake3::Hasher::new();
        hasher.update_reader(content)?;
        Ok(BlobId::from(hasher.finalize()))
    }

    /// Two figures of the hash are a directory, so that none of them grows too long.
    pub(super) fn path(self, directory: &Path) -> PathBuf {
        let name = self.to_string();
        folder(directory).join(&name[..2]).join(name)
    }
}

impl From<blake3::Hash> for BlobId {
    fn from(hash: blake3::Hash) -> BlobId {
        BlobId(*hash.as_bytes())
    }
}

impl fmt::Display for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BlobId({self})")
    }
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a blob, which is 64 figures of lower-case hexadecimal")]
pub struct NotABlobId;

impl FromStr for BlobId {
    type Err = NotABlobId;

    fn from_str(text: &str) -> Result<BlobId, NotABlobId> {
        let bytes = data_encoding::HEXLOWER.decode(text.as_bytes()).map_err(|_| NotABlobId)?;
        bytes.try_into().map(BlobId).map_err(|_| NotABlobId)
    }
}

impl Key for BlobId {
    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
    }

    fn read(input: &mut &[u8]) -> Option<Self> {
        Key::read(input).map(BlobId)
    }
}

pub(super) fn folder(directory: &Path) -> PathBuf {
    directory.join("blobs")
}

/// A file that goes away unless it is settled.
pub(super) fn unfinished(folder: &Path) -> io::Result<NamedTempFile> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(folder)
}

/// Gives a file that is on the disk its name, and has the name on the disk too.
pub(super) fn settle(unfinished: NamedTempFile, path: &Path) -> io::Result<()> {
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    unfinished.persist(path).map_err(|error| error.error)?;
    // The file in its directory, that one among the blobs, and those in the state directory.
    folder.ancestors().take(3).try_for_each(sync_directory)
}

/// Removes what a process left that was killed while it wrote. Only at the opening, when nobody writes.
pub(super) fn remove_unfinished(directory: &Path) -> io::Result<()> {
    let unfinished = |path: &PathBuf| {
        path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(UNFINISHED.as_bytes()))
    };
    files(directory)?.iter().filter(|path| unfinished(path)).try_for_each(fs::remove_file)
}

/// A row of the table of blobs, or why it cannot be read.
pub(super) type Entry = Result<(BlobId, Place), Error>;

/// Every blob that a snapshot knows.
pub(super) fn list(snapshot: &ReadTransaction) -> Result<impl Iterator<Item = Entry>, Error> {
    let rows = match snapshot.open_table(Bytes::new(BLOBS.name())) {
        Ok(table) => Some(table.range::<&[u8]>(..).map_err(Error::database)?),
        Err(TableError::TableDoesNotExist(_)) => None,
        Err(error) => return Err(Error::database(error)),
    };
    Ok(rows.into_iter().flatten().map(|row| {
        let (key, value) = row.map_err(Error::database)?;
        Ok((BLOBS.key(key.value())?, BLOBS.decode(value.value())?))
    }))
}

/// Every file among the blobs, whether whole or not.
pub(super) fn files(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let (mut files, mut folders) = (Vec::new(), vec![folder(directory)]);
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            let list = if entry.file_type()?.is_dir() { &mut folders } else { &mut files };
            list.push(entry.path());
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::super::tests::open;
    use super::*;

    /// Bytes without a pattern that is shorter than they are.
    fn content(length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        blake3::Hasher::new().finalize_xof().fill(&mut bytes);
        bytes
    }

    async fn put(store: &Store, content: &[u8]) -> BlobId {
        store.blobs().put(content).await.expect("the blob is kept")
    }

    async fn get(store: &Store, id: BlobId) -> Result<Vec<u8>, BlobError> {
        store.blobs().open(id).await?.expect("the blob is there").bytes().await
    }

    #[tokio::test]
    async fn blobs_of_every_length_come_back() {
        let (directory, store) = open();
        let check = async |length: usize, expected_files: usize| {
            let content = content(length);
            let id = put(&store, &content).await;
            assert_eq!(id, BlobId::of(&content));
            assert!(get(&store, id).await.expect("the blob is read") == content, "{length} bytes");
            assert_eq!(
                files(directory.path()).expect("the directory is read").len(),
                expected_files,
                "after {length} bytes"
            );
        };
        check(0, 0).await;
        check(1, 0).await;
        check(INLINE_MAX, 0).await;
        check(INLINE_MAX + 1, 1).await;
        check(1_000_003, 2).await;
        check(1_000_003, 2).await;
    }

    #[tokio::test]
    async fn a_source_that_breaks_off_leaves_nothing() {
        let (directory, store) = open();
        let long = content(100_000);
        let broken = breaking_off(&long);
        assert!(matches!(store.blobs().put(broken).await, Err(BlobError::Source(_))));
        assert!(files(directory.path()).expect("the directory is read").is_empty());
    }

    /// Gives the bytes, then fails.
    fn breaking_off(bytes: &[u8]) -> impl AsyncRead + Unpin {
        struct Broken;
        impl AsyncRead for Broken {
            fn poll_read(
                self: Pin<&mut Self>,
                _: &mut Context<'_>,
                _: &mut ReadBuf<'_>,
            ) -> Poll<io::Result<()>> {
                Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()))
            }
        }
        bytes.chain(Broken)
    }

    #[tokio::test]
    async fn a_damaged_blob_is_never_read_to_its_end() {
        let (directory, store) = open();
        let mut content = content(50_000);
        let id = put(&store, &content).await;
        content[40_000] ^= 1;
        fs::write(id.path(directory.path()), &content).expect("the file is damaged");
        let read = get(&store, id).await;
        assert!(
            matches!(read, Err(BlobError::Unreadable { source, .. }) if source.kind() == io::ErrorKind::InvalidData)
        );
    }

    #[tokio::test]
    async fn a_blob_that_was_never_kept_is_not_there() {
        let (_directory, store) = open();
        assert!(store.blobs().open(BlobId::of(b"nothing")).await.expect("the table is read").is_none());
    }

    #[tokio::test]
    async fn what_a_killed_process_left_is_removed() {
        let (directory, store) = open();
        put(&store, &content(50_000)).await;
        drop(store);
        let left = unfinished(&folder(directory.path())).expect("a file is begun").keep().expect("and left");
        assert!(left.1.exists());
        let _store = Store::open(directory.path()).expect("the store opens again");
        assert!(!left.1.exists());
        assert_eq!(files(directory.path()).expect("the directory is read").len(), 1);
    }

    #[test]
    fn identifiers_are_read_as_they_are_written() {
        let id = BlobId::of(b"");
        assert_eq!(id.to_string(), "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262");
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!("af13".parse::<BlobId>(), Err(NotABlobId));
        assert_eq!("../../etc/passwd".parse::<BlobId>(), Err(NotABlobId));
    }
}
