//! A [`FolderStore`] as a storage of the Zarr library, whose types stay inside this module.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::sync::Arc;

use zarrs::storage::byte_range::{ByteRange, ByteRangeIterator, InvalidByteRangeError};
use zarrs::storage::{
    Bytes, MaybeBytesIterator, OffsetBytesIterator, ReadableStorageTraits, StorageError, StoreKey, StorePrefix,
    WritableStorageTraits, store_set_partial_many,
};

use super::{Error, FolderStore};

/// The storage that the Zarr library reads from and writes to.
#[derive(Debug)]
pub(super) struct Storage(pub(super) Arc<FolderStore>);

/// Converts an error to the type that the Zarr library expects.
fn storage_error(error: Error) -> StorageError {
    match error {
        Error::Io { path, source } => {
            let text = format!("{}: {source}", path.display());
            std::io::Error::new(source.kind(), text).into()
        }
        other => StorageError::Other(other.to_string()),
    }
}

impl ReadableStorageTraits for Storage {
    fn get_partial_many<'a>(
        &'a self,
        key: &StoreKey,
        byte_ranges: ByteRangeIterator<'a>,
    ) -> Result<MaybeBytesIterator<'a>, StorageError> {
        let path = self.0.path(key.as_str());
        let mut file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(storage_error(Error::io(&path)(error))),
        };
        let size = file.metadata()?.len();
        let mut read = |range: ByteRange| -> Result<Bytes, StorageError> {
            let (start, len) = match range {
                ByteRange::FromStart(start, None) => (start, size.checked_sub(start)),
                ByteRange::FromStart(start, Some(len)) => (start, Some(len)),
                ByteRange::Suffix(len) => (size.saturating_sub(len), Some(len)),
            };
            let fits = |len: &u64| start.checked_add(*len).is_some_and(|end| end <= size);
            let len = len.filter(fits).ok_or_else(|| InvalidByteRangeError::new(range, size))?;
            let mut bytes = Vec::new();
            file.seek(SeekFrom::Start(start))?;
            bytes.try_reserve_exact(usize::try_from(len).unwrap_or(usize::MAX)).map_err(std::io::Error::other)?;
            Read::by_ref(&mut file).take(len).read_to_end(&mut bytes)?;
            Ok(bytes.into())
        };
        let bytes: Vec<_> = byte_ranges.map(&mut read).collect();
        Ok(Some(Box::new(bytes.into_iter())))
    }

    fn size_key(&self, key: &StoreKey) -> Result<Option<u64>, StorageError> {
        match fs::metadata(self.0.path(key.as_str())) {
            Ok(metadata) => Ok(Some(metadata.len())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn supports_get_partial(&self) -> bool {
        true
    }
}

impl WritableStorageTraits for Storage {
    fn set(&self, key: &StoreKey, value: Bytes) -> Result<(), StorageError> {
        self.0.write(key.as_str(), &[&value]).map_err(storage_error)
    }

    fn set_partial_many(&self, key: &StoreKey, offset_values: OffsetBytesIterator<'_>) -> Result<(), StorageError> {
        store_set_partial_many(self, key, offset_values)
    }

    fn erase(&self, key: &StoreKey) -> Result<(), StorageError> {
        self.0.remove(key.as_str()).map_err(storage_error)
    }

    fn erase_prefix(&self, prefix: &StorePrefix) -> Result<(), StorageError> {
        match fs::remove_dir_all(self.0.path(prefix.as_str())) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    fn supports_set_partial(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let store = Storage(Arc::new(FolderStore::new(folder.path())));
        let key = StoreKey::new("a").unwrap();
        assert!(store.get(&key).unwrap().is_none() && store.size_key(&key).unwrap().is_none());
        store.set(&key, vec![1, 2, 3, 4, 5].into()).unwrap();
        let get = |range| store.get_partial(&key, range).map(|bytes| bytes.unwrap().to_vec());
        assert_eq!(get(ByteRange::FromStart(1, Some(2))).unwrap(), [2, 3]);
        assert_eq!(get(ByteRange::FromStart(3, None)).unwrap(), [4, 5]);
        assert_eq!(get(ByteRange::Suffix(2)).unwrap(), [4, 5]);
        for outside in [ByteRange::FromStart(6, None), ByteRange::FromStart(3, Some(3)), ByteRange::Suffix(6)] {
            assert!(get(outside).is_err(), "{outside:?}");
        }
        assert_eq!(store.size_key(&key).unwrap(), Some(5));
    }
}
