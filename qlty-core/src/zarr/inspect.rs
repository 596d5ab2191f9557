//! Reading the metadata of arrays and groups, and creating groups.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value};
use zarrs::array::{Array, DataType};
use zarrs::group::Group;
use zarrs::metadata::GroupMetadata;
use zarrs::metadata::v2::GroupMetadataV2;
use zarrs::metadata::v3::GroupMetadataV3;
use zarrs::plugin::ExtensionName;

use super::storage::Storage;
use super::{Error, FolderStore, Result};
use crate::DType;

/// The metadata of an array.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ArrayInfo {
    /// The Zarr v3 name of its element type, such as `uint16`; it may be a type that this library does not read.
    pub data_type: String,
    /// Its shape.
    pub shape: Vec<u64>,
    /// The names of its axes, if any; Zarr v2 has none.
    pub axis_names: Option<Vec<Option<String>>>,
    /// Its attributes.
    pub attributes: Map<String, Value>,
}

impl ArrayInfo {
    /// The element type, if this library reads it.
    pub fn dtype(&self) -> Option<DType> {
        DType::from_zarr_name(&self.data_type)
    }

    /// The number of axes.
    pub fn ndim(&self) -> usize {
        self.shape.len()
    }
}

/// The metadata of the Zarr v2 or v3 array in a folder.
///
/// # Errors
/// [`Error::Io`] if there is no such folder, [`Error::Zarr`] if it holds no array.
pub fn inspect(path: &Path) -> Result<ArrayInfo> {
    let array = open_array(path)?;
    let (data_type, shape) = (name_of(array.data_type()), array.shape().to_vec());
    let (axis_names, attributes) = (array.dimension_names().clone(), array.attributes().clone());
    Ok(ArrayInfo { data_type, shape, axis_names, attributes })
}

/// The read-only storage of a folder.
fn storage(path: &Path) -> Result<Arc<Storage>> {
    // The library's error for a missing path does not name it.
    path.metadata().map_err(Error::io(path))?;
    Ok(Arc::new(Storage(Arc::new(FolderStore::new(path)))))
}

pub(super) fn open_array(path: &Path) -> Result<Array<Storage>> {
    Array::open(storage(path)?, "/").map_err(Error::zarr(path))
}

/// The Zarr v3 name of an element type.
pub(super) fn name_of(data_type: &DataType) -> String {
    data_type.name_v3().map_or_else(|| data_type.to_string(), |name| name.into_owned())
}

/// The attributes of the Zarr v2 or v3 group in a folder.
///
/// # Errors
/// [`Error::Io`] if there is no such folder, [`Error::Zarr`] if it holds no group.
pub fn group_attributes(path: &Path) -> Result<Map<String, Value>> {
    let group = Group::open(storage(path)?, "/").map_err(Error::zarr(path))?;
    Ok(group.attributes().clone())
}

/// Makes a store a Zarr v3 group with these attributes: writes its metadata.
///
/// # Errors
/// [`Error::Zarr`], naming the store.
pub fn create_group(store: &Arc<FolderStore>, attributes: Map<String, Value>) -> Result<()> {
    write_group(store, GroupMetadataV3::new().with_attributes(attributes).into())
}

/// [`create_group`] for Zarr v2.
///
/// # Errors
/// The errors of [`create_group`].
pub fn create_group_v2(store: &Arc<FolderStore>, attributes: Map<String, Value>) -> Result<()> {
    write_group(store, GroupMetadataV2::new().with_attributes(attributes).into())
}

fn write_group(store: &Arc<FolderStore>, metadata: GroupMetadata) -> Result<()> {
    let storage = Arc::new(Storage(Arc::clone(store)));
    let group = Group::new_with_metadata(storage, "/", metadata).map_err(Error::zarr(store.folder()))?;
    group.store_metadata().map_err(Error::zarr(store.folder()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::zarr::{Layout, Plan};

    #[test]
    fn what_is_made_says_what_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(FolderStore::new(folder.path()));
        let attributes = Map::from_iter([("answer".to_owned(), json!(42))]);
        for create in [create_group, create_group_v2] {
            create(&store, attributes.clone()).unwrap();
            assert_eq!(group_attributes(folder.path()).unwrap()["answer"], json!(42));
            store.remove("zarr.json").unwrap();
        }
        let layout = Layout { shape: vec![3, 5], chunk: vec![2, 2], shard: None };
        let plan = Plan::new(DType::F16, layout).axis_names(&["y", "x"]).attributes(attributes.clone());
        plan.create(&store, "v3").unwrap();
        plan.create_v2(&store, "v2").unwrap();
        let (v3, v2) = (inspect(&store.path("v3")).unwrap(), inspect(&store.path("v2")).unwrap());
        assert_eq!((v3.dtype(), v3.ndim(), &v3.shape), (Some(DType::F16), 2, &vec![3, 5]));
        assert_eq!(v3.axis_names, Some(vec![Some("y".to_owned()), Some("x".to_owned())]));
        assert_eq!((&v3.data_type[..], &v3.attributes["answer"]), ("float16", &json!(42)));
        assert_eq!(v2, ArrayInfo { axis_names: None, ..v3 });
        assert!(matches!(inspect(&store.path("v1")), Err(Error::Io { .. })));
        assert!(matches!(inspect(folder.path()), Err(Error::Zarr { .. })));
        assert!(matches!(group_attributes(&store.path("v3")), Err(Error::Zarr { .. })));
    }
}
