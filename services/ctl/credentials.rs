//! What proves who acts: tokens and keys, read from files or the environment, never from the command line, and never shown.

use super::args::Global;
use super::lang::Say;
use super::trouble::Trouble;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Certificate, ClientTlsConfig, Identity};

/// Variable that holds a token.
const TOKEN_VARIABLE: &str = "INCUBATORCTL_TOKEN";

/// Bytes of a file that is read here.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// TLS to the server: by which authorities it is believed, and the certificate shown to it.
pub fn tls(global: &Global) -> Result<ClientTlsConfig, Trouble> {
    let tls = ClientTlsConfig::new();
    let tls = match &global.ca {
        Some(path) => tls.ca_certificate(Certificate::from_pem(read(path, false)?)),
        None => tls.with_native_roots(),
    };
    Ok(match (&global.tls_cert, &global.tls_key) {
        (Some(cert), Some(key)) => tls.identity(Identity::from_pem(read(cert, false)?, read(key, true)?)),
        _ => tls,
    })
}

/// The header of the token, where there is one.
pub fn token(global: &Global, secure: bool) -> Result<Option<MetadataValue<Ascii>>, Trouble> {
    let token = match &global.token_file {
        Some(path) => String::from_utf8_lossy(&read(path, true)?).into_owned(),
        None => match std::env::var(TOKEN_VARIABLE) {
            Ok(token) if !token.trim().is_empty() => token,
            _ => return Ok(None),
        },
    };
    if !secure && !local(&global.server) {
        return Err(Trouble::Usage(Say::new(
            format!("令牌不以明文发送：--server {} 不是 https:// 地址", global.server),
            format!("a token is not sent in clear: --server {} is no https:// address", global.server),
        )));
    }
    let header = format!("Bearer {}", token.trim());
    let value = MetadataValue::try_from(header).ok().filter(|_| !token.trim().is_empty());
    let mut value = value.ok_or_else(|| Trouble::Usage(Say::new("令牌格式有误", "what is there is no token")))?;
    value.set_sensitive(true);
    Ok(Some(value))
}

/// Whether the address is this machine's own.
fn local(server: &str) -> bool {
    let host = server.parse::<http::Uri>().ok().and_then(|uri| uri.host().map(str::to_owned)).unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

fn read(path: &Path, secret: bool) -> Result<Vec<u8>, Trouble> {
    let shown = path.display();
    let unreadable = |error: std::io::Error| {
        Trouble::Usage(Say::new(format!("无法读取 {shown}：{error}"), format!("can't read {shown}: {error}")))
    };
    let meta = std::fs::metadata(path).map_err(unreadable)?;
    if secret && meta.is_file() && meta.mode() & 0o077 != 0 {
        return Err(Trouble::Usage(Say::new(
            format!("他人可读取机密文件 {shown}；请执行 chmod 600"),
            format!("others may read the secret {shown}; chmod 600 it"),
        )));
    }
    if meta.len() > FILE_BYTES_MAX {
        return Err(Trouble::Usage(Say::new(format!("{shown} 过大"), format!("{shown} is too large"))));
    }
    std::fs::read(path).map_err(unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_this_machine() {
        for yes in ["http://127.0.0.1:50440", "http://localhost:1", "http://[::1]:1"] {
            assert!(local(yes), "{yes}");
        }
        for no in ["http://192.0.2.1:1", "http://localhost.example:1", "http://127.0.0.1.example", "x"] {
            assert!(!local(no), "{no}");
        }
    }
}
