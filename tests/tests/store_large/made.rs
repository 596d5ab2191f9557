//! The metadata of a result.

use serde_json::{Value, json};

use crate::Job;

#[test]
fn attributes_and_names_of_axes() {
    let folder = tempfile::tempdir().unwrap();
    let large = Job::all(0).builder(&folder.path().join("result")).create().unwrap();
    Job::stitch_pending(&large);
    large.finish().unwrap();
    for (name, array) in [("result_mean.zarr", "mean"), ("result_std.zarr", "std")] {
        let text = std::fs::read_to_string(folder.path().join(name).join("zarr.json")).unwrap();
        let metadata: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(metadata["shape"], json!([2, 2, 61, 70]));
        assert_eq!(metadata["dimension_names"], json!(["n", "c", "y", "x"]));
        assert_eq!(metadata["fill_value"], json!("NaN"));
        assert_eq!(metadata["chunk_grid"]["configuration"]["chunk_shape"], json!([1, 2, 24, 24]));
        let codecs: Vec<_> = metadata["codecs"].as_array().unwrap().iter().map(|codec| codec["name"].clone()).collect();
        assert_eq!(codecs, [json!("bytes"), json!("zstd"), json!("crc32c")]);
        assert_eq!(metadata["attributes"]["qlty_array"], json!(array));
        let made = &metadata["attributes"]["qlty"];
        let expected = json!({
            "made_by": "qlty-large", "format": 2, "complete": array == "mean", "images": 2, "channels": 2, "size": [61, 70], "window": [16, 20],
            "step": [7, 9], "border": [3, 2], "border_weight": 0.1, "profile": "Border", "std": "within",
            "normalize": false, "data_type": "float32", "fill": "NaN", "tile": [24, 24], "chunk": [24, 24], "shard": null,
            "codec": "zstd:1", "checksum": made["checksum"],
        });
        assert_eq!(*made, expected);
    }
}
