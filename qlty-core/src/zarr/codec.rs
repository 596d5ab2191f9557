//! The codecs of the arrays that this library writes, by name.

use std::str::FromStr;
use std::sync::Arc;

use serde_json::{Value, json};
use zarrs::array::codec::api::BytesToBytesCodecTraits;
use zarrs::array::codec::{
    BloscCodec, BloscCompressionLevel, BloscCompressor, BloscShuffleMode, Crc32cCodec, GzipCodec, ZstdCodec,
};

/// The block size of Blosc in bytes if it shuffles bits. Its default for the lower levels of Zstandard is a fraction of
/// that, which makes the output 3 % larger and saves no time.
const BITSHUFFLE_BLOCK: usize = 256 << 10;

/// How the chunks of an array are compressed.
///
/// Named `none`, `gzip`, `zstd`, `blosc-lz4`, `blosc-zstd`, `blosc-lz4-bitshuffle` and `blosc-zstd-bitshuffle`,
/// followed by a colon and a level unless it is the default, as in `zstd:9`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Codec {
    /// No compression.
    None,
    /// Gzip, levels 0 to 9.
    Gzip(u8),
    /// Zstandard, levels 1 to 22.
    Zstd(u8),
    /// LZ4 through Blosc, which shuffles the bytes; levels 0 to 9.
    BloscLz4(u8),
    /// Zstandard through Blosc, which shuffles the bytes; levels 0 to 9.
    BloscZstd(u8),
    /// LZ4 through Blosc, which shuffles the bits; levels 0 to 9.
    BloscLz4Bitshuffle(u8),
    /// Zstandard through Blosc, which shuffles the bits; levels 0 to 9.
    BloscZstdBitshuffle(u8),
}

impl Default for Codec {
    /// Zstandard through Blosc, level 3, which every Zarr reader supports.
    fn default() -> Self {
        Self::BloscZstd(3)
    }
}

impl FromStr for Codec {
    type Err = crate::Error;

    fn from_str(text: &str) -> crate::Result<Self> {
        let unknown = || {
            let expected = "none, gzip, zstd, blosc-lz4 or blosc-zstd, these two with -bitshuffle or without, \
                            and a level behind a colon if need be";
            crate::Error::argument("codec", text, expected)
        };
        let (name, level) = match text.split_once(':') {
            Some((name, level)) => (name, Some(level.parse().map_err(|_| unknown())?)),
            None => (text, None),
        };
        let codec = match name {
            "none" if level.is_none() => Self::None,
            "gzip" => Self::Gzip(level.unwrap_or(5)),
            "zstd" => Self::Zstd(level.unwrap_or(3)),
            "blosc-lz4" => Self::BloscLz4(level.unwrap_or(5)),
            "blosc-zstd" => Self::BloscZstd(level.unwrap_or(3)),
            "blosc-lz4-bitshuffle" => Self::BloscLz4Bitshuffle(level.unwrap_or(5)),
            "blosc-zstd-bitshuffle" => Self::BloscZstdBitshuffle(level.unwrap_or(3)),
            _ => return Err(unknown()),
        };
        codec.check()?;
        Ok(codec)
    }
}

impl std::fmt::Display for Codec {
    /// The name, which [`Codec::from_str`] parses.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Gzip(level) => write!(f, "gzip:{level}"),
            Self::Zstd(level) => write!(f, "zstd:{level}"),
            Self::BloscLz4(level) => write!(f, "blosc-lz4:{level}"),
            Self::BloscZstd(level) => write!(f, "blosc-zstd:{level}"),
            Self::BloscLz4Bitshuffle(level) => write!(f, "blosc-lz4-bitshuffle:{level}"),
            Self::BloscZstdBitshuffle(level) => write!(f, "blosc-zstd-bitshuffle:{level}"),
        }
    }
}

impl Codec {
    /// Fails if the level is out of the codec's range.
    ///
    /// # Errors
    /// [`crate::Error::Argument`].
    pub fn check(self) -> crate::Result<()> {
        let (level, levels) = match self {
            Self::None => return Ok(()),
            Self::Zstd(level) => (level, 1..=22),
            Self::Gzip(level)
            | Self::BloscLz4(level)
            | Self::BloscZstd(level)
            | Self::BloscLz4Bitshuffle(level)
            | Self::BloscZstdBitshuffle(level) => (level, 0..=9),
        };
        if !levels.contains(&level) {
            let expected = format!("a level of {} to {}", levels.start(), levels.end());
            return Err(crate::Error::argument("codec", self, expected));
        }
        Ok(())
    }

