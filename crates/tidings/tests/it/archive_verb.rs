//! Reading archives back by the command line: what is printed of good files, and of damaged ones.

use std::{fs, io::Write, path::PathBuf};

use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};
use tidings_testkit::Folder;

use crate::harness::{Called, call};

/// A folder of archives.
struct Archive(Folder);

impl Archive {
    fn new() -> Self {
        Self(Folder::new())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn put(&self, name: &str, bytes: &[u8]) -> String {
        fs::write(self.path(name), bytes).unwrap();
        self.path(name).display().to_string()
    }

    /// Reads the folder, with options.
    fn read(&self, options: &[&str]) -> Called {
        let folder = self.0.path().to_str().unwrap();
        call(&[&["db", "archive", "--store.archive", folder][..], options].concat())
    }

    /// The data of what is printed, with options.
    fn data(&self, options: &[&str]) -> Vec<Value> {
        let called = self.read(options).expect(0, &[]);
        called.lines().iter().map(|line| line["data"].clone()).collect()
    }
}

fn line(room: &str, from: Option<&str>, time: &str, data: &str) -> String {
    let mut line = json!({
        "room": room, "offset": 1, "id": "01932f1e-0000-7000-8000-000000000000", "type": "n", "time": time, "data": data,
    });
    if let Some(from) = from {
        line["from"] = json!(from);
    }
    format!("{line}\n")
}

fn zipped(text: &str) -> Vec<u8> {
    let mut file = GzEncoder::new(Vec::new(), Compression::default());
    file.write_all(text.as_bytes()).unwrap();
    file.finish().unwrap()
}

/// Two files; of the third nobody has sealed it.
fn furnished() -> Archive {
    let archive = Archive::new();
    let first = [
        line("room:orders", Some("ada"), "2026-01-01T00:00:00.000Z", "a"),
        line("room:orders", Some("bob"), "2026-01-02T00:00:00.000Z", "b"),
        line("user:ada", None, "2026-01-03T00:00:00.000Z", "c"),
    ];
    let second = [
        line("everyone", None, "2026-01-04T00:00:00.000Z", "d"),
        line("room:everyone", Some("ada"), "2026-01-05T00:00:00.000Z", "e"),
    ];
    archive.put("2026-02-01T00-00-00Z-000002.jsonl.gz", &zipped(&second.concat()));
    archive.put("2026-02-01T00-00-00Z-000001.jsonl.gz", &zipped(&first.concat()));
    archive.put(".0123.unfinished", b"nothing to be read");
    archive
}

#[test]
fn what_was_archived_is_printed_and_chosen_from() {
    let archive = furnished();
    let check = |options: &[&str], data: &[&str]| assert_eq!(archive.data(options), data, "{options:?}");
    check(&[], &["a", "b", "c", "d", "e"]);
    check(&["--room", "orders"], &["a", "b"]);
    check(&["--room", "user:ada"], &["c"]);
    check(&["--room", "everyone"], &["d"]);
    check(&["--room", "room:everyone"], &["e"]);
    check(&["--user", "ada"], &["a", "c", "e"]);
    check(&["--user", "ada", "--room", "orders"], &["a"]);
    check(&["--user", "nobody"], &[]);
    check(&["--since", "2026-01-02", "--until", "2026-01-04T00:00:00Z"], &["b", "c"]);
    check(&["--since", "2026-01-05T01:00:00+01:00"], &["e"]);
    let file = archive.path("2026-02-01T00-00-00Z-000002.jsonl.gz").display().to_string();
    check(&[&file], &["d", "e"]);
    let printed = archive.read(&["--room", "everyone"]).out;
    assert_eq!(printed, line("everyone", None, "2026-01-04T00:00:00.000Z", "d"), "the line as it is there");
}

#[test]
fn of_a_damaged_file_what_can_be_read_is_printed() {
    let archive = Archive::new();
    let data = |n: u32| format!("{n} {:x}", n.wrapping_mul(2_654_435_761));
    let text: String =
        (1..=2_000).map(|n| line("room:orders", None, "2026-01-01T00:00:00.000Z", &data(n))).collect();
    let whole = zipped(&text);
    let cut = archive.put("1.jsonl.gz", &whole[..whole.len() / 2]);
    archive.put("2.jsonl.gz", &zipped(&line("room:orders", None, "2026-01-01T00:00:00.000Z", "behind it")));

    let read = archive.read(&[]);
    let lines = read.lines();
    let (last, before) = lines.split_last().unwrap();
    assert_eq!(last["data"], "behind it", "the next file is read all the same");
    assert!((500..2_000).contains(&before.len()), "{} lines", before.len());
    assert!(before.iter().zip(1..).all(|(line, n)| line["data"] == data(n)));
    let place = format!("{cut}: line {}: the file is cut off here", before.len() + 1);
    read.expect(1, &[&place]);
}

#[test]
fn lines_that_are_no_entries_are_named_and_not_repeated() {
    let archive = Archive::new();
    let good = |data| line("room:orders", None, "2026-01-01T00:00:00.000Z", data);
    let text =
        [good("a"), "{\"room\":\"room:orders\",\"id\":\"secret\"}\n".into(), good("b"), "secret\n".into()];
    let file = archive.put("1.jsonl.gz", &zipped(&text.concat()));
    let read = archive.read(&[]);
    assert_eq!(read.lines().len(), 2);
    let read = read.expect(
        1,
        &[&format!("{file}: line 2: it is no entry"), &format!("{file}: 2 lines could not be read")],
    );
    assert!(!read.err.contains("secret"), "{read:?}");

    let mut flipped = zipped(&good("a"));
    let checksum = flipped.len() - 8;
    flipped[checksum] ^= 1;
    let file = archive.put("1.jsonl.gz", &flipped);
    let read = archive.read(&[]).expect(1, &[&format!("{file}: line 2: the file is damaged"), "checksum"]);
    assert_eq!(read.lines().len(), 1);
}

#[test]
fn what_cannot_be_read_at_all_is_said() {
    let archive = furnished();
    let missing = archive.path("missing").display().to_string();
    let file = archive.path("2026-02-01T00-00-00Z-000002.jsonl.gz").display().to_string();
    let read = archive.read(&[&missing, &file]).expect(1, &[&missing, "No such file"]);
    assert_eq!(read.lines().len(), 2, "the rest is read");
    let other = archive.put("notes.txt", b"neither gzip nor JSON");
    archive.read(&[&other]).expect(1, &[&format!("{other}: line 1: "), "invalid gzip header"]);
    let empty = archive.put("empty.jsonl.gz", b"");
    archive.read(&[&empty]).expect(1, &[&format!("{empty}: line 1: the file is cut off here")]);

    call(&["db", "archive", "--store.archive", &missing]).expect(0, &["nothing was archived yet", &missing]);
    let folder = Folder::new();
    call(&["db", "archive", folder.path().to_str().unwrap()]).expect(0, &["there is no archive in"]);
    call(&["db", "archive"]).expect(2, &["store.archive is empty"]);
    for (wrong, words) in [
        (&["--since", "yesterday"][..], "such as 2026-11-21T06:00:00Z"),
        (&["--room", "a b"], "a room name"),
        (&["--user", ""], "a user id"),
        (&["--since", "2026-01-02", "--until", "2026-01-02"], "expected a time before that of --until"),
    ] {
        archive.read(wrong).expect(2, &[words]);
    }
}
