use super::*;
use crate::{
    Identity, MemoryStore, Publication, Target,
    store::MemberRole,
    tidings::stage::{Still, run, tidings_on},
};
use tidings_protocol::{Json, Timestamp};

fn publication(from: Option<&str>) -> Publication {
    let from = from.map(|user| user.parse().unwrap());
    Publication { r#type: "x".parse().unwrap(), data: Json::of(&"secret").unwrap(), from, except: None }
}

fn token_of(user: &str, issued_at: Timestamp) -> Identity {
    Identity {
        user: user.parse().unwrap(),
        roles: Vec::new(),
        grants: Vec::new(),
        anonymous: false,
        issued_at: Some(issued_at),
        expires_at: None,
    }
}

async fn furnished(clock: &Arc<Still>) -> Tidings {
    let tidings = tidings_on(Box::new(MemoryStore::default()), &[], clock);
    let room = Target::Room("orders".parse().unwrap());
    for from in [Some("ada"), Some("bob"), None] {
        tidings.publish(room.clone(), publication(from)).await.unwrap();
    }
    tidings.publish(Target::User("ada".parse().unwrap()), publication(None)).await.unwrap();
    let (order, ada) = ("order_1".parse().unwrap(), "ada".parse().unwrap());
    tidings.put_member(order, ada, MemberRole::default()).await.unwrap();
    tidings
}

#[test]
fn h4_what_is_erased_is_gone_and_its_tokens_with_it() {
    run(async {
        let clock = Arc::new(Still::default());
        let tidings = furnished(&clock).await;
        let (ada, bob): (UserId, UserId) = ("ada".parse().unwrap(), "bob".parse().unwrap());
        tidings.revoke(&ada).await.unwrap();
        assert_eq!(tidings.entries_of(&ada, None, 10).await.unwrap().len(), 2);
        let (before, issued_at) = (clock.as_ref(), crate::Clock::now(clock.as_ref()));

        tidings.end_for_good(&ada).await.unwrap();
        let erased = tidings.erase(&ada).await.unwrap();
        assert_eq!(
            erased,
            Erased { personal_entries: 1, blanked_entries: 1, memberships: 1, ..Erased::default() }
        );
        assert!(tidings.entries_of(&ada, None, 10).await.unwrap().is_empty());
        assert!(tidings.rooms_of(&ada, None, 10).await.unwrap().is_empty());
        assert_eq!(tidings.entries_of(&bob, None, 10).await.unwrap().len(), 1, "others stay");

        let fault = tidings.admit_token(&token_of("ada", issued_at)).unwrap_err();
        assert_eq!(fault.message, "the token was revoked");
        tidings.admit_token(&token_of("bob", issued_at)).unwrap();
        before.pass(1_000);
        tidings.admit_token(&token_of("ada", crate::Clock::now(before))).unwrap();
        for revocation in tidings.store.revocations(Timestamp::from_millis(0)).await.unwrap() {
            assert_ne!(revocation.user, ada, "who was erased is not remembered by name");
        }
    });
}

#[test]
fn erasures_can_be_done_again_after_a_backup_was_restored() {
    run(async {
        let tidings = furnished(&Arc::new(Still::default())).await;
        let wanted = |users: &[&str]| users.iter().map(|user| pseudonym(&user.parse().unwrap())).collect();
        assert_eq!(tidings.users_behind(&wanted(&["eve"])).await.unwrap(), []);
        let mut found = tidings.users_behind(&wanted(&["bob", "ada", "eve"])).await.unwrap();
        found.sort();
        assert_eq!(found, ["ada".parse().unwrap(), "bob".parse().unwrap()]);
    });
}
