//! The public API of each crate, as listed in `tests/api/<crate>.txt`: a change there is a change for users.
//!
//! The lint `unreachable_pub` removes `pub` from everything that is not reachable, so the `pub` items in the source are
//! the API. That of `qlty-capi` is `include/qlty.h`, which `header.rs` checks.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper of tests that fails is a failed test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use qlty_tests::cargo::{CRATES, check_committed};
use qlty_tests::hosts::repository;
use quote::ToTokens;
use syn::{Attribute, Fields, ImplItem, Item, TraitItem, Visibility};

/// All public items, one per line.
#[derive(Debug, Default)]
struct Listing(BTreeSet<String>);

impl Listing {
    fn add(&mut self, place: &str, item: impl ToTokens) {
        self.0.insert(format!("{place}{}", written(&item.to_token_stream().to_string())));
    }

    fn items(&mut self, items: Vec<Item>) {
        for item in items {
            self.item(item);
        }
    }

    fn item(&mut self, item: Item) {
        match item {
            Item::Const(item) if is_public(&item.vis) => {
                let (name, ty) = (item.ident, item.ty);
                self.add("", quote::quote!(pub const #name: #ty));
            }
            Item::Fn(item) if is_public(&item.vis) => self.add("pub ", item.sig),
            Item::Type(mut item) if is_public(&item.vis) => {
                item.attrs.clear();
                self.add("", item);
            }
            Item::Use(mut item) if is_public(&item.vis) => {
                item.attrs.retain(is_condition);
                self.add("", item);
            }
            Item::Macro(item) if item.attrs.iter().any(|attribute| attribute.path().is_ident("macro_export")) => {
                self.add("macro ", item.ident);
            }
            Item::Mod(item) => self.module(item),
            Item::Struct(item) if is_public(&item.vis) => {
                let (name, generics) = (&item.ident, &item.generics);
                let (attributes, bounds) = (promised(&item.attrs), &item.generics.where_clause);
                self.add("", quote::quote!(pub struct #name #generics #bounds));
                attributes.iter().for_each(|attribute| self.add(&format!("{name} "), attribute));
                let place = format!("{name}.");
                for (index, field) in item.fields.into_iter().enumerate().filter(|(_, field)| is_public(&field.vis)) {
                    let (ty, index) = (field.ty, index.to_string());
                    let name = field.ident.map_or(index, |name| name.to_string());
                    self.add(
                        &place,
                        format!("{name}: {}", ty.to_token_stream()).parse::<proc_macro2::TokenStream>().unwrap(),
                    );
                }
            }
            Item::Enum(item) if is_public(&item.vis) => {
                let (name, generics) = (&item.ident, &item.generics);
                let attributes = promised(&item.attrs);
                self.add("", quote::quote!(pub enum #name #generics));
                attributes.iter().for_each(|attribute| self.add(&format!("{name} "), attribute));
                let place = format!("{name}::");
                for mut variant in item.variants {
                    variant.attrs.clear();
                    match &mut variant.fields {
                        Fields::Named(fields) => fields.named.iter_mut().for_each(|field| field.attrs.clear()),
                        Fields::Unnamed(fields) => fields.unnamed.iter_mut().for_each(|field| field.attrs.clear()),
                        Fields::Unit => {}
                    }
                    self.add(&place, variant);
                }
            }
            Item::Trait(item) if is_public(&item.vis) => {
                let (name, generics, above) = (&item.ident, &item.generics, &item.supertraits);
                self.add("", quote::quote!(pub trait #name #generics: #above));
                let place = format!("{name}::");
                for member in item.items {
                    match member {
                        TraitItem::Fn(member) => {
                            let provided = if member.default.is_some() { "provided " } else { "required " };
                            self.add(&format!("{place}{provided}"), member.sig);
                        }
                        TraitItem::Type(mut member) => {
                            member.attrs.clear();
                            self.add(&place, member);
                        }
                        TraitItem::Const(mut member) => {
                            member.attrs.clear();
                            self.add(&place, member);
                        }
                        _ => {}
                    }
                }
            }
            Item::Impl(item) => {
                let (generics, ty, bounds) = (&item.generics, &item.self_ty, &item.generics.where_clause);
                if let Some((_, of, _)) = &item.trait_ {
                    self.add("", quote::quote!(impl #generics #of for #ty #bounds));
                    return;
                }
                let place = format!("{}::", ty.to_token_stream()).replace(' ', "");
                for member in item.items {
                    match member {
                        ImplItem::Fn(member) if is_public(&member.vis) => self.add(&format!("{place}pub "), member.sig),
                        ImplItem::Const(member) if is_public(&member.vis) => {
                            let (name, ty) = (member.ident, member.ty);
                            self.add(&place, quote::quote!(pub const #name: #ty));
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }

    fn module(&mut self, item: syn::ItemMod) {
        if item.attrs.iter().any(|attribute| is_condition(attribute) && text(attribute).contains("test")) {
            return;
        }
        if is_public(&item.vis) {
            let (name, conditions) = (&item.ident, item.attrs.iter().filter(|attribute| is_condition(attribute)));
            self.add("", quote::quote!(#(#conditions)* pub mod #name));
        }
        if let Some((_, items)) = item.content {
            self.items(items);
        }
    }
}

/// Removes the spaces that tokens are printed with.
fn written(tokens: &str) -> String {
    let mut text = tokens.split_whitespace().collect::<Vec<_>>().join(" ");
    for sign in ["::", "<", "(", "["] {
        text = text.replace(&format!(" {sign}"), sign).replace(&format!("{sign} "), sign);
    }
    for sign in [">", ")", "]", ",", ";", ":"] {
        text = text.replace(&format!(" {sign}"), sign);
    }
    text.replace("& ", "&").replace("->(", "-> (").replace("=(", "= (").replace(",)", ")").replace("# [", "#[")
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn is_condition(attribute: &Attribute) -> bool {
    attribute.path().is_ident("cfg")
}

fn text(attribute: &Attribute) -> String {
    attribute.to_token_stream().to_string()
}

/// The attributes of a type that are part of the API.
fn promised(attributes: &[Attribute]) -> Vec<&Attribute> {
    let names = ["derive", "non_exhaustive", "must_use", "repr"];
    attributes.iter().filter(|attribute| names.iter().any(|name| attribute.path().is_ident(name))).collect()
}

/// The Rust files in a folder, except those of the tool and of tests.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("bin") {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests.rs") {
            files.push(path);
        }
    }
    files
}

#[test]
fn what_is_public_is_what_was_agreed() {
    for name in CRATES.into_iter().filter(|name| *name != "qlty-capi") {
        let mut listing = Listing::default();
        for path in sources(&repository().join(name).join("src")) {
            let parsed = syn::parse_file(&fs::read_to_string(&path).unwrap());
            listing.items(parsed.unwrap_or_else(|error| panic!("{}: {error}", path.display())).items);
        }
        assert!(listing.0.len() > 30, "{name}: {} items", listing.0.len());
        let text: String = listing.0.iter().map(|line| format!("{line}\n")).collect();
        if let Err(failed) = check_committed(&format!("tests/api/{name}.txt"), &text, "api") {
            panic!("{}", failed.message().unwrap_or_default());
        }
    }
}
