//! Routes files, in both formats, ours and those of the Python library.

use synaptoroute::{FileError, FileFormat, RoutesFile};

use crate::MAX_INPUT_BYTES;

/// Reads the bytes as YAML and as JSON, as `serve FILE` does and as an import does.
///
/// # Panics
///
/// If a file that is taken is not the same once written and read again, in either format; if an
/// import of our own file is not that file, or refuses it; or if a refusal names no place.
pub fn routes_file(data: &[u8]) {
    if data.len() > MAX_INPUT_BYTES {
        return;
    }
    for format in [FileFormat::Yaml, FileFormat::Json] {
        let own = RoutesFile::parse_bytes(data, format);
        let imported = RoutesFile::import_bytes(data, format);
        match (&own, &imported) {
            (Ok(own), Ok(imported)) => {
                assert_eq!(own, &imported.file, "an import of our own file is that file");
                assert!(imported.notes.is_empty(), "nothing of it is left out");
            }
            (Ok(_), Err(error)) => panic!("an import refuses our own file: {error}"),
            (Err(own), Err(_)) => check_refusal(own, data),
            (Err(_), Ok(_)) => {}
        }
        match imported {
            Ok(imported) => check_round_trip(&imported.file),
            Err(error) => check_refusal(&error, data),
        }
    }
}

fn check_round_trip(file: &RoutesFile) {
    let written = [(FileFormat::Yaml, file.to_yaml()), (FileFormat::Json, file.to_json())];
    for (format, text) in written {
        match RoutesFile::parse(&text, format) {
            Ok(again) => {
                assert_eq!(&again, file, "{format:?} reads another file:\n{text}");
                assert_eq!(again.content_hash(), file.content_hash(), "{format:?}:\n{text}");
            }
            Err(error) => panic!("{format:?} does not read what was written: {error}\n{text}"),
        }
    }
}

/// A place is a line; the kinds of files that are none of ours are refused as a whole.
fn check_refusal(error: &FileError, data: &[u8]) {
    let message = error.to_string();
    let whole = matches!(
        error,
        FileError::Unknown | FileError::RoutesElsewhere | FileError::SeveralRouters
    );
    assert!(whole || message.contains("line "), "no place in {message:?}");
    // What it quotes of the file is escaped at worst, each character to some ten.
    assert!(message.len() <= 1000 + 16 * data.len(), "{} bytes of message", message.len());
}
