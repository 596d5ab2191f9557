//! What `--resume` says about stores that are complete, and about runs that cannot be resumed.

use super::*;

#[test]
fn a_complete_store_is_complete_already() {
    let folder = Folder::new();
    let store = folder.at("brain.zarr");
    for command in ["gaussian", "laplacian"] {
        let arguments = [command, BRAIN, &store, "--levels", "2", "--resume"];
        assert_eq!(json(&arguments)["stacks"]["image"]["complete_already"], false);
        let before = contents(folder.path());
        assert_eq!(succeed(&arguments), format!("{store}: is complete already\n"));
        assert_eq!(succeed(&[&arguments[..], &["--dry-run"]].concat()), format!("{store}: is complete already\n"));
        let told = json(&arguments);
        assert_eq!((&told["stacks"]["image"]["complete_already"], &told["error"]), (&true.into(), &Value::Null));
        assert_eq!(
            fail(&[&arguments[..], &["--method", "max", "--codec", "zstd"]].concat(), 1),
            format!(
                "qlty-pyramid: {store}: exists already, written with a different method, codec; --overwrite replaces it\n"
            )
        );
        assert_eq!(
            fail(&arguments[..5], 1),
            format!("qlty-pyramid: {store}: exists already; --overwrite replaces it\n")
        );
        assert_eq!(contents(folder.path()), before);
        fs::remove_dir_all(&store).unwrap();
    }
}

#[test]
fn a_damaged_state_is_told() {
    let folder = Folder::new();
    let store = folder.at("store.zarr");
    let state = format!("{store}.partial/qlty-run.json");
    fs::create_dir_all(format!("{store}.partial")).unwrap();
    fs::write(&state, "{").unwrap();
    let said = fail(&["gaussian", BRAIN, &store, "--resume"], 1);
    assert!(
        said.contains(&state) && said.ends_with("start over instead of resuming it: run without --resume\n"),
        "{said}"
    );
    succeed(&["gaussian", BRAIN, &store]);
}
