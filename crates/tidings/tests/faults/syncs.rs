//! The disk's word before the acknowledgement: each one comes behind a sync of what it stands for, and none behind one that failed.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    harness::{Http, Server, until},
    ledger::{Load, Truth, seconds},
    report,
    sizes::size,
    strace::Strace,
};

const ORDER: &str = "sync before ack";
const FAILING: &str = "syncs that fail";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_ack_comes_behind_a_sync_of_its_entry() {
    let (tasks, each) = (10, size("SYNCED_ACKS", 200, 1_000) / 10);
    let server = Server::start();
    // All system calls by which a request can come in, an entry can be written and an answer can go out.
    let calls = "trace=fsync,fdatasync,pwrite64,read,recvfrom,write,writev,sendto,sendmsg";
    let strace = match Strace::attach(&server, &["-s", "4200", "-e", calls]) {
        Ok(strace) => strace,
        Err(why) => return report::skipped(ORDER, &why),
    };
    let mut publishing = tokio::task::JoinSet::new();
    for task in 0..tasks {
        let mut http = Http::open(&server).await;
        publishing.spawn(async move {
            let mut acks = Vec::new();
            for number in 0..each {
                let mark = format!("mark-{task}-{number}.");
                let body = json!({ "to": { "room": "ledger_0" }, "type": "n", "data": mark });
                let answer = http.publish(&body).await;
                assert_eq!(answer.status, 202, "{}", answer.text());
                acks.push((mark, answer.json()["id"].as_str().unwrap().to_owned()));
            }
            acks
        });
    }
    let acks: Vec<_> = publishing.join_all().await.into_iter().flatten().collect();
    let seen = strace.end();
    let trace = Trace::read(&seen);
    let without: Vec<_> = acks.iter().filter(|(mark, id)| !trace.is_synced_before(mark, id)).collect();
    assert!(without.is_empty(), "{} acks without a sync, the first: {:?}", without.len(), without[0]);
    let syncs = trace.syncs.len();
    assert!(syncs > 0 && syncs < acks.len(), "{syncs} syncs for {}: not shared", acks.len());
    report::line(
        ORDER,
        format_args!("{} acks, {syncs} syncs of the log, 0 acks without one before", acks.len()),
    );
}

/// Lines of strace, which stand in the order in which things happened.
struct Trace<'a> {
    lines: Vec<&'a str>,
    /// Syncs of the log: the lines where they began and where they had succeeded.
    syncs: Vec<(usize, usize)>,
}

impl<'a> Trace<'a> {
    fn read(text: &'a str) -> Self {
        let lines: Vec<&str> = text.lines().collect();
        let (mut begun, mut syncs) = (HashMap::new(), Vec::new());
        for (at, line) in lines.iter().enumerate() {
            let thread = line.split_whitespace().next().unwrap_or_default();
            if line.contains(" fdatasync(") || line.contains(" fsync(") {
                match line.contains("-wal>") {
                    true if line.ends_with("= 0") => syncs.push((at, at)),
                    true if line.contains("<unfinished") => drop(begun.insert(thread, at)),
                    _ => {}
                }
            } else if line.contains("sync resumed>") && line.ends_with("= 0") {
                syncs.extend(begun.remove(thread).map(|since| (since, at)));
            }
        }
        Self { lines, syncs }
    }

    fn is_synced_before(&self, mark: &str, id: &str) -> bool {
        let place = |is_it: &dyn Fn(&str) -> bool| self.lines.iter().position(|line| is_it(line));
        let written =
            place(&|line| line.contains(" pwrite64(") && line.contains("-wal>") && line.contains(mark));
        let answered = place(&|line| {
            let goes_out =
                [" write(", " writev(", " sendto(", " sendmsg("].iter().any(|call| line.contains(call));
            goes_out && line.contains("202 Accepted") && line.contains(id)
        });
        let (Some(written), Some(answered)) = (written, answered) else { return false };
        self.syncs.iter().any(|(begun, done)| *begun > written && *done < answered)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sync_that_fails_is_refused_and_all_goes_on_afterwards() {
    let lasting = Duration::from_secs(size("FAILING_SECONDS", 2, 20));
    let mut server = Server::start();
    let load = Load { writers: 6, readers: 5, rooms: 2, padding: 20 };
    let run = load.start(&server).await;
    run.acknowledged(100).await;
    let strace = match Strace::attach(
        &server,
        &["-e", "trace=fdatasync,fsync", "-e", "inject=fdatasync,fsync:error=EIO"],
    ) {
        Ok(strace) => strace,
        Err(why) => return report::skipped(FAILING, &why),
    };
    let mut http = Http::open(&server).await;
    let body = json!({ "to": { "room": "ledger_extra" }, "type": "n", "data": 1 });
    let refused = http.publish(&body).await;
    assert_eq!((refused.status, refused.problem().as_str()), (503, "unavailable"));
    let at_first = run.count();
    tokio::time::sleep(lasting).await;
    assert_eq!(run.count(), at_first, "acknowledged while no sync succeeded");
    let ready = server.get("/readyz?verbose").await.text();
    assert!(ready.contains("[-]store failed: ") && ready.contains("disk"), "{ready}");
    let seen = strace.end();
    assert!(seen.contains("EIO"), "{seen}");
    let since = Instant::now();
    let recovery = run.recovery(since).await;
    run.acknowledged(100).await;
    let health = async || server.get("/readyz?verbose").await.text().contains("[+]store ok");
    until("the store is well again", Duration::from_secs(5), health).await;
    let ended = run.end().await;
    assert!(server.is_alive());
    ended.kept_all_sockets();
    server.kill();
    let verdict = ended.settle(&Truth::of_file(&server.database(), 2).await);
    report::line(
        FAILING,
        format_args!(
            "{verdict}; for {} no sync succeeded; sockets dropped 0; first ack {} after they did",
            seconds(lasting),
            seconds(recovery.first_ack)
        ),
    );
    let details: Value = ended.seen().details.lock().unwrap().iter().cloned().collect();
    assert!(details.as_array().is_some_and(|details| !details.is_empty()));
}
