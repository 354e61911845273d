//! The audit log: one chain, in order, for good.

use tidings_core::store::{AuditAct, AuditRecord};

use super::Fresh;
use crate::contract::samples::{at, json, together};

fn act(number: u64) -> AuditAct {
    let odd = [r#"a"d'a\"#, "🦀 é\u{2028}", "", "job:retention"];
    AuditAct {
        time: at(1_000 - number),
        actor: odd[number as usize % odd.len()].into(),
        act: "member.put".into(),
        subject: odd[(number as usize + 1) % odd.len()].into(),
        detail: json(&format!(r#"{{"n": 1.0, "n": 2e2, "t": "\u0000", "number": {number} }}"#)),
    }
}

#[track_caller]
fn check_chain(records: &[AuditRecord]) {
    let mut previous = [0; 32];
    for (index, record) in records.iter().enumerate() {
        assert_eq!(record.number, index as u64 + 1);
        assert!(record.follows(&previous), "{record:?}");
        previous = record.hash;
    }
}

/// 1, 2, 3, …; each record follows the one before, the first 32 zero bytes. What was written down is read byte for byte.
pub async fn audit_records_are_numbered_and_chained(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    assert_eq!(store.audit_log(0, 10).await.unwrap(), []);
    let mut written = Vec::new();
    for number in 1..=9 {
        let record = store.audit(act(number)).await.unwrap();
        assert_eq!((record.number, &record.act), (number, &act(number)));
        written.push(record);
    }
    check_chain(&written);
    assert_eq!(store.audit_log(0, 100).await.unwrap(), written);
}

/// Oldest first, behind a number, wherever that is.
pub async fn audit_pages_begin_behind_a_number(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    for number in 1..=9 {
        store.audit(act(number)).await.unwrap();
    }
    for after in (0..12).chain([i64::MAX as u64, u64::MAX]) {
        for limit in [0, 1, 4, 100, usize::MAX] {
            let page = store.audit_log(after, limit).await.unwrap();
            let numbers: Vec<u64> = page.iter().map(|record| record.number).collect();
            let expected: Vec<u64> = (1..=9).filter(|number| *number > after).take(limit).collect();
            assert_eq!(numbers, expected, "{limit} behind {after}");
        }
    }
}

/// However many write at once, nobody's record is lost and no two follow the same one.
pub async fn audit_of_many_at_once_is_one_chain(fresh: &mut impl Fresh) {
    const EACH: u64 = 15;
    let store = fresh.store().await;
    let callers = together(8, |caller| {
        let store = store.clone();
        async move {
            let mut written = Vec::new();
            for round in 0..EACH {
                written.push(store.audit(act(caller as u64 * EACH + round)).await.unwrap());
                tokio::task::yield_now().await;
            }
            written
        }
    });
    let mut written = Vec::new();
    for mine in callers.await {
        assert!(mine.windows(2).all(|pair| pair[0].number < pair[1].number), "a caller's order is kept");
        written.extend(mine);
    }
    written.sort_unstable_by_key(|record| record.number);
    check_chain(&written);
    assert_eq!(store.audit_log(0, 1_000).await.unwrap(), written);
}
