//! Behind PgBouncer, which hands out a connection per transaction.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    os::unix::{fs::MetadataExt, process::CommandExt},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tidings_core::{
    Store,
    store::{AuditAct, Page},
};
use tidings_protocol::Offset;
use tidings_testkit::contract::{
    run,
    samples::{LONG, at, entry, json, log, name, offsets, once, personal, read, room, user},
};

use crate::server::{open, shared};

struct PgBouncer {
    child: Child,
    port: u16,
}

impl PgBouncer {
    /// With two connections for all clients together, so that they do get those of others.
    fn start() -> Option<Self> {
        let binary = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer"]
            .into_iter()
            .find(|path| PathBuf::from(path).exists())?;
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let data = shared().data();
        let file = data.parent().unwrap().join("pgbouncer.ini");
        let settings = format!(
            "[databases]\n* = host=127.0.0.1 port={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             unix_socket_dir =\nauth_type = any\npool_mode = transaction\ndefault_pool_size = 2\n\
             ignore_startup_parameters = extra_float_digits\n",
            shared().port()
        );
        let settings = settings.replace("* = host=127.0.0.1", "* = host=127.0.0.1 user=postgres");
        fs::write(&file, settings).unwrap();
        let owner = fs::metadata(&data).unwrap();
        let mut command = Command::new(binary);
        if fs::metadata("/proc/self").unwrap().uid() != owner.uid() {
            command.uid(owner.uid()).gid(owner.gid());
        }
        let child = command.arg(&file).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let deadline = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < deadline, "pgbouncer does not start");
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(Self { child, port })
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn everything_works_behind_a_transaction_pooler() {
    let url = shared().database().unwrap();
    let Some(pooler) = PgBouncer::start() else {
        eprintln!("pgbouncer is not installed: run `scripts/ensure pgbouncer`");
        return;
    };
    let url = url.replace(&format!(":{}/", shared().port()), &format!(":{}/", pooler.port));
    run(async move {
        let store = open(&url).await;
        let mut writers = tokio::task::JoinSet::new();
        for writer in 0..32 {
            let store = store.clone();
            writers.spawn(async move {
                for number in 0..20 {
                    let once = (writer % 2 == 0).then(|| once(&format!("{writer}-{number}"), 1, 0));
                    store.append(vec![(entry(&room("a"), "1"), LONG)], once).await.unwrap();
                    read(&*store, &room("a"), Page::Before(Offset(u64::MAX)), 5).await;
                }
            });
        }
        writers.join_all().await;
        assert!(offsets(&log(&*store, &room("a")).await).into_iter().eq(1..=640));

        assert!(store.put_member(name("a"), user("ada"), Default::default(), at(0)).await.unwrap());
        store.append_one(entry(&personal("ada"), "2"), LONG).await.unwrap();
        let act = AuditAct {
            time: at(0),
            actor: "cli".into(),
            act: "x".into(),
            subject: "y".into(),
            detail: json("{}"),
        };
        assert_eq!(store.audit(act).await.unwrap().number, 1);
        let erased = store.erase(user("ada")).await.unwrap();
        assert_eq!((erased.personal_entries, erased.memberships), (1, 1));
        assert!(store.delete_room(name("a")).await.unwrap());
        store.health().await.unwrap();
    });
}
