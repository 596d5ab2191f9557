//! Reading stacks: real slices, every pixel type, and files that are rejected by name.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, its helpers too")]

use std::fs::File;
use std::path::{Path, PathBuf};

use ndarray::{Array3, Array4};
use qlty_pyramid::{ArrayMut, DType, Element, Error, LengthUnit, Pixel, SlicePattern, Stack};
use tempfile::TempDir;
use tiff::encoder::{Compression, TiffEncoder, TiffValue, colortype};

#[path = "support/raw_tiff.rs"]
mod raw_tiff;
use raw_tiff::{Page, grey, long, rational, text};

/// A file of 8-bit grey pages with 3 rows and 4 columns, whose values increase from page to page.
fn counting_pages(count: usize) -> Vec<Page> {
    (0..count).map(|page| grey(4, 3, 8, (0..12).map(|pixel| (page * 12 + pixel) as u8).collect())).collect()
}

fn file_of(folder: &TempDir, name: &str, pages: &[Page]) -> PathBuf {
    let path = folder.path().join(name);
    raw_tiff::write(&path, pages);
    path
}

fn open_slices(folder: &Path) -> Result<Stack, Error> {
    let sets = SlicePattern::new("tif", r"(\d+)\.tif$").unwrap().find(folder).unwrap();
    assert_eq!(sets.len(), 1);
    Stack::from_slices(&sets[0])
}

#[test]
fn the_brain_is_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../samples/brain");
    let stack = open_slices(&folder).unwrap();
    assert_eq!((stack.name(), stack.shape(), stack.dtype()), ("image", [1, 1, 32, 217, 181], DType::U8));
    let size = stack.voxel_size().unwrap().to(LengthUnit::Millimeter);
    assert_eq!((size.y, size.x, size.z), (1.0, 1.0, None));
    assert!(stack.missing().is_empty());

    // The sum and the pixels equal those that tifffile reads.
    let volume = stack.read::<u8>(0).unwrap();
    assert_eq!(volume.iter().map(|pixel| u64::from(*pixel)).sum::<u64>(), 76_172_032);
    assert_eq!([volume[[0, 16, 100, 90]], volume[[0, 0, 50, 60]], volume[[0, 7, 120, 33]]], [72, 87, 84]);
    let part = stack.read_planes::<u8>(0, 7..9).unwrap();
    assert_eq!(part, volume.slice(ndarray::s![.., 7..9, .., ..]));
    assert_eq!(stack.read_planes::<u8>(0, 3..3).unwrap().dim(), (1, 0, 217, 181));
}

#[test]
fn pages_of_one_file_are_planes() {
    let folder = TempDir::new().unwrap();
    let path = file_of(&folder, "seven.tif", &counting_pages(7));
    let stack = Stack::from_file(&path).unwrap();
    assert_eq!((stack.name(), stack.shape()), ("seven", [1, 1, 7, 3, 4]));
    let volume = stack.read::<u8>(0).unwrap();
    assert!(volume.iter().copied().eq(0..84));
    assert!(stack.read_planes::<u8>(0, 5..7).unwrap().iter().copied().eq(60..84));
    let outside = stack.read_planes::<u8>(0, 6..8).unwrap_err();
    assert!(matches!(outside, Error::Argument { .. }), "{outside}");
}

fn round_trip<C: colortype::ColorType>(values: &[C::Inner])
where
    [C::Inner]: TiffValue,
    C::Inner: Pixel,
{
    let folder = TempDir::new().unwrap();
    for compression in
        [Compression::Uncompressed, Compression::Lzw, Compression::Deflate(Default::default()), Compression::Packbits]
    {
        let path = folder.path().join("page.tif");
        let mut encoder = TiffEncoder::new(File::create(&path).unwrap()).unwrap().with_compression(compression);
        encoder.write_image::<C>(values.len() as u32 / 2, 2, values).unwrap();
        let stack = Stack::from_file(&path).unwrap();
        assert_eq!(stack.dtype(), <C::Inner as Element>::DTYPE);
        let expected = Array4::from_shape_vec([1, 1, 2, values.len() / 2], values.to_vec()).unwrap();
        assert_eq!(stack.read::<C::Inner>(0).unwrap(), expected);
    }
}

