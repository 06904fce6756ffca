//! From a file to samples, line by line.

use csv::{ErrorKind, ReaderBuilder, StringRecord};
use serde::{Deserialize, Deserializer};

use super::{Sample, SampleError, SampleFormat, SamplePlace, Samples};
use crate::checked;
use crate::file::MAX_FILE_BYTES;
use crate::name::NameError;
use crate::text::Text;

type Placed = (Sample, SamplePlace);

pub(super) fn parse(text: &str, format: SampleFormat) -> Result<Samples, SampleError> {
    let bytes = text.len();
    if bytes > MAX_FILE_BYTES {
        return Err(SampleError::TooLong { bytes });
    }
    // Spreadsheets put a byte order mark before UTF-8.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match format {
        SampleFormat::JsonLines => json_lines(text),
        SampleFormat::Csv => csv(text),
    }
}

/// The bytes as text.
pub(super) fn text(bytes: &[u8]) -> Result<&str, SampleError> {
    std::str::from_utf8(bytes).map_err(|error| {
        let before = &bytes[..error.valid_up_to()];
        SampleError::Utf8 { line: 1 + before.iter().filter(|&&b| b == b'\n').count() }
    })
}

fn json_lines(text: &str) -> Result<Samples, SampleError> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    Samples::collect(lines.map(|(index, line)| {
        let number = index + 1;
        let Line(sample) = serde_json::from_str(line)
            .map_err(|source| SampleError::Json { line: number, source })?;
        Ok((sample, SamplePlace::Line(number)))
    }))
}

/// A sample beside which there may be whatever else somebody keeps.
struct Line(Sample);

impl<'de> Deserialize<'de> for Line {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Raw {
            text: Text,
            #[serde(default)]
            intent: Option<String>,
        }

        impl TryFrom<Raw> for Line {
            type Error = NameError;

            fn try_from(Raw { text, intent }: Raw) -> Result<Self, NameError> {
                Sample::labelled(text, intent).map(Self)
            }
        }

        checked::map::<Raw, _, _>(from, "a sample: an object with text and intent")
    }
}

fn csv(text: &str) -> Result<Samples, SampleError> {
    let mut reader = ReaderBuilder::new().from_reader(text.as_bytes());
    let header = reader.headers().map_err(|error| refused(&error))?.clone();
    if header.is_empty() {
        return Err(SampleError::None);
    }
    let column = |name: &'static str| {
        let place = header.iter().position(|column| column.trim().eq_ignore_ascii_case(name));
        place.ok_or_else(|| SampleError::NoColumn { name, found: shown(&header) })
    };
    let (texts, intents) = (column("text")?, column("intent")?);
    Samples::collect(reader.records().map(|record| {
        let record = record.map_err(|error| refused(&error))?;
        sample(&record, texts, intents, line(text, &record))
    }))
}

fn sample(
    record: &StringRecord,
    texts: usize,
    intents: usize,
    line: usize,
) -> Result<Placed, SampleError> {
    let place = SamplePlace::Line(line);
    let text = Text::try_from(&record[texts]);
    let text = text.map_err(|source| SampleError::Text { place, source })?;
    // A cell is never null: an empty one is as near as it comes.
    let label = Some(record[intents].trim()).filter(|label| !label.is_empty());
    let sample = Sample::labelled(text, label.map(str::to_owned));
    Ok((sample.map_err(|source| SampleError::Label { place, source })?, place))
}

/// The line on which a record begins. The library's own is that of the blank lines before it.
fn line(text: &str, record: &StringRecord) -> usize {
    let Some(position) = record.position() else { return 1 };
    let rest = usize::try_from(position.byte()).ok().and_then(|begin| text.get(begin..));
    let blank =
        rest.map_or("", |rest| &rest[..rest.len() - rest.trim_start_matches(['\r', '\n']).len()]);
    let before = usize::try_from(position.line()).unwrap_or(usize::MAX);
    before + blank.matches('\n').count()
}

/// What the library says, in terms of the file.
fn refused(error: &csv::Error) -> SampleError {
    let line = error.position().map_or(1, |position| position.line());
    let line = usize::try_from(line).unwrap_or(usize::MAX);
    match error.kind() {
        &ErrorKind::UnequalLengths { expected_len, len, .. } => {
            SampleError::Cells { line, expected: expected_len, found: len }
        }
        _ => SampleError::Csv { line, message: error.to_string() },
    }
}

fn shown(header: &StringRecord) -> String {
    header.iter().collect::<Vec<_>>().join(", ")
}
