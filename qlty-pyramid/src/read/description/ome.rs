//! OME-XML: <https://ome-model.readthedocs.io/en/stable/ome-tiff/specification.html>.

use roxmltree::{Document, Node};

use super::Contents;
use crate::read::page::{PageError, PageHeader};
use crate::{Channel, LengthUnit, VoxelSize};

/// The single image that the file describes.
#[derive(Debug)]
pub(crate) struct Ome {
    /// X, Y, Z, C and T.
    sizes: [u64; 5],
    /// Which of Z, C and T changes fastest, next and slowest, as indices into (Z, C, T).
    order: [usize; 3],
    blocks: Vec<Block>,
    voxel_size: Option<VoxelSize>,
    frame_interval: Option<f64>,
    channels: Vec<Channel>,
    /// The file's own identifier.
    uuid: Option<String>,
}

/// A `TiffData`: a run of pages, and the image index of its first page.
#[derive(Debug)]
struct Block {
    page: Option<u64>,
    count: Option<u64>,
    /// Z, C and T.
    first: [u64; 3],
    /// The identifier and the name of the file that contains the pages.
    file: Option<(String, Option<String>)>,
}

impl Ome {
    pub(super) fn parse(text: &str) -> Result<Self, PageError> {
        check_parse_time(text)?;
        let document = Document::parse(text).map_err(|error| PageError::Corrupt(format!("OME-XML: {error}")))?;
        let root = document.root_element();
        if let Some(binary) = children(root, "BinaryOnly").next() {
            let file = binary.attribute("MetadataFile").unwrap_or("another file");
            return Err(PageError::Unsupported(format!("an OME-TIFF whose metadata are in {file:?}")));
        }
        let images: Vec<Node<'_, '_>> = children(root, "Image").collect();
        let [image] = images.as_slice() else {
            return Err(PageError::Unsupported(format!("an OME-TIFF of {} images", images.len())));
        };
        let Some(pixels) = children(*image, "Pixels").next() else {
            return Err(PageError::Corrupt("OME-XML without pixels".to_owned()));
        };
        let [x, y, z, c, t] = ["SizeX", "SizeY", "SizeZ", "SizeC", "SizeT"].map(|name| required(pixels, name));
        let blocks = children(pixels, "TiffData").map(Block::parse).collect::<Result<_, _>>()?;
        let order = pixels.attribute("DimensionOrder").unwrap_or_default();
        Ok(Self {
            sizes: [x?, y?, z?, c?, t?],
            order: dimension_order(order)
                .ok_or_else(|| PageError::Corrupt(format!("OME-XML: the dimension order {order:?}")))?,
            blocks,
            voxel_size: voxel_size(pixels),
            frame_interval: time(pixels),
            channels: children(pixels, "Channel").flat_map(channels).collect(),
            uuid: root.attribute("UUID").map(str::to_owned),
        })
    }

    pub(super) fn contents(&self, header: &PageHeader, pages: usize, name: &str) -> Result<Contents, PageError> {
        let [x, y, z, c, t] = self.sizes;
        if (x, y) != (header.width as u64, header.height as u64) {
            return Err(PageError::Corrupt(format!("OME-XML says {y} rows x {x} columns, the page is {header}")));
        }
        let samples = header.samples as u64;
        if c % samples != 0 {
            return Err(PageError::Corrupt(format!("OME-XML says {c} channels, the page is {header}")));
        }
        // (Z, C, T), in pages.
        let sizes = [z, c / samples, t];
        let images = sizes.iter().try_fold(1_u64, |product, size| product.checked_mul(*size)).unwrap_or(u64::MAX);
        if images == 0 || images > pages as u64 {
            let what = format!("an OME-TIFF of {images} planes ({z} Z, {c} C, {t} T) in {pages} pages");
            return Err(self.elsewhere(name).unwrap_or(PageError::Unsupported(what)));
        }
        let place = |[z, c, t]: [u64; 3]| ((t * sizes[0] + z) * sizes[1] + c) as usize;
        let mut order = vec![None; images as usize];
        let whole = [Block { page: None, count: None, first: [0; 3], file: None }];
        let blocks = if self.blocks.is_empty() { whole.as_slice() } else { &self.blocks };
        // Each page is one image, but some writers name a page twice.
        let mut steps = 4 * pages + blocks.len();
        for block in blocks {
            self.here(block, name)?;
            let first_page = block.page.unwrap_or(0);
            let count = block.count.unwrap_or(if block.page.is_some() { 1 } else { pages as u64 });
            let mut image = block.first;
            for page in (first_page..pages as u64).take(usize::try_from(count).unwrap_or(usize::MAX)) {
                if (0..3).any(|axis| image[axis] >= sizes[axis]) {
                    // There are no images beyond the last.
                    break;
                }
                steps = steps
                    .checked_sub(1)
                    .ok_or_else(|| PageError::Corrupt("OME-XML names its pages over and over".into()))?;
                let slot = &mut order[place(image)];
                if slot.is_some_and(|other| other != page as usize) {
                    let [z, c, t] = image;
                    return Err(PageError::Corrupt(format!("OME-XML names two pages for Z {z}, C {c}, T {t}")));
                }
                *slot = Some(page as usize);
                for axis in self.order {
                    image[axis] += 1;
                    if image[axis] < sizes[axis] || axis == self.order[2] {
                        break;
                    }
                    image[axis] = 0;
                }
            }
        }
        let order: Option<Vec<usize>> = order.into_iter().collect();
        let Some(order) = order else {
            return Err(PageError::Unsupported("an OME-TIFF that lacks some of its planes".to_owned()));
        };
        let [depth, channel_pages, frames] = sizes.map(|size| size as usize);
        Ok(Contents {
            frames,
            channel_pages,
            depth,
            order: Some(order),
            voxel_size: self.voxel_size,
            frame_interval: self.frame_interval,
            channels: self.channels.clone(),
        })
    }