#[test]
fn every_pixel_type_and_compression_is_exact() {
    round_trip::<colortype::Gray8>(&[0, 1, 127, 128, 254, 255]);
    round_trip::<colortype::GrayI8>(&[0, 1, 127, -128, -2, -1]);
    round_trip::<colortype::Gray16>(&[0, 1, 255, 256, 32768, u16::MAX]);
    round_trip::<colortype::GrayI16>(&[0, 1, 255, -256, i16::MIN, i16::MAX]);
    round_trip::<colortype::Gray32>(&[0, 1, 1 << 31, 256, 65536, u32::MAX]);
    round_trip::<colortype::GrayI32>(&[0, 1, -255, 256, i32::MIN, i32::MAX]);
    round_trip::<colortype::Gray64>(&[0, 1, 1 << 63, 256, 65536, u64::MAX]);
    round_trip::<colortype::GrayI64>(&[0, 1, -255, 256, i64::MIN, i64::MAX]);
    round_trip::<colortype::Gray32Float>(&[0.0, -0.5, f32::MIN, f32::MAX, f32::INFINITY, 1e-40]);
    round_trip::<colortype::Gray64Float>(&[0.0, -0.5, f64::MIN, f64::MAX, f64::INFINITY, 1e-310]);
}

#[test]
fn half_floats_are_read() {
    let folder = TempDir::new().unwrap();
    let values = [0.0_f32, -0.5, 65504.0, 1e-7].map(half::f16::from_f32);
    let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    let path = file_of(&folder, "half.tif", &[grey(2, 2, 16, bytes).with(raw_tiff::SAMPLE_FORMAT, long(3))]);
    let stack = Stack::from_file(path).unwrap();
    assert_eq!(stack.dtype(), DType::F16);
    assert!(stack.read::<half::f16>(0).unwrap().iter().eq(&values));
}

#[test]
fn imagej_says_how_large_a_voxel_is() {
    let folder = TempDir::new().unwrap();
    let mut pages = counting_pages(3);
    // The micro sign in Latin-1, as ImageJ on Windows writes it: invalid UTF-8.
    let description = b"ImageJ=1.53t\nimages=3\nslices=3\nunit=\xb5m\nspacing=2.5\n";
    pages[0] = pages[0]
        .clone()
        .with(raw_tiff::DESCRIPTION, text(description))
        .with(raw_tiff::X_RESOLUTION, rational(40, 13))
        .with(raw_tiff::Y_RESOLUTION, rational(4, 1))
        .with(raw_tiff::RESOLUTION_UNIT, long(1));
    let stack = Stack::from_file(file_of(&folder, "imagej.tif", &pages)).unwrap();
    assert_eq!(stack.voxel_size(), None, "an unreadable unit is no unit");

    let description = b"ImageJ=1.53t\nimages=3\nslices=3\nunit=\\u00B5m\nspacing=2.5\n";
    pages[0] = pages[0].clone().with(raw_tiff::DESCRIPTION, text(description));
    let stack = Stack::from_file(file_of(&folder, "imagej.tif", &pages)).unwrap();
    let size = stack.voxel_size().unwrap();
    assert_eq!((size.z, size.y, size.x, size.unit), (Some(2.5), 0.25, 0.325, LengthUnit::Micrometer));
}

