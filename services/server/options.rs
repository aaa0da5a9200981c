//! The server's configuration in two steps: as typed, then validated, with every fault told at once and before a port opens.

use super::audit::AuditOptions;
use super::identity::{Identity, IdentityOptions};
use clap::Parser;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Where the server listens unless told otherwise.
pub const LISTEN: &str = "127.0.0.1:50440";

/// 武江区.
const DISTRICT: &str = "440203";

/// The registry of a district's incubators: keeps the log and serves it over gRPC.
///
/// Exit status: 0 drained, 1 trouble, 64 wrong options, 65 the log is damaged.
#[derive(Clone, Debug, Parser)]
#[command(name = "incubatord", version)]
pub struct Options {
    /// Serve a sample district: its ledgers are loaded, and what to try next is printed. Without --data into a folder of its
    /// own that goes with the server.
    #[arg(long)]
    pub demo: bool,
    /// Folder of the logs, one folder a district in it; made if missing. Required without --demo.
    #[arg(long, value_name = "DIR", env = "INCUBATORD_DATA")]
    pub data: Option<PathBuf>,
    /// Address to listen on. On loopback without credentials, whoever reaches it is trusted; beyond, TLS, a way to tell who
    /// calls and --principals must be there.
    #[arg(long, value_name = "ADDR", default_value = LISTEN, env = "INCUBATORD_LISTEN")]
    pub listen: String,
    /// GB/T 2260 code of a district to serve; repeatable [default: 440203]
    #[arg(long, value_name = "CODE")]
    pub district: Vec<String>,
    /// File of the limits that a new log begins with [default: those of deploy/demo/limits.toml]
    #[arg(long, value_name = "FILE", env = "INCUBATORD_LIMITS")]
    pub limits: Option<PathBuf>,
    /// What is signed, by what, and where it is kept.
    #[command(flatten)]
    pub audit: AuditOptions,
    /// File of the master key, under which the keys of personal data are kept in DIR/keys: 32 bytes in hex or base64, readable
    /// by its owner alone (`incubatorctl keys new` makes one). Without it no personal data is recorded or read.
    #[arg(long, value_name = "FILE", env = "INCUBATORD_MASTER_KEY")]
    pub master_key: Option<PathBuf>,
    /// Who calls, and how much.
    #[command(flatten)]
    pub identity: IdentityOptions,
}

/// Options that hold.
#[derive(Clone, Debug)]
pub struct Config {
    /// Load the sample district.
    pub demo: bool,
    /// Folder of the logs; none: a folder that goes with the server.
    pub data: Option<PathBuf>,
    /// Where to listen.
    pub listen: SocketAddr,
    /// Codes of the districts, without repetition.
    pub districts: Vec<String>,
    /// File of the limits; none: those built in.
    pub limits: Option<PathBuf>,
    /// What is signed, by what, and where it is kept.
    pub audit: AuditOptions,
    /// File of the master key; none: no personal data is recorded or read.
    pub master_key: Option<PathBuf>,
    /// Who calls, and how much.
    pub identity: Identity,
}

impl Options {
    /// The configuration, or everything that is wrong, a sentence each.
    pub fn validate(self) -> Result<Config, Vec<String>> {
        let mut faults = Vec::new();
        if self.data.is_none() && !self.demo {
            faults.push("--data DIR is required (or --demo for a sample district)".to_owned());
        }
        let listen = match self.listen.parse::<SocketAddr>() {
            Ok(address) => Some(address),
            Err(_) => {
                faults.push(format!("--listen {}: not an address and port, such as {LISTEN}", self.listen));
                None
            }
        };
        let mut districts = self.district;
        if districts.is_empty() {
            districts.push(DISTRICT.to_owned());
        }
        districts.sort();
        districts.dedup();
        for code in &districts {
            if code.len() != 6 || !code.bytes().all(|b| b.is_ascii_digit()) {
                faults.push(format!("--district {code}: a GB/T 2260 code has 6 digits"));
            }
        }
        if let Some(path) = self.limits.as_deref().filter(|path| !path.is_file()) {
            faults.push(format!("--limits {}: no such file", path.display()));
        }
        self.audit.check(&mut faults);
        let identity = self.identity.validate(listen).map_err(|found| faults.extend(found)).ok();
        match (listen, identity) {
            (Some(listen), Some(identity)) if faults.is_empty() => {
                let (limits, master_key, audit) = (self.limits, self.master_key, self.audit);
                Ok(Config { demo: self.demo, data: self.data, listen, districts, limits, identity, master_key, audit })
            }
            _ => Err(faults),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn validate(args: &[&str]) -> Result<Config, Vec<String>> {
        Options::try_parse_from([&["incubatord"], args].concat()).unwrap().validate()
    }

    #[test]
    fn all_faults_are_told_at_once() {
        let faults = validate(&["--listen", "0.0.0.0:1", "--district", "44", "--limits", "/nowhere"]).unwrap_err();
        assert_eq!(faults.len(), 6, "{faults:?}");
        assert!(faults[5].contains("loopback"));
    }

    #[test]
    fn only_loopback_is_trusted() {
        assert_eq!(validate(&["--demo"]).unwrap().listen, LISTEN.parse().unwrap());
        for good in ["127.0.0.9:0", "[::1]:50440"] {
            assert!(validate(&["--demo", "--listen", good]).is_ok(), "{good}");
        }
        for bad in ["192.168.1.2:50440", "[::]:50440", "localhost", "localhost:50440", "127.0.0.1"] {
            assert!(validate(&["--demo", "--listen", bad]).is_err(), "{bad}");
        }
    }

    #[test]
    fn districts_are_kept_once() {
        let config = validate(&["--demo", "--district", "440204", "--district", "440203", "--district", "440204"]);
        assert_eq!(config.unwrap().districts, ["440203", "440204"]);
        assert_eq!(validate(&["--demo"]).unwrap().districts, ["440203"]);
    }
}