    /// The error that names the first other file that contains some of the pages, if any.
    fn elsewhere(&self, name: &str) -> Option<PageError> {
        self.blocks.iter().find_map(|block| self.here(block, name).err())
    }

    /// Fails for pages in a file other than this one, whose name is `name`.
    fn here(&self, block: &Block, name: &str) -> Result<(), PageError> {
        match &block.file {
            None => Ok(()),
            // A file may have been renamed since.
            Some((uuid, _)) if !uuid.is_empty() && Some(uuid) == self.uuid.as_ref() => Ok(()),
            Some((_, Some(file))) if file == name => Ok(()),
            Some((uuid, file)) => {
                let file = file.as_ref().unwrap_or(uuid);
                Err(PageError::Unsupported(format!("an OME-TIFF with planes in another file, {file:?},")))
            }
        }
    }
}

impl Block {
    fn parse(node: Node<'_, '_>) -> Result<Self, PageError> {
        let [page, count, z, c, t] =
            ["IFD", "PlaneCount", "FirstZ", "FirstC", "FirstT"].map(|name| optional(node, name));
        let file = children(node, "UUID").next().map(|uuid| {
            let text = uuid.text().unwrap_or_default().trim().to_owned();
            (text, uuid.attribute("FileName").map(str::to_owned))
        });
        Ok(Self { page: page?, count: count?, first: [z?.unwrap_or(0), c?.unwrap_or(0), t?.unwrap_or(0)], file })
    }
}

/// Refuses XML that would take the parser hours: its time grows quadratically with the number of an element's
/// attributes, and its memory quadratically with the number of namespaces.
fn check_parse_time(text: &str) -> Result<(), PageError> {
    const ATTRIBUTES: usize = 256;
    const NAMESPACES: usize = 8192;
    if text.matches("xmlns").count() > NAMESPACES || text.split('<').any(|element| attributes(element) > ATTRIBUTES) {
        let what = format!("OME-XML of over {ATTRIBUTES} attributes an element or {NAMESPACES} namespaces");
        return Err(PageError::Unsupported(what));
    }
    Ok(())
}

/// Counts the quoted values of an element, whose text starts after its `<`.
fn attributes(element: &str) -> usize {
    let (mut count, mut quote) = (0, None);
    for character in element.chars().take_while(|_| !element.starts_with('!')) {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (Some(_), _) => {}
            (None, '>') => break,
            (None, '"' | '\'') => {
                quote = Some(character);
                count += 1;
            }
            (None, _) => {}
        }
    }
    count
}

/// Elements with this name, in the namespace of any version of the schema.
fn children<'a, 'i>(node: Node<'a, 'i>, name: &'static str) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children().filter(move |child| child.is_element() && child.tag_name().name() == name)
}

