//! TLS, as `sslmode` asks for it.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    process::{Command, Stdio},
    time::Duration,
};

use tidings_core::Store;
use tidings_postgres::{PostgresOptions, PostgresStore};
use tidings_testkit::{
    PostgresServer,
    contract::{run, samples::room},
};

use crate::server::{append, open};

/// Lets the server speak TLS with a certificate for `localhost` that nobody but itself has signed.
fn encrypt(server: &PostgresServer) {
    let (key, certificate) = (server.data().join("server.key"), server.data().join("server.crt"));
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]);
    openssl.args([
        "-addext",
        "subjectAltName=DNS:localhost",
        "-addext",
        "basicConstraints=critical,CA:FALSE",
    ]);
    openssl.arg("-keyout").arg(&key).arg("-out").arg(&certificate).stderr(Stdio::null());
    assert!(openssl.status().unwrap().success());
    let owner = fs::metadata(server.data()).unwrap();
    for file in [&key, &certificate] {
        fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
        chown(file, Some(owner.uid()), Some(owner.gid())).unwrap();
    }
    server.sql("postgres", "ALTER SYSTEM SET ssl = on").unwrap();
    server.sql("postgres", "SELECT pg_reload_conf()").unwrap();
}

#[test]
fn require_encrypts_and_verify_full_checks_whose_certificate_it_is() {
    run(async {
        let server = PostgresServer::start().unwrap();
        let plain = server.database().unwrap();
        let with = |options: &str| plain.replace("sslmode=disable", options);
        let error =
            PostgresStore::connect(&with("sslmode=require"), PostgresOptions::default()).await.map(drop);
        assert!(error.is_ok(), "it waits: somebody may let the server speak TLS");
        encrypt(&server);

        let database = plain.rsplit('/').next().unwrap().split('?').next().unwrap();
        let store = open(&with("sslmode=require")).await;
        while append(&*store, &room("a"), 1).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let encrypted = "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
                         WHERE application_name = 'tidings'";
        assert_eq!(server.sql(database, encrypted).unwrap(), "t");

        let certificate =
            format!("sslmode=verify-full&sslrootcert={}", server.data().join("server.crt").display());
        let by_name = with(&certificate).replace("127.0.0.1", "localhost");
        open(&by_name).await.health().await.unwrap();
        // The certificate is not for this name.
        assert!(open(&with(&certificate)).await.health().await.is_err());
    });
}
