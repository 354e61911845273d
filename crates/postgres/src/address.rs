//! Where PostgreSQL is: `postgres://user:password@host:5432/database?sslmode=verify-full`.

use std::{path::PathBuf, time::Duration};

use tokio_postgres::{Config, config::SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{OpenError, tls};

/// Longest wait for the TCP connection to one address.
pub(crate) const CONNECT_MAX: Duration = Duration::from_millis(1_000);
const EXPECTED: &str = "expected store.url as postgres://user:password@host:5432/database?sslmode=verify-full; special characters \
                        in it are written as %40 and the like";

/// A checked address with what is needed to connect.
pub(crate) struct Address {
    pub(crate) config: Config,
    pub(crate) tls: MakeRustlsConnect,
    /// As the address says it: `pg_dump` wants to know too.
    pub(crate) ssl_mode: String,
    pub(crate) root_certificate: Option<PathBuf>,
}

impl Address {
    /// Reads a URL. `sslmode` means what it means for `psql`: `disable`, `prefer` (the default) and `require` do not check the
    /// certificate unless `sslrootcert` names who may have signed it; `verify-ca` and `verify-full` check it and the name in it,
    /// against `sslrootcert` or the system's certificates.
    pub(crate) fn parse(url: &str) -> Result<Self, OpenError> {
        let wrong = |why: &str| OpenError::Address(format!("{why}; {EXPECTED}"));
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(wrong("this is not the address of a PostgreSQL database"));
        }
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        let (mut ssl_mode, mut root_certificate, mut rest) = ("prefer".to_owned(), None, Vec::new());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("sslmode", mode)) => mode.clone_into(&mut ssl_mode),
                Some(("sslrootcert", path)) if path != "system" => {
                    root_certificate = Some(PathBuf::from(path.replace("%2F", "/").replace("%20", " ")));
                }
                Some(("sslrootcert", _)) => {}
                _ => rest.push(pair),
            }
        }
        let is_verified = match &*ssl_mode {
            "disable" | "prefer" | "require" => root_certificate.is_some(),
            "verify-ca" | "verify-full" => true,
            _ => return Err(wrong("sslmode is not one of disable, prefer, require, verify-ca, verify-full")),
        };
        let base = if rest.is_empty() { base.to_owned() } else { format!("{base}?{}", rest.join("&")) };
        let mut config: Config = base.parse().map_err(|_| wrong("the address cannot be read"))?;
        config.ssl_mode(match &*ssl_mode {
            "disable" => SslMode::Disable,
            "prefer" => SslMode::Prefer,
            _ => SslMode::Require,
        });
        config.connect_timeout(CONNECT_MAX).keepalives_idle(Duration::from_secs(20));
        if config.get_application_name().is_none() {
            config.application_name("tidings");
        }
        let tls = tls::connector(is_verified, root_certificate.as_deref())?;
        Ok(Self { config, tls, ssl_mode, root_certificate })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sslmode_is_read_and_the_address_is_never_repeated() {
        let address =
            Address::parse("postgres://ada:s3cret@db.example/tidings?sslmode=require&application_name=x")
                .unwrap();
        assert_eq!(address.config.get_ssl_mode(), SslMode::Require);
        assert_eq!(address.config.get_application_name(), Some("x"));
        for bad in [
            "mysql://ada:s3cret@host/x",
            "postgres://ada:s3cret@host/x?sslmode=maybe",
            "postgres://ada:s3cret@host/x?s3cret=1",
            "postgres://ada:s3cret@host:port/x",
        ] {
            let error = Address::parse(bad).err().unwrap().to_string();
            assert!(!error.contains("s3cret") && error.contains("expected store.url"), "{error}");
        }
    }

    #[test]
    fn certificates_that_are_not_there_are_said_at_once() {
        let error =
            Address::parse("postgres://a@b/c?sslmode=verify-full&sslrootcert=/no/such.pem").err().unwrap();
        assert!(error.to_string().contains("sslrootcert"), "{error}");
    }
}