fn optional(node: Node<'_, '_>, name: &str) -> Result<Option<u64>, PageError> {
    let Some(text) = node.attribute(name) else {
        return Ok(None);
    };
    match text.trim().parse() {
        Ok(number) => Ok(Some(number)),
        Err(_) => Err(PageError::Corrupt(format!("OME-XML: {name} is {text:?}"))),
    }
}

fn required(node: Node<'_, '_>, name: &str) -> Result<u64, PageError> {
    optional(node, name)?.ok_or_else(|| PageError::Corrupt(format!("OME-XML: {name} is absent")))
}

fn dimension_order(text: &str) -> Option<[usize; 3]> {
    let axes: Vec<usize> = text.strip_prefix("XY")?.chars().filter_map(|axis| "ZCT".find(axis)).collect();
    let order: [usize; 3] = axes.try_into().ok()?;
    (text.len() == 5 && (0..3).all(|axis| order.contains(&axis))).then_some(order)
}

fn above_0(node: Node<'_, '_>, name: &str) -> Option<f64> {
    node.attribute(name)?.trim().parse().ok().filter(|size: &f64| size.is_finite() && *size > 0.0)
}

fn voxel_size(pixels: Node<'_, '_>) -> Option<VoxelSize> {
    // Each size has its own unit; the default is micrometres.
    let unit = |name| match pixels.attribute(name) {
        None => Some(LengthUnit::Micrometer),
        Some(text) => LengthUnit::parse(text),
    };
    let (x, x_unit) = (above_0(pixels, "PhysicalSizeX")?, unit("PhysicalSizeXUnit")?);
    let (y, y_unit) = (above_0(pixels, "PhysicalSizeY")?, unit("PhysicalSizeYUnit")?);
    let z = above_0(pixels, "PhysicalSizeZ").zip(unit("PhysicalSizeZUnit"));
    let z = z.map(|(z, z_unit)| z_unit.convert(z, x_unit));
    Some(VoxelSize { z, y: y_unit.convert(y, x_unit), x, unit: x_unit })
}

/// The time between frames in seconds.
fn time(pixels: Node<'_, '_>) -> Option<f64> {
    let seconds = match pixels.attribute("TimeIncrementUnit").unwrap_or("s") {
        "s" => 1.0,
        "ms" => 1e-3,
        "min" => 60.0,
        "h" => 3600.0,
        _ => return None,
    };
    Some(above_0(pixels, "TimeIncrement")? * seconds)
}

/// A channel, repeated for each of its samples.
fn channels(node: Node<'_, '_>) -> impl Iterator<Item = Channel> {
    let samples = node.attribute("SamplesPerPixel").and_then(|text| text.parse().ok()).unwrap_or(1_usize);
    let name = node.attribute("Name").filter(|name| !name.is_empty()).map(str::to_owned);
    // A signed 32-bit number: red, green, blue, alpha.
    let color = node.attribute("Color").and_then(|text| text.trim().parse::<i32>().ok());
    let color = color.map(|color| color.to_be_bytes()).map(|[red, green, blue, _]| [red, green, blue]);
    let color = color.filter(|_| samples == 1);
    std::iter::repeat_n(Channel { name, color }, samples.min(64))
}

#[cfg(test)]
mod tests {
    use qlty_core::DType;

    use super::*;

    const PAGE: PageHeader = PageHeader { height: 3, width: 4, samples: 1, dtype: DType::U8 };

    fn contents(pixels: &str, inside: &str, pages: usize) -> Result<Contents, String> {
        let text = format!(
            r#"<?xml version="1.0" encoding="UTF-8"?>
            <OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" UUID="urn:uuid:1"><Image ID="Image:0">
            <Pixels SizeX="4" SizeY="3" {pixels}>{inside}</Pixels></Image></OME>"#
        );
        let contents = Ome::parse(&text).and_then(|ome| ome.contents(&PAGE, pages, "this.ome.tif"));
        contents.map_err(|error| format!("{error:?}"))
    }

