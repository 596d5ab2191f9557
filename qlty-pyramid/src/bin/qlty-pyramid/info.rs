//! `qlty-pyramid info`.

use std::path::{Path, PathBuf};

use clap::Args;
use qlty_pyramid::Stack;
use serde_json::{Value, json};

use crate::input::SliceArgs;
use crate::output::{Failure, Output, lengths, table, times};
use crate::preview;
use crate::store::{self, Level, Store};

/// Describe a store, a file or a folder of slices
#[derive(Args, Debug)]
pub(crate) struct Info {
    /// A Zarr store, a TIFF or PNG file, or a folder of slices
    path: PathBuf,
    /// Write a picture of the smallest level: the middle plane, in grey or, of several channels, the first three
    #[arg(long, value_name = "PNG")]
    preview: Option<PathBuf>,
    /// Replace the picture if it exists
    #[arg(long)]
    overwrite: bool,
    #[command(flatten)]
    slices: SliceArgs,
}

impl Info {
    pub(crate) fn run(self, output: &mut Output) -> Result<(), Failure> {
        if let Some(preview) = self.preview.as_ref().filter(|path| !self.overwrite && path.symlink_metadata().is_ok()) {
            return Err(Failure::exists(preview));
        }
        let path = &self.path;
        output.set("path", path.to_string_lossy());
        if store::is_node(path) {
            let store = Store::open(path)?;
            describe_store(&store, output)?;
            return self.write_preview(|| preview::of_store(&store), output);
        }
        let stacks = self.slices.open(path)?;
        let several = stacks.len() > 1;
        output.set("kind", if path.is_dir() { "slices" } else { "file" });
        output
            .set("stacks", stacks.iter().map(|stack| (stack.name().to_owned(), stack_json(stack))).collect::<Value>());
        for stack in &stacks {
            output.line(stack_text(path, stack))?;
        }
        match stacks.as_slice() {
            [stack] => self.write_preview(|| preview::of_stack(stack), output),
            _ if several && self.preview.is_some() => {
                let names = crate::input::names(&stacks);
                Err(Failure::usage(format_args!("{}: --preview of several stacks: {names}", path.display())))
            }
            _ => Ok(()),
        }
    }

    fn write_preview(
        &self,
        make: impl FnOnce() -> Result<preview::Picture, Failure>,
        output: &mut Output,
    ) -> Result<(), Failure> {
        let Some(path) = &self.preview else { return Ok(()) };
        let picture = make()?;
        picture.write(path)?;
        output.set("preview", path.to_string_lossy());
        output.line(format_args!("{}: {} x {} pixels", path.display(), picture.width, picture.height))
    }
}

/// The axes' names as one word.
fn word(axes: &[String]) -> String {
    axes.concat().to_uppercase()
}

fn describe_store(store: &Store, output: &mut Output) -> Result<(), Failure> {
    let array = |level: &Level| level.array.as_ref().map_or(0, |array| array.dimensionality());
    let axes = store.axes(store.levels.first().map_or(0, array));
    output.set("kind", store.kind.to_string());
    output.set("zarr_format", store.zarr);
    output.set("axes", word(&axes));
    output.set("unit", store.unit());
    output.set("attributes", store.attributes.clone());
    let mut rows = vec![["array", "shape", "chunk", "type", "codec", "voxel"].map(str::to_owned).to_vec()];
    let mut levels = Vec::new();
    for level in &store.levels {
        let name = if level.name.is_empty() { "." } else { &level.name };
        let array = match &level.array {
            Ok(array) => array,
            Err(error) => return Err(Failure::other(format_args!("{}: {error}", store.path.join(name).display()))),
        };
        let (shape, dtype, codec) = (store::shape(array), store::dtype(array), store::codec(array));
        let (chunk, shard) = store::chunk(array);
        let space = |values: &Vec<f64>| {
            let space = axes.iter().zip(values).filter(|(axis, _)| ["z", "y", "x"].contains(&axis.as_str()));
            lengths(&space.map(|(_, size)| *size).collect::<Vec<_>>())
        };
        let chunks = match &shard {
            Some(shard) => format!("{} in {}", times(&chunk), times(shard)),
            None => times(&chunk),
        };
        let voxel = level.scale.as_ref().map_or_else(String::new, space);
        rows.push(vec![name.to_owned(), times(&shape), chunks, dtype.clone(), codec.clone(), voxel]);
        levels.push(json!({
            "name": level.name,
            "shape": shape,
            "chunk": chunk,
            "shard": shard,
            "dtype": dtype,
            "codec": codec,
            "scale": level.scale,
            "translation": level.translation,
        }));
    }
    output.set("levels", levels);
    let unit = store.unit().map_or_else(String::new, |unit| format!(", voxels in {unit}"));
    let zarr = store.zarr;
    output.line(format_args!("{}: {}, {}, Zarr v{zarr}{unit}", store.path.display(), store.kind, word(&axes)))?;
    output.line(table(&rows))
}

fn stack_json(stack: &Stack) -> Value {
    let size = stack.voxel_size();
    json!({
        "shape": stack.shape(),
        "dtype": stack.dtype().zarr_name(),
        "files": stack.files().len(),
        "voxel_size": size.map(|size| [size.z, Some(size.y), Some(size.x)]),
        "unit": size.map(|size| size.unit.name()),
        "channels": stack.channels().iter().map(|channel| channel.name.clone()).collect::<Vec<_>>(),
        "missing": stack.missing().iter().map(|range| [range.start(), range.end()]).collect::<Vec<_>>(),
    })
}

fn stack_text(path: &Path, stack: &Stack) -> String {
    let [frames, channels, depth, height, width] = stack.shape();
    let axes = [("T", frames), ("C", channels), ("Z", depth), ("Y", height), ("X", width)];
    let axes: Vec<String> =
        axes.iter().filter(|(_, size)| *size > 1).map(|(axis, size)| format!("{axis} {size}")).collect();
    let voxel = stack.voxel_size().map(|size| {
        let z = size.z.map_or_else(|| "?".to_owned(), |z| lengths(&[z]));
        format!(", voxel {z} x {} {}", lengths(&[size.y, size.x]), size.unit.name())
    });
    let slices = match stack.files().len() {
        1 => String::new(),
        count => format!(", {count} slices"),
    };
    let voxel = voxel.unwrap_or_default();
    let mut text = format!(
        "{}: stack {:?}{slices}, {} of {}{voxel}",
        path.display(),
        stack.name(),
        axes.join(", "),
        stack.dtype().zarr_name()
    );
    for missing in stack.missing() {
        text.push_str(&format!("\n  no slices {} to {}", missing.start(), missing.end()));
    }
    text
}
