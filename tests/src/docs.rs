//! The Rust code of the README and of the guides in `docs/`; each block is a doctest. Their C, C++, Julia and commands
//! are tested by `tests/docs.rs`.

macro_rules! pages {
    ($($page:literal as $name:ident,)*) => {
        $(
            #[doc = include_str!(concat!("../../", $page))]
            #[allow(dead_code, reason = "only its documentation is of use")]
            struct $name;
        )*
    };
}

pages! {
    "README.md" as Readme,
    "qlty-core/README.md" as Core,
    "qlty-large/README.md" as Large,
    "qlty-pairs/README.md" as Pairs,
    "qlty-pyramid/README.md" as Pyramid,
    "docs/tile-in-memory.md" as TileInMemory,
    "docs/tile-on-disk.md" as TileOnDisk,
    "docs/train-on-pairs.md" as TrainOnPairs,
    "docs/build-pyramids.md" as BuildPyramids,
    "docs/best-practices.md" as BestPractices,
    "docs/coming-from-qlty.md" as ComingFromQlty,
}
