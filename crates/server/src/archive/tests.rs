use std::{fs, path::PathBuf, sync::Arc};

use tidings_core::{Entry, MemoryStore, Publication, RoomKey, housekeeping::Archive};
use tidings_protocol::{EntryId, Json, Offset, Timestamp, UserId};

use super::*;

/// A folder that goes with the test.
struct Temporary(PathBuf);

impl Temporary {
    fn new() -> Self {
        Self(std::env::temp_dir().join(format!("tidings-archive-{:016x}", rand::random::<u64>())))
    }

    fn lines(&self) -> Vec<Line> {
        let files = files(&self.0).unwrap();
        files.iter().flat_map(|file| read(file).unwrap()).map(Result::unwrap).collect()
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(&self.0)
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// 2025-11-21T06:00:00.120Z.
fn now() -> Timestamp {
    Timestamp::from_millis(1_763_704_800_120)
}

fn entry(room: &str, offset: u64, from: Option<&str>) -> Arc<Entry> {
    let from = from.map(|user| user.parse().unwrap());
    let data = Json::of(&serde_json::json!({ "text": "line one\nline two", "number": offset })).unwrap();
    let publication = Publication { r#type: "note".parse().unwrap(), data, from, except: None };
    let room = RoomKey::parse(room).unwrap();
    Arc::new(Entry::new(room, publication, EntryId::new(now()), now(), Some(Offset(offset))))
}

#[tokio::test]
async fn what_was_written_is_read() {
    let folder = Temporary::new();
    let entries: Vec<_> = (1..=2_000).map(|offset| entry("room:orders", offset, Some("ada"))).collect();
    let store = MemoryStore::default();
    let mut archive = Folder::new(&folder.0, now(), &store);
    for piece in entries.chunks(500) {
        archive.add(piece.to_vec()).await.unwrap();
    }
    assert_eq!(files(&folder.0).unwrap(), [] as [PathBuf; 0], "nothing has its name before it is whole");
    archive.seal().await.unwrap();
    assert_eq!(folder.names(), ["2025-11-21T06-00-00Z-000001.jsonl.gz"]);
    let written: Vec<Line> = entries.iter().map(|entry| Line::of(entry)).collect();
    assert_eq!(folder.lines(), written);
}

#[tokio::test]
async fn nothing_is_written_over() {
    let folder = Temporary::new();
    for offset in 1..=3 {
        let store = MemoryStore::default();
        let mut archive = Folder::new(&folder.0, now(), &store);
        archive.add(vec![entry("user:ada", offset, None)]).await.unwrap();
        archive.seal().await.unwrap();
        archive.seal().await.unwrap();
    }
    assert_eq!(folder.names().len(), 3);
    assert_eq!(folder.lines().len(), 3);
}

#[tokio::test]
async fn what_is_given_up_leaves_nothing() {
    let folder = Temporary::new();
    let store = MemoryStore::default();
    let mut archive = Folder::new(&folder.0, now(), &store);
    archive.add(vec![entry("user:ada", 1, None)]).await.unwrap();
    drop(archive);
    assert!(folder.names().is_empty());
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_an_error() {
    let folder = Temporary::new();
    fs::write(&folder.0, "a file").unwrap();
    let store = MemoryStore::default();
    let mut archive = Folder::new(&folder.0, now(), &store);
    let why = archive.add(vec![entry("user:ada", 1, None)]).await.unwrap_err();
    assert!(why.contains("store.archive") && !why.contains("tidings-archive"), "{why}");
    fs::remove_file(&folder.0).unwrap();
}

#[tokio::test]
async fn a_person_is_taken_out() {
    let folder = Temporary::new();
    let store = MemoryStore::default();
    let mut archive = Folder::new(&folder.0, now(), &store);
    let entries = [
        entry("room:orders", 1, Some("ada")),
        entry("room:orders", 2, Some("bob")),
        entry("user:ada", 7, Some("bob")),
    ];
    archive.add(entries.to_vec()).await.unwrap();
    archive.seal().await.unwrap();
    let ada: UserId = "ada".parse().unwrap();
    assert_eq!(erase(&folder.0, &ada).unwrap(), 2);
    let lines = folder.lines();
    assert_eq!(lines.len(), 2);
    assert_eq!(
        (lines[0].offset, lines[0].from.as_ref(), lines[0].data.as_str()),
        (Some(Offset(1)), None, "null")
    );
    assert_eq!(lines[1], Line::of(&entries[1]));
    assert_eq!(folder.names(), [".lock", "2025-11-21T06-00-00Z-000001.jsonl.gz"]);
    assert_eq!(erase(&folder.0, &ada).unwrap(), 0);
    assert_eq!(erase(&folder.0.join("missing"), &ada).unwrap(), 0);
}

/// What a reader hands out of a file's bytes: offsets, then where and whether it ended.
fn outcome(folder: &Temporary, bytes: &[u8]) -> (Vec<u64>, Vec<(u64, bool)>) {
    let file = folder.0.join("damaged.jsonl.gz");
    fs::write(&file, bytes).unwrap();
    let (mut offsets, mut damages) = (Vec::new(), Vec::new());
    let mut reader = Reader::open(&file).unwrap();
    while let Some(next) = reader.next_line() {
        match next {
            Ok((line, text)) => {
                assert_eq!(serde_json::from_slice::<Line>(text).unwrap(), line);
                offsets.push(line.offset.unwrap().0);
            }
            Err(damage) => damages.push((damage.line, damage.is_end)),
        }
    }
    (offsets, damages)
}

fn zipped(text: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut file = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    file.write_all(text).unwrap();
    file.finish().unwrap()
}

#[tokio::test]
async fn of_a_damaged_file_what_can_be_read_is() {
    let folder = Temporary::new();
    fs::create_dir(&folder.0).unwrap();
    let line = |offset| {
        let line = Line::of(&entry("room:orders", offset, None));
        format!("{}\n", serde_json::to_string(&line).unwrap()).into_bytes()
    };
    let lines: Vec<u8> = (1..=500).flat_map(line).collect();
    let whole = zipped(&lines);
    assert_eq!(outcome(&folder, &whole), ((1..=500).collect(), vec![]));

    for cut in [whole.len() - 1, whole.len() / 2, 30] {
        let (offsets, damages) = outcome(&folder, &whole[..cut]);
        let count = offsets.len() as u64;
        assert_eq!(offsets, (1..=count).collect::<Vec<_>>(), "cut at {cut}");
        assert_eq!(damages, [(count + 1, true)], "cut at {cut}");
        assert!(cut < 100 || count > 150, "{count} of 500 at {cut}");
    }
    for (bytes, what) in [(&b""[..], "empty"), (b"no gzip", "something else"), (&whole[..5], "a cut head")] {
        assert_eq!(outcome(&folder, bytes), (vec![], vec![(1, true)]), "{what}");
    }
    let mut flipped = whole.clone();
    let end = whole.len() - 6;
    flipped[end] ^= 1;
    assert_eq!(outcome(&folder, &flipped), ((1..=500).collect(), vec![(501, true)]), "another checksum");

    let mixed = [line(1), b"{\"room\": 7}\n".to_vec(), line(2), b"nonsense\n".to_vec(), line(3)].concat();
    let mixed = outcome(&folder, &zipped(&mixed));
    assert_eq!(mixed, (vec![1, 2, 3], vec![(2, false), (4, false)]));
}
