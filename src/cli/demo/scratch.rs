//! `Scratch`: a folder of our own that is gone when it is dropped.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// Holds the demo's files while they are read.
pub(super) struct Scratch(PathBuf);

impl Scratch {
    /// Creates it under the system's folder for temporary files, for this user alone.
    ///
    /// Creation fails on anything that is there already, links included, so nobody else can have prepared it.
    pub(super) fn create() -> io::Result<Self> {
        let parent = std::env::temp_dir();
        for attempt in 0..ATTEMPTS {
            let path = parent.join(format!("sessiongate-demo-{}-{attempt}", std::process::id()));
            match DirBuilder::new().mode(0o700).create(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                created => return created.map(|()| Self(path)),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed is left to the system's own clean-up.
        let _ = fs::remove_dir_all(&self.0);
    }
}

const ATTEMPTS: u32 = 16;

#[cfg(test)]
mod tests {
    use super::Scratch;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_scratch_folder_is_private_and_leaves_nothing() {
        let scratch = Scratch::create().expect("temporary folder");
        let other = Scratch::create().expect("a second one");
        assert_ne!(scratch.path(), other.path());
        let path = scratch.path().to_owned();
        let mode = path.metadata().expect("created").permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        std::fs::write(path.join("file"), "x").expect("writable");
        drop(scratch);
        assert!(!path.exists(), "{}", path.display());
    }
}