    #[test]
    fn every_dimension_order() {
        for order in ["XYZCT", "XYZTC", "XYCZT", "XYCTZ", "XYTZC", "XYTCZ"] {
            let pixels = format!(r#"DimensionOrder="{order}" SizeZ="2" SizeC="3" SizeT="4""#);
            let got = contents(&pixels, "<TiffData/>", 24).unwrap();
            assert_eq!((got.frames, got.channel_pages, got.depth), (4, 3, 2));
            let stride = |axis| {
                let before = order[2..].chars().take_while(|other| *other != axis);
                before.map(|axis| [2, 3, 4]["ZCT".find(axis).unwrap()]).product::<usize>()
            };
            let (z, c, t) = (stride('Z'), stride('C'), stride('T'));
            let expected = (0..24).map(|image| image / 6 * t + image / 3 % 2 * z + image % 3 * c).collect();
            assert_eq!(got.order, Some(expected), "{order}");
        }
    }

    #[test]
    fn pages_are_where_tiff_data_says() {
        let pixels = r#"DimensionOrder="XYZCT" SizeZ="2" SizeC="1" SizeT="2""#;
        let listed = r#"<TiffData IFD="3" FirstZ="0"/><TiffData IFD="0" FirstZ="1"><UUID>urn:uuid:1</UUID></TiffData>
            <TiffData IFD="1" FirstT="1" PlaneCount="2"><UUID FileName="this.ome.tif">urn:uuid:9</UUID></TiffData>"#;
        assert_eq!(contents(pixels, listed, 4).unwrap().order, Some(vec![3, 0, 1, 2]));
        assert_eq!(contents(pixels, "", 4).unwrap().order, Some(vec![0, 1, 2, 3]));

        let elsewhere = r#"<TiffData IFD="0"><UUID FileName="other.ome.tif">urn:uuid:2</UUID></TiffData>"#;
        for pages in [1, 4] {
            assert!(contents(pixels, elsewhere, pages).unwrap_err().contains("other.ome.tif"));
        }
        let twice = r#"<TiffData/><TiffData IFD="1"/>"#;
        assert!(contents(pixels, twice, 4).unwrap_err().contains("two pages for Z 0, C 0, T 0"));
        assert!(contents(pixels, r#"<TiffData IFD="0"/>"#, 4).unwrap_err().contains("lacks some"));
        assert!(contents(pixels, r#"<TiffData IFD="-1"/>"#, 4).unwrap_err().contains("IFD"));
        assert!(contents(pixels, "", 3).unwrap_err().contains("4 planes"));
        let huge = r#"DimensionOrder="XYZCT" SizeZ="4294967296" SizeC="4294967296" SizeT="1""#;
        assert!(contents(huge, "", 3).is_err());
        assert!(contents(r#"DimensionOrder="XYZZT" SizeZ="1" SizeC="1" SizeT="1""#, "", 1).is_err());
    }

    #[test]
    fn endless_xml_is_refused() {
        let pixels = r#"DimensionOrder="XYZCT" SizeZ="1" SizeC="1" SizeT="1""#;
        let attributes: String = (0..100_000).map(|number| format!("a{number} = '>' ")).collect();
        assert!(contents(pixels, &format!("<Channel {attributes}/>"), 1).unwrap_err().contains("256 attributes"));
        let namespaces: String = (0..10_000).map(|number| format!("<a xmlns:n{number}='b'>")).collect();
        assert!(contents(pixels, &namespaces, 1).unwrap_err().contains("8192 namespaces"));
        assert!(contents(pixels, &"<a>".repeat(1_000_000), 1).is_err());
        let pixels = r#"DimensionOrder="XYZCT" SizeZ="1000" SizeC="1" SizeT="1""#;
        assert!(contents(pixels, &"<TiffData/>".repeat(10_000), 1000).unwrap_err().contains("over and over"));
        let laughs = r#"<!DOCTYPE l [<!ENTITY a "ha">]><OME>&a;</OME>"#;
        assert!(Ome::parse(laughs).is_err());
    }

    #[test]
    fn sizes_and_channels() {
        let pixels = r#"DimensionOrder="XYCZT" SizeZ="1" SizeC="2" SizeT="1" PhysicalSizeX="0.5" PhysicalSizeY="500"
            PhysicalSizeYUnit="nm" PhysicalSizeZ="2" TimeIncrement="250" TimeIncrementUnit="ms""#;
        let inside = r#"<Channel Name="DAPI &amp; more" Color="-16776961"/><Channel/>"#;
        let got = contents(pixels, inside, 2).unwrap();
        let size = got.voxel_size.unwrap();
        assert_eq!((size.z, size.y, size.x, size.unit), (Some(2.0), 0.5, 0.5, LengthUnit::Micrometer));
        assert_eq!(got.frame_interval, Some(0.25));
        assert_eq!(got.channels[0], Channel { name: Some("DAPI & more".into()), color: Some([255, 0, 0]) });
        assert_eq!(got.channels[1], Channel::default());
    }
}
