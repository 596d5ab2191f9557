//! Cut images and volumes into overlapping patches and sew them back together as a weighted mean.