#[test]
fn what_would_come_out_changed_is_refused_by_name() {
    use raw_tiff::*;
    let page = || grey(4, 3, 8, (0..12).collect());
    let described = |description: &str| page().with(DESCRIPTION, text(description.as_bytes()));
    let ome = |sizes: &str, inside: &str| {
        let pixels = format!(r#"<Pixels SizeX="4" SizeY="3" DimensionOrder="XYZCT" {sizes}>{inside}</Pixels>"#);
        described(&format!("<OME><Image>{pixels}</Image></OME>"))
    };
    let one = r#"SizeZ="1" SizeC="1" SizeT="1""#;
    let cases = [
        (page().with(PHOTOMETRIC, long(0)).with(SAMPLE_FORMAT, long(2)), "MinIsWhite of int8"),
        (page().with(PHOTOMETRIC, long(4)), "transparency mask"),
        (grey(2, 2, 8, vec![0; 12]).with(PHOTOMETRIC, long(6)).with(SAMPLES, long(3)), "YCbCr"),
        (grey(2, 2, 8, vec![0; 12]).with(PHOTOMETRIC, long(8)).with(SAMPLES, long(3)), "CIE L*a*b*"),
        (page().with(PHOTOMETRIC, long(32803)), "colour filter array"),
        (page().with(COMPRESSION, long(3)), "CCITT"),
        (page().with(COMPRESSION, long(6)), "old JPEG"),
        (page().with(COMPRESSION, long(34712)), "34712 (JPEG 2000)"),
        (page().with(COMPRESSION, long(4)), "fax of 1 samples of 8 bits"),
        (page().with(PREDICTOR, long(2)), "predictor of uncompressed"),
        (page().with(COMPRESSION, long(8)).with(PREDICTOR, long(3)), "predictor 3 of uint8"),
        (grey(4, 1, 24, vec![0; 12]), "24 bits"),
        (grey(4, 1, 12, vec![0; 6]).with(SAMPLE_FORMAT, long(2)), "12 bits (signed)"),
        (page().with(SAMPLE_FORMAT, long(5)), "complex"),
        (grey(4096, 4097, 8, vec![0; 1]).with(STRIP_OFFSETS, long(0)), "an absent strip"),
        (described("ImageJ=1.53\nimages=2\nslices=2\n").with(COMPRESSION, long(8)), "one directory and compressed"),
        (described(r#"<OME><BinaryOnly MetadataFile="all.ome.xml"/></OME>"#), "all.ome.xml"),
        (described("<OME><Image/><Image/></OME>"), "2 images"),
        (ome(r#"SizeZ="1" SizeC="1" SizeT="7""#, ""), "7 T"),
        (ome(one, r#"<TiffData><UUID FileName="b.ome.tif">urn:uuid:1</UUID></TiffData>"#), "b.ome.tif"),
    ];
    for (page, name) in cases {
        let folder = TempDir::new().unwrap();
        let path = file_of(&folder, "odd_0.tif", &[page]);
        for error in [Stack::from_file(&path).unwrap_err(), open_slices(folder.path()).unwrap_err()] {
            assert!(matches!(&error, Error::Unsupported { .. }), "{error:?}");
            let message = error.to_string();
            assert!(message.contains(name) && message.contains("odd_0.tif"), "{name}: {message}");
        }
    }
}

#[test]
fn bits_in_reverse_are_turned() {
    let folder = TempDir::new().unwrap();
    let reversed = |page: Page| page.with(raw_tiff::FILL_ORDER, long(2));
    let path = file_of(&folder, "a.tif", &[reversed(grey(2, 1, 8, vec![0b1, 0b1100_0000]))]);
    assert!(Stack::from_file(path).unwrap().read::<u8>(0).unwrap().into_iter().eq([128, 3]));
    let path = file_of(&folder, "b.tif", &[reversed(grey(10, 1, 1, vec![0b1000_0110, 0b10]))]);
    let bits = [0, 1, 1, 0, 0, 0, 0, 1, 0, 1];
    assert!(Stack::from_file(path).unwrap().read::<u8>(0).unwrap().into_iter().eq(bits));
    let path = file_of(&folder, "c.tif", &[grey(3, 2, 4, vec![0x12, 0x30, 0xfe, 0xd0])]);
    assert!(Stack::from_file(path).unwrap().read::<u8>(0).unwrap().into_iter().eq([1, 2, 3, 15, 14, 13]));
}

#[test]
fn images_beyond_four_gigabytes_are_reached() {
    // As ImageJ writes them: one directory, followed by 5 GiB of pixels. The file is sparse, so it is small.
    let folder = TempDir::new().unwrap();
    let (width, height, images) = (4096_u32, 4096_u32, 300_u64);
    let description = format!("ImageJ=1.53\nimages={images}\nslices=150\nframes=2\n");
    let page = grey(width, height, 8, Vec::new())
        .with(raw_tiff::DESCRIPTION, text(description.as_bytes()))
        .with(raw_tiff::STRIP_OFFSETS, long(4096))
        .with(raw_tiff::STRIP_BYTE_COUNTS, long(width * height));
    let path = file_of(&folder, "large.tif", &[page]);
    let bytes = u64::from(width) * u64::from(height);
    let file = File::options().write(true).open(&path).unwrap();
    file.set_len(4096 + images * bytes).unwrap();
    for image in 0..images {
        use std::io::{Seek, SeekFrom, Write};
        let mut file = &file;
        file.seek(SeekFrom::Start(4096 + image * bytes + bytes - 1)).unwrap();
        file.write_all(&[(image % 251) as u8 + 1]).unwrap();
    }
    let stack = Stack::from_file(&path).unwrap();
    assert_eq!(stack.shape(), [2, 1, 150, height as usize, width as usize]);
    let mut plane = Array3::from_elem([1, height as usize, width as usize], 9_u8);
    for (t, z) in [(1, 149), (0, 1), (1, 0)] {
        stack.read_plane(t, z, ArrayMut::of("plane", plane.view_mut()).unwrap()).unwrap();
        let pixels = plane.as_slice().unwrap();
        assert_eq!((pixels[0], pixels.last()), (0, Some(&(((t * 150 + z) % 251) as u8 + 1))));
    }
    file.set_len(4096 + images * bytes - 1).unwrap();
    let error = Stack::from_file(&path).unwrap_err();
    assert!(error.to_string().contains("beyond the file's end"), "{error}");
}

#[test]
fn all_pages_are_of_one_shape_and_type() {
    let odd_pages = [
        grey(3, 4, 8, vec![0; 12]),
        grey(4, 3, 16, vec![0; 24]),
        grey(4, 3, 8, vec![0; 12]).with(raw_tiff::SAMPLE_FORMAT, long(2)),
    ];
    for odd in odd_pages {
        let folder = TempDir::new().unwrap();
        file_of(&folder, "s_0.tif", &counting_pages(1));
        file_of(&folder, "s_1.tif", std::slice::from_ref(&odd));
        let error = open_slices(folder.path()).unwrap_err();
        assert!(matches!(&error, Error::Mismatch { page: 0, .. }), "{error:?}");
        let message = error.to_string();
        assert!(message.contains("s_1.tif") && message.contains("3 rows x 4 columns of uint8"), "{message}");

        let mut pages = counting_pages(2);
        pages.push(odd);
        let error = Stack::from_file(file_of(&folder, "p.tif", &pages)).unwrap_err();
        assert!(matches!(&error, Error::Mismatch { page: 2, .. }), "{error:?}");
    }
    let folder = TempDir::new().unwrap();
    file_of(&folder, "s_0.tif", &counting_pages(2));
    file_of(&folder, "s_1.tif", &counting_pages(3));
    let error = open_slices(folder.path()).unwrap_err();
    assert!(error.to_string().contains("3 pages of"), "{error}");
}

#[test]
fn another_type_is_not_made_up() {
    let folder = TempDir::new().unwrap();
    let stack = Stack::from_file(file_of(&folder, "a.tif", &counting_pages(1))).unwrap();
    let error = stack.read::<f32>(0).unwrap_err();
    assert_eq!(error.to_string(), r#"stack "a": asked for float32, but its pixels are uint8"#);
}

#[test]
fn broken_files_are_errors_that_name_them() {
    use raw_tiff::*;
    let folder = TempDir::new().unwrap();
    let page = || grey(4, 3, 8, (0..12).collect());
    let corrupt = [
        // A few bytes that declare more pixels than any machine can hold.
        page().with(WIDTH, long(u32::MAX)).with(HEIGHT, long(u32::MAX)),
        page().with(WIDTH, long(u32::MAX)).with(HEIGHT, long(u32::MAX)).with(COMPRESSION, long(8)),
        page().with(HEIGHT, long(4)),
        page().with(STRIP_BYTE_COUNTS, long(1_000_000)),
        page().with(STRIP_OFFSETS, long(u32::MAX)),
    ];
    for page in corrupt {
        let error = Stack::from_file(file_of(&folder, "bad.tif", &[page])).unwrap_err();
        assert!(matches!(&error, Error::Corrupt { .. }), "{error:?}");
        assert!(error.to_string().contains("bad.tif"), "{error}");
    }

    // Invalid compressed data is detected when it is read.
    let zeros = page().with(COMPRESSION, long(8));
    let stack = Stack::from_file(file_of(&folder, "bad.tif", &[zeros])).unwrap();
    let error = stack.read::<u8>(0).unwrap_err();
    assert!(error.to_string().contains("bad.tif"), "{error}");

    let path = folder.path().join("cycle.tif");
    let directories = raw_tiff::write(&path, &counting_pages(3));
    let mut bytes = std::fs::read(&path).unwrap();
    let end = bytes.len();
    bytes[end - 4..].copy_from_slice(&(directories[0] as u32).to_le_bytes());
    std::fs::write(&path, &bytes).unwrap();
    let error = Stack::from_file(&path).unwrap_err();
    assert!(error.to_string().contains("cycle"), "{error}");

    raw_tiff::write(&path, &counting_pages(3));
    let whole = std::fs::read(&path).unwrap();
    for length in 0..whole.len() {
        std::fs::write(&path, &whole[..length]).unwrap();
        let error = Stack::from_file(&path).and_then(|stack| stack.read::<u8>(0)).unwrap_err();
        assert!(error.to_string().contains("cycle.tif"), "cut at {length}: {error}");
    }
    let gone = Stack::from_file(folder.path().join("gone.tif")).unwrap_err();
    assert!(matches!(&gone, Error::Io { .. }), "{gone}");
}

#[test]
fn a_file_that_changes_after_opening_is_an_error() {
    let folder = TempDir::new().unwrap();
    let path = file_of(&folder, "a.tif", &counting_pages(2));
    let stack = Stack::from_file(&path).unwrap();
    raw_tiff::write(&path, &[grey(400, 300, 8, vec![0; 120_000]), grey(400, 300, 8, vec![0; 120_000])]);
    let error = stack.read::<u8>(0).unwrap_err();
    assert!(matches!(&error, Error::Mismatch { .. } | Error::Corrupt { .. }), "{error:?}");
    raw_tiff::write(&path, &[grey(4, 3, 8, vec![7; 12]), grey(3, 4, 8, vec![0; 12])]);
    let error = stack.read::<u8>(0).unwrap_err();
    assert!(matches!(&error, Error::Mismatch { page: 1, .. }), "{error:?}");
    let mut plane = Array3::<u8>::zeros([1, 3, 4]);
    stack.read_plane(0, 0, ArrayMut::of("plane", plane.view_mut()).unwrap()).unwrap();
    assert!(plane.iter().all(|pixel| *pixel == 7));
}