    /// The compressor in the Zarr v2 metadata of an array whose elements have `bytes` bytes.
    pub(super) fn compressor(self, bytes: usize) -> Value {
        let blosc = |name: &str, level: u8, shuffle: u8| {
            let block = if shuffle == 2 { BITSHUFFLE_BLOCK } else { 0 };
            json!({ "id": "blosc", "cname": name, "clevel": level, "shuffle": shuffle, "blocksize": block })
        };
        let bytewise = u8::from(bytes > 1);
        match self {
            Self::None => Value::Null,
            Self::Gzip(level) => json!({ "id": "gzip", "level": level }),
            Self::Zstd(level) => json!({ "id": "zstd", "level": level }),
            Self::BloscLz4(level) => blosc("lz4", level, bytewise),
            Self::BloscZstd(level) => blosc("zstd", level, bytewise),
            Self::BloscLz4Bitshuffle(level) => blosc("lz4", level, 2),
            Self::BloscZstdBitshuffle(level) => blosc("zstd", level, 2),
        }
    }

    /// The codecs of an array whose elements have `bytes` bytes.
    pub(super) fn chain(
        self,
        bytes: usize,
        checksum: bool,
    ) -> Result<Vec<Arc<dyn BytesToBytesCodecTraits>>, Box<dyn std::error::Error + Send + Sync>> {
        let bytewise = if bytes == 1 { BloscShuffleMode::NoShuffle } else { BloscShuffleMode::Shuffle };
        let bitwise = BloscShuffleMode::BitShuffle;
        let blosc = |compressor, level: u8, shuffle| {
            let level = BloscCompressionLevel::try_from(level).map_err(|level| format!("no such level: {level}"))?;
            let block = (shuffle == BloscShuffleMode::BitShuffle).then_some(BITSHUFFLE_BLOCK);
            let codec = BloscCodec::new(compressor, level, block, shuffle, Some(bytes))?;
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(Arc::new(codec))
        };
        let mut chain: Vec<Arc<dyn BytesToBytesCodecTraits>> = match self {
            Self::None => vec![],
            Self::Gzip(level) => vec![Arc::new(GzipCodec::new(u32::from(level))?)],
            Self::Zstd(level) => vec![Arc::new(ZstdCodec::new(i32::from(level), false))],
            Self::BloscLz4(level) => vec![blosc(BloscCompressor::LZ4, level, bytewise)?],
            Self::BloscZstd(level) => vec![blosc(BloscCompressor::Zstd, level, bytewise)?],
            Self::BloscLz4Bitshuffle(level) => vec![blosc(BloscCompressor::LZ4, level, bitwise)?],
            Self::BloscZstdBitshuffle(level) => vec![blosc(BloscCompressor::Zstd, level, bitwise)?],
        };
        if checksum {
            chain.push(Arc::new(Crc32cCodec::new()));
        }
        Ok(chain)
    }
}

#[cfg(test)]
mod tests {
    use super::Codec;

    #[test]
    fn names() {
        assert_eq!("none".parse(), Ok(Codec::None));
        assert_eq!("blosc-zstd".parse(), Ok(Codec::default()));
        assert_eq!("zstd:22".parse(), Ok(Codec::Zstd(22)));
        let bitwise = [Codec::BloscLz4Bitshuffle(9), Codec::BloscZstdBitshuffle(2)];
        let others = [Codec::None, Codec::Gzip(0), Codec::Zstd(1), Codec::BloscLz4(9), Codec::BloscZstd(4)];
        for codec in others.into_iter().chain(bitwise) {
            assert_eq!(codec.to_string().parse(), Ok(codec));
        }
        for wrong in ["", "lz4", "none:1", "zstd:0", "zstd:23", "gzip:10", "zstd:", "zstd:x", "blosc-lz4:-1"] {
            assert!(wrong.parse::<Codec>().is_err(), "{wrong:?}");
        }
    }
}
