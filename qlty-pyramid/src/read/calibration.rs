//! The size of a voxel and its unit.

/// A unit of length that NGFF defines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LengthUnit {
    /// 1e-10 m.
    Angstrom,
    /// 1e-9 m.
    Nanometer,
    /// 1e-6 m.
    Micrometer,
    /// 1e-3 m.
    Millimeter,
    /// 1e-2 m.
    Centimeter,
    /// The metre.
    Meter,
    /// 25.4 mm.
    Inch,
}

impl LengthUnit {
    /// The unit's name in NGFF and UDUNITS-2, such as `micrometer`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Angstrom => "angstrom",
            Self::Nanometer => "nanometer",
            Self::Micrometer => "micrometer",
            Self::Millimeter => "millimeter",
            Self::Centimeter => "centimeter",
            Self::Meter => "meter",
            Self::Inch => "inch",
        }
    }

    /// The unit with this name or symbol, in the spellings that microscope software uses.
    pub fn parse(text: &str) -> Option<Self> {
        // ImageJ writes the micro sign as the escape below.
        let text = text.trim().replace("\\u00B5", "u").replace(['\u{b5}', '\u{3bc}'], "u");
        Some(match text.to_lowercase().as_str() {
            "a" | "\u{e5}" | "angstrom" => Self::Angstrom,
            "nm" | "nanometer" | "nanometre" => Self::Nanometer,
            "um" | "micron" | "microns" | "micrometer" | "micrometre" => Self::Micrometer,
            "mm" | "millimeter" | "millimetre" => Self::Millimeter,
            "cm" | "centimeter" | "centimetre" => Self::Centimeter,
            "m" | "meter" | "metre" => Self::Meter,
            "in" | "inch" | "inches" => Self::Inch,
            _ => return None,
        })
    }

    /// Converts a length in this unit to another.
    pub(crate) fn convert(self, length: f64, unit: Self) -> f64 {
        if self == unit {
            return length;
        }
        // A single division keeps 500 nm exactly 0.5 um.
        let (from, to) = (self.angstroms(), unit.angstroms());
        if from > to { length * (from / to) } else { length / (to / from) }
    }

    fn angstroms(self) -> f64 {
        match self {
            Self::Angstrom => 1.0,
            Self::Nanometer => 1e1,
            Self::Micrometer => 1e4,
            Self::Millimeter => 1e7,
            Self::Centimeter => 1e8,
            Self::Meter => 1e10,
            Self::Inch => 2.54e8,
        }
    }
}

/// The size of a voxel, as stated by a file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VoxelSize {
    /// Along Z. TIFF tags do not state it; ImageJ and OME descriptions do.
    pub z: Option<f64>,
    /// Along Y, between rows.
    pub y: f64,
    /// Along X, between columns.
    pub x: f64,
    /// The unit of all three.
    pub unit: LengthUnit,
}

impl VoxelSize {
    /// The same size in a different unit.
    pub fn to(self, unit: LengthUnit) -> Self {
        let convert = |size: f64| self.unit.convert(size, unit);
        Self { z: self.z.map(convert), y: convert(self.y), x: convert(self.x), unit }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_micro_sign_has_many_spellings() {
        for text in ["um", "µm", "\u{3bc}m", "\\u00B5m", "micron", "Micrometer"] {
            assert_eq!(LengthUnit::parse(text), Some(LengthUnit::Micrometer), "{text}");
        }
        assert_eq!(LengthUnit::parse("pixel"), None);
    }
}
