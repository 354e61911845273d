use std::sync::Arc;

use super::*;
use crate::{
    MemoryStore, Store,
    tidings::stage::{Still, tidings_on},
};

async fn write(tidings: &Tidings, act: &'static str, subject: Subject<'_>) -> AuditRecord {
    tidings.audit("key:0123abcd 10.0.0.1".into(), act, subject, Json::null()).await.unwrap()
}

#[test]
fn people_appear_by_their_pseudonyms() {
    crate::tidings::stage::run(async {
        let tidings = tidings_on(Box::new(MemoryStore::default()), &[], &Arc::new(Still::default()));
        let (ada, orders) = ("ada".parse().unwrap(), "orders".parse().unwrap());
        let written = write(&tidings, "member.put", Subject::Member(&orders, &ada)).await;
        assert_eq!(written.act.subject, "room:orders user:fdee430d40bd57deeac186cd9790033d");
        let pair = "user_ada_ada".parse().unwrap();
        let written = write(&tidings, "room.put", Subject::Room(&pair)).await;
        let ada = "fdee430d40bd57deeac186cd9790033d";
        assert_eq!(written.act.subject, format!("room of {ada} and {ada}"));
    });
}

#[test]
fn pages_of_the_log_hang_together() {
    crate::tidings::stage::run(async {
        let tidings = tidings_on(Box::new(MemoryStore::default()), &[], &Arc::new(Still::default()));
        for _ in 0..5 {
            write(&tidings, "x", Subject::Server).await;
        }
        let mut numbers = Vec::new();
        for after in [0, 2, 4] {
            let (records, chain) = tidings.audit_log(after, 2).await.unwrap();
            assert_eq!(chain.broken, None);
            numbers.extend(records.iter().map(|record| record.number));
        }
        assert_eq!(numbers, [1, 2, 3, 4, 5]);
        let chain = tidings.check_audit(None).await.unwrap();
        assert_eq!(
            (chain.records, chain.broken_at(), chain.head.map(|(number, _)| number)),
            (5, None, Some(5))
        );
    });
}

#[test]
fn what_was_changed_or_cut_off_is_found() {
    crate::tidings::stage::run(async {
        let store = MemoryStore::default();
        let act = |act: &str| AuditAct {
            time: tidings_protocol::Timestamp::from_millis(1),
            actor: "a".into(),
            act: act.into(),
            subject: "s".into(),
            detail: Json::null(),
        };
        let mut chain = Chain::BEGINNING;
        for name in ["one", "two", "three"] {
            chain.add(&store.audit(act(name)).await.unwrap());
        }
        assert_eq!(chain.broken, None);
        let mut records = store.audit_log(0, 10).await.unwrap();
        records[1].act.act = "nothing".into();
        let mut chain = Chain::BEGINNING;
        records.iter().for_each(|record| chain.add(record));
        assert_eq!(chain.broken_at(), Some(2));
        let expected = AuditRecord::chain(2, &records[0].hash, records[1].act.clone()).hash;
        let mismatch = chain.broken.map(|broken| broken.mismatch);
        assert_eq!(mismatch, Some(Mismatch::Hash { expected, found: records[1].hash }));
        let mut chain = Chain::BEGINNING;
        records[1..].iter().for_each(|record| chain.add(record));
        let mismatch = chain.broken.map(|broken| broken.mismatch);
        assert_eq!(mismatch, Some(Mismatch::Missing { expected: 1 }), "the oldest was taken out");

        let tidings = tidings_on(Box::new(store), &[], &Arc::new(Still::default()));
        let head = tidings.check_audit(None).await.unwrap().head;
        assert_eq!(tidings.check_audit(head).await.unwrap().broken_at(), None);
        let beyond = Some((7, [1; 32]));
        assert_eq!(tidings.check_audit(beyond).await.unwrap().broken_at(), Some(7), "the end was cut off");
        assert_eq!(
            tidings.check_audit(Some((2, [1; 32]))).await.unwrap().broken_at(),
            Some(2),
            "written anew"
        );
    });
}
